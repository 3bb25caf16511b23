#include "engine/moments.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "engine/motion.h"
#include "engine/timeline.h"
#include "prompts/evaluate.h"
#include "prompts/time_variables.h"
#include "reverie/error.h"

namespace reverie::engine {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::int64_t kMostEvaluations = 100'000;
constexpr std::int64_t kMostHeard = 1'000;  // moments of sound: a filter may take a tenth of a millisecond
constexpr std::chrono::seconds kLongest{2};

/// What is evaluated at every step, besides prompts and losses.
std::vector<const MotionSetting*> of_steps(const Script& script) {
  std::vector<const MotionSetting*> result;
  if (script.learning_rate) result.push_back(&*script.learning_rate);
  if (script.cutouts) result.push_back(&*script.cutouts);
  for (const MotionSetting& setting : script.cutting) result.push_back(&setting);
  for (const MotionSetting& setting : script.model) result.push_back(&setting);
  for (const MotionSetting& setting : script.perceptor_weights) result.push_back(&setting);
  return result;
}

/// All expressions of a script.
template <typename Take>
void each_expression(const Script& script, const Take& take) {
  for (const Scene& scene : script.scenes)
    for (const Prompt& prompt : scene.prompts) {
      take(prompt.weight);
      take(prompt.stop);
      if (prompt.mask.cutoff) take(*prompt.mask.cutoff);
    }
  for (const LossTerm& term : script.losses) {
    take(term.weight);
    take(term.stop);
    for (const MotionSetting& setting : term.varying) take(setting.expression);
  }
  for (const auto* settings : {&script.motion, &script.retouching})
    for (const MotionSetting& setting : *settings) take(setting.expression);
  for (const MotionSetting* setting : of_steps(script)) take(setting->expression);
}

class Moments {
 public:
  Moments(const Script& script, const Settings& settings, bool moving, const Foreknowledge& known, bool warn,
          std::vector<Problem>& problems)
      : script_(script),
        settings_(settings),
        timeline_(settings, std::ssize(script.scenes)),
        known_(known),
        moving_(moving),
        started_(!settings.get<std::string>("init_image").empty()),
        steps_per_scene_(settings.get<std::int64_t>("steps_per_scene")),
        interpolation_steps_(settings.get<std::int64_t>("interpolation_steps")),
        save_every_(std::max<std::int64_t>(settings.get<std::int64_t>("save_every"), 1)),
        problems_(problems),
        warnings_(warn) {
    if (known_.sound)
      for (const auto& [name, value] : known_.sound->values(timeline_.seconds(0), std::nullopt))
        heard_.insert(name);
    std::int64_t varying = 0;
    each_expression(script_, [&](const Expression& expression) { varying += varies(expression); });
    most_ = std::max<std::int64_t>(2, kMostEvaluations / std::max<std::int64_t>(varying, 1));
    if (known_.sound) most_ = std::min(most_, kMostHeard);
    // Any move may be a video's last.
    if (moving_ && !settings.get<std::string>("video_path").empty())
      video_end_ = timeline_.first_step(known_.moves.value_or(0) + 1);
  }

  void try_all() {
    try_scenes();
    try_losses();
    try_settings();
    try_motion();
  }

 private:
  using Values = std::map<std::string, double>;
  enum class Counts { perhaps, surely };
  /// What is known of a prompt at a step.
  struct State {
    bool may_count = false;
    bool surely_free = false;  // it counts, and no stop can hold it
  };

  bool is_known(const Expression& expression) const {
    const std::set<std::string>& names = expression.variables();
    return std::all_of(names.begin(), names.end(), [&](const std::string& name) {
      return heard_.count(name) > 0 || time_variables().count(name) > 0;
    });
  }
  bool varies(const Expression& expression) const {
    return !expression.is_constant() && is_known(expression);
  }
  bool varies(const Scene& scene) const {
    return std::any_of(scene.prompts.begin(), scene.prompts.end(), [&](const Prompt& prompt) {
      return varies(prompt.weight) || varies(prompt.stop) ||
             (prompt.mask.cutoff && varies(*prompt.mask.cutoff));
    });
  }

