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

  struct Known {
    std::string trouble;                     ///< what happens when it is loaded; empty: nothing
    std::string declaration = {};            ///< see plugins/declaration_text.h; empty: not known
    std::vector<std::string> warnings = {};  ///< about its build; without tabs and line breaks
  };

  /// Nothing if it is unknown or has changed.
  std::optional<Known> find(const std::filesystem::path& library) const;
  void add(const std::filesystem::path& library, Known known);
  void forget(const std::filesystem::path& library) { changed_ |= entries_.erase(library.string()) > 0; }
  /// Writes the file where something has changed.
  void save();

 private:
  struct Entry {
    std::string stamp;
    Known known;
  };
  std::filesystem::path file_;
  std::map<std::string, Entry> entries_;
  bool changed_ = false;
};

/// $XDG_CACHE_HOME or ~/.cache, and /reverie/plugins in it.
std::filesystem::path probe_memory_file();

}  // namespace reverie
