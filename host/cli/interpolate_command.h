#pragma once
// `reverie interpolate`: a smoother video of the pictures that a run has left, with pictures between them.

#include <filesystem>
#include <string>
#include <vector>

#include "plugins/registry.h"

namespace reverie::cli {

/// `words`: as of encode_command(). The video has `times` the run's pictures a second. Returns the exit
/// status; throws what encode_command() throws, and Error(usage) for `times` below 2.
int interpolate_command(const std::vector<std::string>& words, std::int64_t times,
                        const std::vector<std::filesystem::path>& config_folders,
                        const PluginRegistry& registry);

}  // namespace reverie::cli
