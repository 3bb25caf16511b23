#pragma once
// What the commands share: places, plugins, and settings made ready for a run.

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/chosen_plugins.h"
#include "audio/soundtrack.h"
#include "base/installation.h"
#include "engine/change_log.h"
#include "engine/file_access.h"
#include "engine/outputs.h"
#include "plugins/registry.h"
#include "prompts/script.h"
#include "settings/groups.h"

namespace reverie::app {

/// The role of animation modes that take each frame from the video: the setting that names it.
inline constexpr const char* kVideoRole = "video_path";

/// A run that has been checked but not started.
struct Plan {
  RunSettings settings;
  Script script;
  std::vector<audio::SoundFilter> sound_filters;
  const PluginFile* image_model = nullptr;
  const PluginFile* optimiser = nullptr;
  const PluginFile* cutout_method = nullptr;
  const PluginFile* animation = nullptr;        ///< none: a still
  std::optional<engine::OutputNames> restored;  ///< the earlier run that this one continues
  std::optional<engine::OutputNames> again;   ///< the earlier run, without a backup, as which this one begins
  std::optional<engine::OutputNames> begins;  ///< with restore, of which there is no run yet
  std::vector<std::string> notices;
  std::vector<std::string> choices;          ///< the texts that were drawn, logged when the run begins
  std::vector<engine::Change> changes = {};  ///< of changes_file, to be made again
  std::filesystem::path beside = {};         ///< the settings file's folder; empty: there is no file
  bool alone = true;                         ///< no other run of this call has its folder
  std::shared_ptr<const engine::FileAccess> access = nullptr;  ///< none: its settings may name any file
  std::shared_ptr<engine::NetworkCache> networks = nullptr;  ///< none: networks are loaded for this run alone
};

/// Finds more problems of a plan that has some: settings that are wrong have their defaults in it.
using FindMore = std::function<void(const Plan&, std::vector<Problem>&)>;

/// Reads and checks settings. With restore, those that the earlier run left come first and are overridden by
/// what is given now, but for those that only act when a run begins. Throws Error(settings) with
/// the report of everything that is wrong; `more` adds to it.
Plan make_plan(const SettingsSources& sources, const PluginRegistry& registry, const FindMore& more = {});

/// The folder of a run, and whether it continues the run in it.
struct Destination {
  engine::RunPlace place;
  bool restore = false;
};
/// Nothing where mistakes in the settings leave it open; make_plan() then reports them.
std::optional<Destination> destination_of(const SettingsSources& sources, const PluginRegistry& registry);

}  // namespace reverie::app
