#pragma once
// `reverie serve`

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace reverie {
class PluginRegistry;
}

namespace reverie::cli {

struct ServeOptions {
  std::filesystem::path state = "reverie_serve";  ///< where the queue is kept
  std::string listen = "127.0.0.1";
  int port = 7070;                   ///< 0: any that is free
  std::vector<std::string> hosts;    ///< names that requests may use for this machine, besides the usual
  std::filesystem::path token_file;  ///< empty: a new token each time
  std::vector<std::filesystem::path> allow;  ///< folders whose files settings may name, besides this one
  bool allow_downloads = false;              ///< settings may name addresses of the web
  std::vector<std::filesystem::path> config_folders;
  std::vector<std::string> workers;     ///< addresses of other servers that render runs of this one, too
  std::filesystem::path worker_tokens;  ///< a file
  std::chrono::seconds lease{60};       ///< how long a worker may be silent before its run goes elsewhere
  bool verbose = false;
};

/// Returns when the process is asked to end. Throws Error when it cannot begin.
int serve_command(const ServeOptions& options, const PluginRegistry& registry);

}  // namespace reverie::cli