  /// 0 <= moment < count, ascending: the first, the last, `more`, and where anything varies those between.
  template <typename Work>
  void each_moment(std::int64_t count, bool varies, std::set<std::int64_t> more, const Work& work) {
    if (count <= 0) return;
    more.insert({0, count - 1});
    const std::int64_t parts = varies ? std::min(count, most_) : 1;
    for (std::int64_t i = 1; i + 1 < parts; ++i)
      more.insert(std::llround(static_cast<double>(i) * static_cast<double>(count - 1) /
                               static_cast<double>(parts - 1)));
    for (const std::int64_t moment : more) {
      if (moment < 0 || moment >= count) continue;
      if (moment != count - 1 && Clock::now() - begun_at_ > kLongest) continue;
      if (!work(moment)) return;
    }
  }

  /// In their order, until one may end early: then nobody knows when the next begins.
  void try_scenes() {
    for (std::size_t s = 0; s < script_.scenes.size(); ++s) {
      const std::int64_t begin = sure_, steps = std::min(steps_per_scene_, video_end_ - begin);
      const bool any_varies = varies(script_.scenes[s]) || (s > 0 && varies(script_.scenes[s - 1]));
      bool may_end = false;
      each_moment(steps, any_varies, {1, interpolation_steps_}, [&](std::int64_t step) {
        bool may_count = false, free = false;
        const Values values = at(begin + step);
        for (const SceneShare& part : scene_shares(s, step, interpolation_steps_)) {
          if (part.share <= 0) continue;
          for (const Prompt& prompt : script_.scenes[part.scene].prompts) {
            const State state = try_prompt(prompt, begin + step, values);
            may_count = may_count || state.may_count;
            free = free || state.surely_free;
          }
        }
        may_end = step >= interpolation_steps_ && may_count && !free;
        if (may_end) sure_ = begin + step + 1;
        return !may_end;
      });
      if (may_end) {
        begun_ = sure_;
        return;
      }
      sure_ = begin + std::max<std::int64_t>(steps, 0);
      begun_ = steps < steps_per_scene_ ? sure_ + 1 : sure_;  // the move that finds the video's end
      if (steps < steps_per_scene_) return;
    }
  }

  State try_prompt(const Prompt& prompt, std::int64_t step, const Values& values) {
    const Counts counts = this->counts(prompt.when, step, started_);
    if (failed_.count(&prompt)) return {true, true};  // as if it were mended and the scene went on
    if (counts != Counts::surely) return {true, false};
    State state{true, false};
    tried(prompt.setting, &prompt, [&] {
      const std::string whose = "prompt '" + prompt.written + "'", moment = moment_of(step);
      const auto weight = value(prompt.weight, values, {whose, "weight", "0", true, moment}, 0);
      if (!weight) return;  // it may be 0, and then nothing else is evaluated
      state.may_count = *weight != 0;
      if (*weight == 0) return;
      const auto stop = value(prompt.stop, values, {whose, "stop", "none", false, moment}, -kInfinity);
      if (stop && *stop == kInfinity) {
        state.may_count = false;
        return;
      }
      state.surely_free = stop && *stop == -kInfinity;
      if (stop && prompt.mask.cutoff)
        value(*prompt.mask.cutoff, values, {whose, "mask's cutoff", "none", false, moment}, 0);
    });
    return failed_.count(&prompt) ? State{true, true} : state;
  }

  void try_losses() {
    const auto term_varies = [&](const LossTerm& term) {
      return varies(term.weight) || varies(term.stop) ||
             std::any_of(term.varying.begin(), term.varying.end(),
                         [&](const MotionSetting& setting) { return varies(setting.expression); });
    };
    const bool any_varies = std::any_of(script_.losses.begin(), script_.losses.end(), term_varies);
    each_moment(sure_, any_varies, {timeline_.before}, [&](std::int64_t step) {
      const Values values = at(step);
      for (const LossTerm& term : script_.losses) {
        const bool started = started_ && term.target == LossTerm::Target::last_frame;
        if (counts(term.when, step, started) != Counts::surely || failed_.count(&term)) continue;
        tried(term.location, &term, [&] {
          const std::string moment = moment_of(step);
          if (value(term.weight, values, {term.whose(), "weight", "0", true, moment}, 0).value_or(0) == 0)
            return;
          value(term.stop, values, {term.whose(), "stop", "none", false, moment}, 0);
          for (const MotionSetting& setting : term.varying)
            if (is_known(setting.expression)) numbers_of(setting, values, warnings_, moment);
        });
      }
      return true;
    });
  }

