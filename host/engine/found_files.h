#pragma once
// Which files the settings that this process has looked at name.

#include <filesystem>
#include <vector>

namespace reverie::engine {

/// The files and folders that FileAccess was asked for in this process, that it allows and that are there,
/// but those that ship with the program. As they were written, sorted.
std::vector<std::filesystem::path> found_files();

}  // namespace reverie::engine
