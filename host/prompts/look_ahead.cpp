#include "prompts/look_ahead.h"

#include <algorithm>
#include <cmath>

#include "prompts/evaluate.h"
#include "reverie/error.h"

namespace reverie {
namespace {

/// Of one expression. What fails does so over a range: it is not missed between two of so many.
constexpr std::int64_t kMostPoints = 500;
constexpr std::int64_t kMostOfAll = 50'000;  // so that no settings take seconds

/// Steps of a run, without the last.
struct Steps {
  std::int64_t begin, end;
};

class LookAhead {
 public:
  LookAhead(const Script& script, const Settings& settings, std::vector<Problem>& problems,
            std::vector<std::string>& notices)
      : script_(script),
        settings_(settings),
        timeline_(settings),
        scene_(settings.get<std::int64_t>("steps_per_scene")),
        all_(scene_ * static_cast<std::int64_t>(script.scenes.size())),
        // The video may end first.
        sure_until_(settings.get<std::string>("video_path").empty() ? all_ : 1),
        problems_(problems),
        notices_(notices) {}

  void look() {
    const std::int64_t fading =
        std::min(settings_.get<std::int64_t>("interpolation_steps"), scene_);  // into the next scene
    for (std::size_t i = 0; i < script_.scenes.size(); ++i) {
      const std::int64_t begin = static_cast<std::int64_t>(i) * scene_;
      const Scene& scene = script_.scenes[i];
      for (const Prompt& prompt : scene.prompts)
        look_at(prompt, prompt.mask.cutoff ? &*prompt.mask.cutoff : nullptr,
                {begin, std::min(all_, begin + scene_ + fading)}, "prompt '" + prompt.written + "'");
      if (std::none_of(scene.prompts.begin(), scene.prompts.end(), never_held))
        sure_until_ = std::min(sure_until_, begin + 1);
    }
    for (const DirectPrompt& prompt : script_.direct)
      look_at(prompt, nullptr, {0, all_}, "'" + prompt.setting + "', '" + prompt.written + "'");
    for (const MotionSetting& motion : script_.motion) look_at(motion);
  }

 private:
  /// While it counts, its scene goes on.
  static bool never_held(const Prompt& prompt) {
    return prompt.when == When::always && prompt.mask.kind == PromptMask::Kind::letter &&
           prompt.mask.letter == 'a' && prompt.stop.text() == "-inf" && prompt.weight.is_constant() &&
           prompt.weight.number({}) != 0;
  }

  static bool known(const Expression& expression) {
    const auto& names = expression.variables();
    return std::all_of(names.begin(), names.end(), [](const std::string& name) { return name == "t"; });
  }

  double seconds(std::int64_t step) const {
    return static_cast<double>(step - timeline_.before) /
           (static_cast<double>(timeline_.steps_per_frame) * timeline_.frames_per_second);
  }

  template <typename AnyPrompt>
  void look_at(const AnyPrompt& prompt, const Expression* cutoff, Steps steps, const std::string& whose) {
    if (prompt.when == When::before_moves && !script_.motion.empty())
      steps.end = std::min(steps.end, timeline_.before);
    if (prompt.when == When::after_moves) steps.begin = std::max(steps.begin, timeline_.before);
    if (!known(prompt.weight)) return;
    const auto all_constant = [&] {
      return prompt.weight.is_constant() && prompt.stop.is_constant() && (!cutoff || cutoff->is_constant());
    };
    if (all_constant()) return;
    each(steps, prompt.setting, [&](std::int64_t step) {
      const std::map<std::string, double> values = {{"t", seconds(step)}};
      // One that counts for nothing is not looked at further.
      if (evaluate(prompt.weight, values, whose, "weight") == 0) return;
      if (known(prompt.stop)) evaluate(prompt.stop, values, whose, "stop");
      if (cutoff && known(*cutoff)) evaluate(*cutoff, values, whose, "mask's cutoff");
    });
  }

  void look_at(const MotionSetting& motion) {
    if (!known(motion.expression) || motion.expression.is_constant() || all_ == 0) return;
    const std::int64_t frames = timeline_.frame_of(all_ - 1);
    each(
        {1, frames + 1}, motion.name,
        [&](std::int64_t frame) {
          numbers_of(motion, {{"t", timeline_.seconds(frame)}});
        },
        /*frames=*/true);
  }

  /// The first of the moments at which `evaluated` throws is reported.
  template <typename Evaluate>
  void each(Steps moments, const std::string& setting, const Evaluate& evaluated, bool frames = false) {
    const std::int64_t count = moments.end - moments.begin;
    const std::int64_t points = std::min({count, kMostPoints, left_});
    if (count <= 0 || points < 1) return;
    left_ -= points;
    for (std::int64_t i = 0; i < points; ++i) {
      const std::int64_t moment =
          moments.begin + (points == 1 ? 0
                                       : static_cast<std::int64_t>(std::llround(
                                             static_cast<double>(i) * static_cast<double>(count - 1) /
                                             static_cast<double>(points - 1))));
      try {
        evaluated(moment);
      } catch (const Error& error) {
        const std::int64_t step = frames ? timeline_.first_step(moment) : moment;
        const SettingValue* value = settings_.find(setting);
        if (step < sure_until_)
          problems_.push_back(
              {value ? value->location : Location{},
               std::string(error.what()) + "\nthe run would end there, in step " + std::to_string(step + 1)});
        else
          notices_.push_back(std::string(error.what()) + "\nshould the run get as far as step " +
                             std::to_string(step + 1) + ", it ends there");
        return;
      }
    }
  }

  const Script& script_;
  const Settings& settings_;
  const Timeline timeline_;
  std::int64_t scene_, all_;
  std::int64_t sure_until_;  // the run is sure to do the steps before
  std::int64_t left_ = kMostOfAll;
  std::vector<Problem>& problems_;
  std::vector<std::string>& notices_;
};

}  // namespace

void look_ahead(const Script& script, const Settings& settings, std::vector<Problem>& problems,
                std::vector<std::string>& notices) {
  LookAhead(script, settings, problems, notices).look();
}

}  // namespace reverie
