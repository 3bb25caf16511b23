#pragma once
// Loading a library runs its static initialisers, which may do anything. What they did is seen in a child
// process first, so that no file can take the program down.

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace reverie {

struct ProbeResult {
  std::string trouble;  ///< what happened when it was loaded; empty: nothing, or the loader refuses it
  bool certain = true;  ///< another try would end like this one
};

/// Loads all of them in one child process; only when it does not come to its end, each in one of its own.
std::vector<ProbeResult> probe(const std::vector<std::filesystem::path>& libraries,
                               std::chrono::milliseconds patience = std::chrono::seconds(10));

/// What is known of files from earlier probes, as long as neither size nor time of a file changes. A file
/// that cannot be read or written is one that knows nothing.
class ProbeMemory {
 public:
  explicit ProbeMemory(std::filesystem::path file);

  /// The trouble with it, empty if there was none; nothing if it is unknown or has changed.
  std::optional<std::string> find(const std::filesystem::path& library) const;
  void add(const std::filesystem::path& library, const std::string& trouble);
  void save() const;

 private:
  struct Entry {
    std::string stamp, trouble;
  };
  std::filesystem::path file_;
  std::map<std::string, Entry> entries_;
};

/// $XDG_CACHE_HOME or ~/.cache, and /reverie/plugins in it.
std::filesystem::path probe_memory_file();

}  // namespace reverie
