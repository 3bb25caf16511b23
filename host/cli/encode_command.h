#pragma once
// `reverie encode`: a video from the pictures that a run has left.

#include <filesystem>
#include <string>
#include <vector>

#include "plugins/registry.h"

namespace reverie::cli {

/// `words`: first the run, which is its folder <output_dir>/<file_namespace> (of several runs in it the
/// newest), its settings file, one of its pictures, or its base name; then name=value, which win over the
/// run's settings. Returns the exit status. Throws Error(usage), Error(file) when there is no such run or
/// nothing in it, and what checking settings and writing the video throw.
int encode_command(const std::vector<std::string>& words,
                   const std::vector<std::filesystem::path>& config_folders, const PluginRegistry& registry);

}  // namespace reverie::cli
