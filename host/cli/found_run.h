#pragma once
// The run that a command is about: its pictures, and what it was made with.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

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

/// Where numbers are missing among the pictures of a video.
void warn_of_gaps(const FoundRun& run, engine::HostServices& host);

}  // namespace reverie::cli
