#pragma once
// The one plugin that `reverie plugins test` asks about.

#include <filesystem>
#include <string>
#include <vector>

namespace reverie::test {

struct TestedPlugin {
  std::string kind, name, interface, header;
  std::filesystem::path folder;  ///< where the registry finds it; a temporary one, removed at the end
};

/// Makes the library known to the tests, with these parameters (name=value) in place of its defaults. What is
/// wrong with it is reported; then `kind` is empty. The file may lie anywhere.
TestedPlugin prepare_plugin(const std::filesystem::path& library, const std::vector<std::string>& parameters);

}  // namespace reverie::test