  void try_settings() {
    const std::vector<const MotionSetting*> settings = of_steps(script_);
    const bool any_varies = std::any_of(settings.begin(), settings.end(), [&](const MotionSetting* setting) {
      return varies(setting->expression);
    });
    // A step that only finds the end of a video has begun, too.
    each_moment(begun_, any_varies, {}, [&](std::int64_t step) {
      const Values values = at(step);
      for (const MotionSetting* setting : settings)
        if (is_known(setting->expression) && !failed_.count(setting))
          tried(setting->location, setting,
                [&] { numbers_of(*setting, values, warnings_, moment_of(step)); });
      return true;
    });
  }

  void try_motion() {
    const std::int64_t frames = moving_ && begun_ > 0 ? timeline_.frame_of(begun_ - 1) : 0;
    const auto varying = {&script_.motion, &script_.retouching};
    const bool any_varies = std::any_of(varying.begin(), varying.end(), [&](const auto* settings) {
      return std::any_of(settings->begin(), settings->end(),
                         [&](const MotionSetting& setting) { return varies(setting.expression); });
    });
    each_moment(frames, any_varies, {}, [&](std::int64_t moment) {
      const std::int64_t step = timeline_.first_step(moment + 1);
      const Values values = at(step);
      for (const auto* settings : varying)
        for (const MotionSetting& setting : *settings)
          if (is_known(setting.expression) && !failed_.count(&setting))
            tried(setting.location, &setting,
                  [&] { numbers_of(setting, values, warnings_, moment_of(step)); });
      return true;
    });
  }

  /// Whether it counts at this step, as far as that depends on moves.
  Counts counts(When when, std::int64_t step, bool started) const {
    const bool moved = moving_ && step >= timeline_.before;
    if (when == When::before_moves) return moved ? Counts::perhaps : Counts::surely;
    if (when == When::after_moves && !moved && !started) return Counts::perhaps;
    return Counts::surely;
  }

  /// What expressions have at this step.
  Values at(std::int64_t step) const {
    return timeline_.values(step, sound_at(known_.sound, timeline_, timeline_.frame_of(step)));
  }

  /// As messages about plugins have it.
  std::string moment_of(std::int64_t step) const {
    return ", step " + std::to_string(step + 1) + " (frame " + std::to_string(step / save_every_ + 1) + ")";
  }

  /// Nothing where it is not known; `otherwise` where the run will warn of it.
  std::optional<double> value(const Expression& expression, const Values& values, const Purpose& purpose,
                              double otherwise) {
    if (!is_known(expression)) return std::nullopt;
    return evaluate(expression, values, purpose, warnings_).value_or(otherwise);
  }

  /// Each is reported once.
  template <typename Work>
  void tried(const std::string& setting, const void* which, const Work& work) {
    const SettingValue* value = settings_.find(setting);
    tried(value ? value->location : Location{}, which, work);
  }
  template <typename Work>
  void tried(const Location& location, const void* which, const Work& work) {
    try {
      work();
    } catch (const Error& error) {
      problems_.push_back({location, error.what()});
      failed_.insert(which);
    }
  }

  static constexpr double kInfinity = std::numeric_limits<double>::infinity();

  const Script& script_;
  const Settings& settings_;
  const Timeline timeline_;
  const Foreknowledge& known_;
  bool moving_, started_;
  std::int64_t steps_per_scene_, interpolation_steps_, save_every_;
  std::vector<Problem>& problems_;
  Warnings warnings_;
  std::set<std::string> heard_;  // variables of sound
  std::int64_t most_ = 0;
  std::int64_t video_end_ = std::numeric_limits<std::int64_t>::max();  // the first step that may not be done
  std::int64_t sure_ = 0, begun_ = 0;  // so many steps will be done, and begun
  std::set<const void*> failed_;
  const Clock::time_point begun_at_ = Clock::now();
};

}  // namespace

void try_moments(const Script& script, const Settings& settings, bool moving, const Foreknowledge& known,
                 bool warn, std::vector<Problem>& problems) {
  Moments(script, settings, moving, known, warn, problems).try_all();
}

bool follows_sound(const Script& script) {
  bool found = false;
  each_expression(script, [&](const Expression& expression) { found = found || expression.is_measured(); });
  return found;
}

}  // namespace reverie::engine
