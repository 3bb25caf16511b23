#pragma once
// Names and places of a run's files. Folders that are there but cannot be read are an Error(file).

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "reverie/error.h"

namespace reverie {
class Settings;
}

namespace reverie::engine {

/// Where the runs of a file_namespace leave their files.
struct RunPlace {
  explicit RunPlace(const Settings& settings);
  explicit RunPlace(const std::string& file_namespace, const std::filesystem::path& output_dir = kOutputDir,
                    const std::filesystem::path& backup_dir = kBackupDir);
  bool operator==(const RunPlace&) const = default;

  static constexpr const char *kOutputDir = "images_out", *kBackupDir = "backup";  ///< the settings' defaults

  std::string file_namespace;
  std::filesystem::path pictures;  ///< <output_dir>/<file_namespace>
  std::filesystem::path backups;   ///< <backup_dir>/<file_namespace>
};

struct OutputNames {
  std::filesystem::path folder;  ///< RunPlace::pictures
  std::string base;              ///< <file_namespace>, or <file_namespace>(k) for the first free k from 1
};

/// Chooses the base name: with `allow_overwrite` always the plain one, else the first of which there are no
/// settings, frames or backups, nor files <base>_<mark>.*.
OutputNames choose_output(const RunPlace& place, bool allow_overwrite, const std::string& mark = "settings");

/// Takes the base name that choose_output() finds without `allow_overwrite`, so that no other run takes it,
/// however close together they start: an empty <base>_settings.txt reserves it until the run writes its
/// own. With another `mark`, such as "motion", it takes a name for something besides runs: one that is free
/// of files <base>_<mark>.*, too.
class Reservation {
 public:
  /// Throws Error(file).
  explicit Reservation(const RunPlace& place, const std::string& mark = "settings.txt");
  /// Takes this name and no other. Throws Error(file), also when a run has just taken it.
  explicit Reservation(const OutputNames& names);
  /// Removes the file if it is still the empty one, and folders that were made for it.
  ~Reservation();
  Reservation(const Reservation&) = delete;
  Reservation& operator=(const Reservation&) = delete;

  const OutputNames& names() const { return names_; }

 private:
  bool take(const std::string& mark);
  void remove_folders();
  OutputNames names_;
  std::filesystem::path file_;
  std::vector<std::filesystem::path> folders_;  // that it made
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

struct NewestRun : OutputNames {
  bool has_backup = false;  ///< without one, it has ended before its first
};
/// The run that `restore` continues: the one that last began or wrote a backup, by the times of its settings
/// file and its backups; of one time, the run with the highest k. Nothing if there is none.
std::optional<NewestRun> newest_run(const RunPlace& place);

/// A file "<base>_<n><extension>", where n has no superfluous zeros; or a folder that is called like one.
struct NumberedFile {
  std::string base;
  std::int64_t number;
  bool is_folder;
};
/// In any order; none where there is no such folder.
std::vector<NumberedFile> numbered_files(const std::filesystem::path& folder, const std::string& extension);

/// Another process has the run. It is no mistake, and may be over later.
class RunBusy : public Error {
 public:
  using Error::Error;
};

/// For a run that another process has begun or continued since this one looked.
[[noreturn]] void refuse_overtaken(const OutputNames& names);

/// Writes text so that the file is there whole or not at all, and makes its folder. Throws Error(file).
void write_file(const std::filesystem::path& path, const std::string& text);

}  // namespace reverie::engine
