#pragma once
// Reads settings files: YAML, JSON, Python's dicts as the reference's notebook prints them, and the settings
// that a run leaves beside its pictures and inside them.

#include <filesystem>
#include <string>
#include <vector>

#include "settings/value.h"

namespace reverie {

/// The entries of a file in their order. What is wrong with it is added to `problems`. A PNG picture that a
/// run wrote, recognised by its content, gives the settings inside it, all in line 0.
std::vector<RawEntry> read_settings_file(const std::filesystem::path& path, std::vector<Problem>& problems,
                                         bool may_be_empty = false);

/// The same of a text that is not a file's; problems and entries name it `name`.
std::vector<RawEntry> read_settings_text(const std::string& text, const std::string& name,
                                         std::vector<Problem>& problems);

/// One `key=value` of the command line, also `+key=value` and `++key=value`; the value is read as YAML. Of
/// `~key` and `~key=value` the name keeps its `~`, and the value is null.
std::vector<RawEntry> read_override(const std::string& text, std::vector<Problem>& problems);

}  // namespace reverie
