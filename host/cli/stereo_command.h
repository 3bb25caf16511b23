#pragma once
// `reverie stereo`: the pictures that a run has left, for two eyes.

#include <filesystem>
#include <string>
#include <vector>

#include "plugins/registry.h"

namespace reverie::cli {

struct StereoOptions {
  std::string eyes = "6";  ///< their distance in pixels, an expression of the time
  double screen = 0;       ///< the depth in pixels that has no disparity; 0: infinitely far
  bool anaglyph = false;   ///< else side by side
};

/// `words`: as of encode_command(). Returns the exit status; throws what encode_command() throws, and
/// Error(usage) where an option is wrong.
int stereo_command(const std::vector<std::string>& words, const StereoOptions& options,
                   const std::vector<std::filesystem::path>& config_folders, const PluginRegistry& registry);

}  // namespace reverie::cli
