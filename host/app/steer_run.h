#pragma once
// Changing settings of a run while it goes.

#include "app/plan.h"
#include "engine/run_changes.h"

namespace reverie::app {

/// Settings of the plan that may change while its run goes, with their values.
std::vector<Steering::Value> changeable(const Plan& plan);

/// Checks changes of a run as make_plan() checks settings, over all its steps, and makes its script with
/// them.
class ScriptReviser {
 public:
  /// `settings`: those that the run began with. `sound` may be null. Everything given must outlive this.
  ScriptReviser(const Plan& plan, const PluginRegistry& registry, const RunSettings& settings,
                const audio::Soundtrack* sound);

  /// The script with the settings that were changed before, `made`, and `more`. Throws SettingsError.
  engine::Revision operator()(const Steering::Settings& made, const Steering::Settings& more) const;

 private:
  const Plan& plan_;
  const PluginRegistry& registry_;
  std::string settings_;  // as a run leaves them
  const audio::Soundtrack* sound_;
};

/// The changes that a run is to make again: those that it has made itself, `own`, and those of the setting
/// changes_file.
std::vector<engine::Change> recorded_changes(const Plan& plan, const std::vector<engine::Change>& own);

}  // namespace reverie::app
