#include "engine/first_moments.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>

#include "engine/timeline.h"
#include "prompts/evaluate.h"
#include "reverie/error.h"

namespace reverie {
namespace {

/// Whether the scene may end before its last step: every prompt has a stop.
bool may_end_early(const Scene& scene) {
  return std::all_of(scene.prompts.begin(), scene.prompts.end(), [](const Prompt& prompt) {
    return !prompt.stop.is_constant() || prompt.stop.number({}) > -std::numeric_limits<double>::infinity();
  });
}

class FirstMoments {
 public:
  FirstMoments(const Settings& settings, bool moving, std::vector<Problem>& problems)
      : settings_(settings),
        timeline_(settings),
        moving_(moving),
        steps_per_scene_(settings.get<std::int64_t>("steps_per_scene")),
        interpolation_steps_(settings.get<std::int64_t>("interpolation_steps")),
        has_video_(moving && !settings.get<std::string>("video_path").empty()),
        problems_(problems) {}

  /// In their order, until one may end early: then nobody knows when the next begins.
  void scenes(const std::vector<Scene>& scenes) {
    std::int64_t end = 0;
    for (const Scene& scene : scenes) {
      const std::int64_t begin = end + (end > 0 && interpolation_steps_ > 0 ? 1 : 0);  // faded out as yet
      end += steps_per_scene_;
      for (const Prompt& prompt : scene.prompts) this->prompt(prompt, begin, seen(end));
      if (may_end_early(scene)) {
        sure_ = begin + 1;
        return;
      }
      sure_ = end;
    }
  }

  void direct(const DirectPrompt& prompt) {
    const std::optional<std::int64_t> step = first_step(prompt.when, 0, seen(sure_));
    if (!step) return;
    tried(prompt.setting, [&] {
      const std::string whose = "'" + prompt.setting + "', '" + prompt.written + "'";
      if (value(prompt.weight, *step, {whose, "weight", "0", true}) != 0)
        value(prompt.stop, *step, {whose, "stop", "none"});
    });
  }

  void motion(const MotionSetting& setting) {
    if (timeline_.before >= sure_ || setting.expression.is_measured()) return;
    tried(setting.name, [&] { numbers_of(setting, at(timeline_.before), warnings_); });
  }

 private:
  void prompt(const Prompt& prompt, std::int64_t begin, std::int64_t end) {
    const std::optional<std::int64_t> step = first_step(prompt.when, begin, end);
    if (!step) return;
    tried(prompt.setting, [&] {
      const std::string whose = "prompt '" + prompt.written + "'";
      if (value(prompt.weight, *step, {whose, "weight", "0", true}) == 0) return;
      value(prompt.stop, *step, {whose, "stop", "none"});
      if (prompt.mask.cutoff) value(*prompt.mask.cutoff, *step, {whose, "mask's cutoff", "none"});
    });
  }

  /// A video may end the run at any move.
  std::int64_t seen(std::int64_t end) const { return has_video_ ? std::min(end, timeline_.before) : end; }

  std::map<std::string, double> at(std::int64_t step) const { return {{"t", timeline_.seconds_at(step)}}; }

  /// The first step from `begin` on, before `end`, at which it counts for sure.
  std::optional<std::int64_t> first_step(When when, std::int64_t begin, std::int64_t end) const {
    std::int64_t step = begin;
    if (moving_ && when == When::after_moves) step = std::max(begin, timeline_.before);
    if (moving_ && when == When::before_moves && begin >= timeline_.before) return std::nullopt;
    return step < end ? std::optional(step) : std::nullopt;
  }

  /// 1 for what cannot be known yet.
  double value(const Expression& expression, std::int64_t step, const Purpose& purpose) {
    return expression.is_measured() ? 1 : evaluate(expression, at(step), purpose, warnings_).value_or(1);
  }

  template <typename Work>
  void tried(const std::string& setting, Work&& work) {
    try {
      work();
    } catch (const Error& error) {
      const SettingValue* value = settings_.find(setting);
      problems_.push_back({value ? value->location : Location{}, error.what()});
    }
  }

  const Settings& settings_;
  Timeline timeline_;
  bool moving_;
  std::int64_t steps_per_scene_, interpolation_steps_;
  std::int64_t sure_ = 0;  // so many steps will be done
  bool has_video_;
  std::vector<Problem>& problems_;
  Warnings warnings_;
};

}  // namespace

void try_first_moments(const Script& script, const Settings& settings, bool moving,
                       std::vector<Problem>& problems) {
  FirstMoments moments(settings, moving, problems);
  moments.scenes(script.scenes);
  for (const DirectPrompt& prompt : script.direct) moments.direct(prompt);
  for (const MotionSetting& setting : script.motion) moments.motion(setting);
}

}  // namespace reverie
