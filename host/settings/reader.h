#pragma once
// Reads settings files: YAML, JSON, and the settings that a run leaves beside its pictures.

#include <filesystem>
#include <string>
#include <vector>

#include "settings/value.h"

namespace reverie {

/// The entries of a file in their order. What is wrong with it is added to `problems`.
std::vector<RawEntry> read_settings_file(const std::filesystem::path& path, std::vector<Problem>& problems);

/// One `key=value` of the command line; the value is read as YAML.
std::vector<RawEntry> read_override(const std::string& text, std::vector<Problem>& problems);

}  // namespace reverie
