#pragma once
// Changes of settings that were made while a run went, in a file beside its backups:
//
//   {"changes": [{"step": 40, "settings": {"learning_rate": "0.02"}}, ...]}

#include <cstdint>
#include <filesystem>
#include <vector>

#include "engine/outputs.h"
#include "reverie/steering.h"

namespace reverie::engine {

struct Change {
  std::int64_t step = 0;  ///< so many steps were done before
  Steering::Settings settings;
  bool operator==(const Change&) const = default;
};

/// <backup_dir>/<file_namespace>/<base>_changes.json
std::filesystem::path changes_file(const RunPlace& place, const std::string& base);

/// In the order of their steps. Throws Error(file) where it cannot be read and Error(settings) where it holds
/// something else.
std::vector<Change> read_changes(const std::filesystem::path& file);

class ChangeLog {
 public:
  /// `changes` are in the file already. An empty path: nothing is written.
  ChangeLog(std::filesystem::path file, std::vector<Change> changes)
      : file_(std::move(file)), changes_(std::move(changes)) {}

  /// Returns when it is on the disk; one that is there already stays as it is. Throws Error(file).
  void add(const Change& change);

 private:
  std::filesystem::path file_;
  std::vector<Change> changes_;
};

}  // namespace reverie::engine
