#pragma once
// Which plugins, weights and pictures a run is made of.

#include "app/run_setup.h"

namespace reverie::app {

/// Weights that judge, and the setting that asks for them.
struct ChosenPerceptor {
  const PluginFile* plugin;
  Perceptor::Setup setup;
  std::string setting;
  std::optional<MotionSetting> weight;  ///< none: no perceptor of the run has one
};

/// The parts of a run: every plugin and weights file has been found, and nothing is created yet.
struct RunPlan : RunContext {  // its settings with perceptors and weights filled in, too
  std::unique_ptr<audio::Soundtrack> sound;
  std::vector<const PluginFile*> sinks, viewers;
  std::vector<std::string> choices;  ///< choices that the settings left open, in words
  std::vector<ChosenPerceptor> perceptors;
};

/// Finds it all, and says what is missing, before anything is loaded. `plan` must outlive the result.
/// `on_terminal`: the artist sees what is shown there, so that a run without a word about viewers is shown.
/// Throws SettingsError with everything that is missing.
RunPlan choose_run_plan(const Plan& plan, const PluginRegistry& registry, bool on_terminal);

/// Adds to `problems` what choose_run_plan() would throw, of a plan that has other problems: settings that
/// are wrong have their defaults in it, and plugins may be absent.
void find_missing(const Plan& plan, const PluginRegistry& registry, std::vector<Problem>& problems);

/// Decodes all frames of videos that the run will read, so that damage in them is known before it begins, and
/// tries its expressions as far as the sound and the video go. Throws Error(settings): where they are
/// damaged, and what cannot be computed.
void look_ahead(const RunPlan& run_plan, const Plan& plan);

}  // namespace reverie::app
