#pragma once
// reverie presets list | show NAME | save NAME FILE [name=value ...]

#include <filesystem>
#include <string>
#include <vector>

#include "plugins/registry.h"

namespace reverie::cli {

/// `words` come after `presets`. Throws Error(usage), Error(file) and what reading settings throws.
int presets_command(const std::vector<std::string>& words, bool markdown,
                    const std::vector<std::filesystem::path>& config_folders, const PluginRegistry& registry);

}  // namespace reverie::cli
