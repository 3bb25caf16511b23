#pragma once
// reverie plugins test FILE.so: holds a plugin against what its interface's header promises.

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace reverie::cli {

struct TestPluginOptions {
  std::filesystem::path sample;  ///< a file for the plugin to read; empty: none
  std::chrono::seconds limit{60};
  bool verbose = false;
};

/// `words` are the library and name=value of its parameters. Returns 0 when every promise is kept, else 1.
int test_plugin_command(const std::vector<std::string>& words, const TestPluginOptions& options);

}  // namespace reverie::cli
