#pragma once
// The run that a command is about: its pictures, and what it was made with.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "app/plan.h"
#include "engine/host_services.h"

namespace reverie::cli {

struct FoundRun {
  using Frames = std::map<std::int64_t, std::filesystem::path>;  ///< by number
  std::filesystem::path folder;
  std::string base;
  Frames frames;
};

/// `word`: the folder <output_dir>/<file_namespace> (of several runs in it the newest), a settings file, one
/// of the run's pictures, or its base name, for a run in `output_dir`. Throws Error(file) when there is no
/// such run or nothing in it.
FoundRun find_run(const std::string& word, const std::filesystem::path& output_dir);

/// What the run was made with, from the file beside its pictures or out of one of them.
std::filesystem::path settings_of(const FoundRun& run);

/// The run that the first word names, and the plan of its own settings with the other words over them.
struct FoundPlan {
  FoundRun run;
  app::Plan plan;
};
FoundPlan find_plan(const std::vector<std::string>& words,
                    const std::vector<std::filesystem::path>& config_folders, const PluginRegistry& registry);

/// Where numbers are missing among the pictures of a video.
void warn_of_gaps(const FoundRun& run, engine::HostServices& host);

}  // namespace reverie::cli
