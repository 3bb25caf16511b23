#pragma once
// Backups: the state that a run needs to continue exactly, in files with a checksum.
//
// A backup is a safetensors file whose metadata says "sha256":"<64 digits>", without spaces: the SHA-256 of
// the whole file with zeros in place of those digits. Nothing in it is executed.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/outputs.h"

namespace reverie::engine {

struct Backup {
  std::map<std::string, at::Tensor> tensors;    ///< of any dtype but complex; kept bit for bit
  std::map<std::string, std::string> metadata;  ///< any bytes; "sha256" is taken, alone and behind a quote
};

/// The file is there whole or not at all; makes its folder. Throws Error(file).
void write_backup(const std::filesystem::path& path, const Backup& backup);

/// Tensors are on the CPU and own their memory. Throws Error(file) when the file cannot be read, and
/// Error(model) when it is damaged or no backup: its checksum is verified before anything else is believed.
Backup read_backup(const std::filesystem::path& path);

/// How many to keep, as the setting `backups` says: a whole number from 0, or nothing for "all". Throws
/// Error(settings).
std::optional<std::int64_t> parse_backups_setting(const std::string& text);

/// One run's backups, <backup_dir>/<file_namespace>/<base>_<n>.bak.
class Backups {
 public:
  /// `keep`: how many; nothing: all of them; 0: none is written.
  Backups(const RunPlace& place, std::string base, std::optional<std::int64_t> keep);

  /// Writes the backup and, once it is on the disk, deletes what it replaces: the oldest beyond `keep`, and
  /// those with higher numbers, which newest() found damaged. Throws Error(file).
  void add(std::int64_t number, const Backup& backup);

  /// The one with the highest number that can be used, and its number. For every one that was passed over,
  /// `notices` gets a line that says which and why. `check` throws where the contents make no sense.
  using Check = std::function<void(std::int64_t number, const Backup& backup)>;
  std::optional<std::pair<std::int64_t, Backup>> newest(std::vector<std::string>& notices,
                                                        const Check& check = {}) const;

  /// For a run that starts under a base name that was in use: otherwise `restore` could continue the
  /// earlier run. Throws Error(file).
  void remove_all();

 private:
  std::filesystem::path file(std::int64_t number) const;
  std::vector<std::int64_t> numbers(bool of_folders = false) const;  ///< ascending
  void remove(std::int64_t number);

  std::filesystem::path folder_;
  std::string base_;
  std::optional<std::int64_t> keep_;
};

}  // namespace reverie::engine
