#pragma once
// One process at a time works on a run.

#include "engine/outputs.h"

namespace reverie::engine {

/// Holds a run for this process, by a lock of the operating system on .<base>.lock beside its pictures:
/// what a process that died has held is free. The file goes away with the lock.
class RunLock {
 public:
  /// Makes the folder. Throws Error(file) when another process, or another run of this one, has the run.
  explicit RunLock(const OutputNames& names);
  ~RunLock();
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;

 private:
  std::filesystem::path file_;
  int descriptor_ = -1;
};

}  // namespace reverie::engine
