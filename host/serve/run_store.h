#pragma once
// The runs of a server on the disk, so that they outlive it: <state>/runs/<id>.json, one file each.

#include <filesystem>
#include <string>
#include <vector>

#include "serve/run_record.h"

namespace reverie::serve {

class RunStore {
 public:
  /// Makes the folder. Throws Error(usage) when another server has it, Error(file) when it cannot be used.
  explicit RunStore(const std::filesystem::path& state);
  ~RunStore();
  RunStore(const RunStore&) = delete;
  RunStore& operator=(const RunStore&) = delete;

  /// All of them; for a file that cannot be read, `notices` gets a line, and it stays where it is.
  std::vector<RunRecord> load(std::vector<std::string>& notices) const;

  /// After a crash, too, the file holds either the old record or the new one. Throws Error(file).
  void save(const RunRecord& record) const;
  void remove(std::int64_t id);
  /// Of one that was not saved after all, or not known to be: removes it as well as it can.
  void take_back(std::int64_t id) const;

  /// One that no run ever had, also none that was removed.
  std::int64_t next_id();

 private:
  std::filesystem::path file(std::int64_t id) const;
  std::filesystem::path runs_, last_id_file_;
  int lock_;  // a file descriptor; the system lets go of the lock when the process ends, however that is
  std::int64_t last_id_ = 0;
};

}  // namespace reverie::serve
