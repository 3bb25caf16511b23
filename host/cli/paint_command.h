#pragma once
// `reverie paint WORDS`: a picture from words alone.

#include <filesystem>
#include <string>
#include <vector>

#include "plugins/registry.h"

namespace reverie::cli {

/// `words`: what the picture shows, and name=value for settings that are to be others than those chosen here.
/// Steps follow from how fast this machine is. Returns the process' exit status. Throws Error(usage) without
/// words.
int paint_command(const std::vector<std::string>& words,
                  const std::vector<std::filesystem::path>& config_folders, const PluginRegistry& registry);

}  // namespace reverie::cli
