#pragma once
// Runs the conformance suite over one plugin in child processes, so that nothing the plugin does harms this
// one: a crash, an exit() or a method without an end is one broken promise, and the rest is tested in a new
// process.

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "conformance/report.h"

namespace reverie::conformance {

struct Request {
  std::filesystem::path program;        ///< reverie-conformance
  std::filesystem::path plugin;         ///< the library
  std::vector<std::string> parameters;  ///< name=value: what the plugin is made with instead of its defaults
  std::filesystem::path sample;         ///< a file for it to read; empty: none
  std::chrono::seconds limit{60};       ///< for each promise
};

/// Throws Error(plugin) where the suite cannot be started at all.
Report run(const Request& request);

}  // namespace reverie::conformance
