#pragma once
// Runs that were deleted, and may come back: their files stay where they are until the trash is emptied, or
// until they have been in it for a week.

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <set>
#include <string>

#include "serve/run_queue.h"

namespace reverie::serve {

class RunTrash {
 public:
  static constexpr std::chrono::milliseconds kKept = std::chrono::hours(7 * 24);

  /// What cannot be deleted is said to `say`, once for each run. The queue must outlive this.
  RunTrash(RunQueue& queue, std::function<void(const std::string&)> say)
      : queue_(queue), say_(std::move(say)) {}

  /// Deletes the files of all that is in the trash, for good.
  void empty();
  /// The same of what has been there too long at this time, in milliseconds since 1970.
  void empty_old(std::int64_t now);

 private:
  void purge(std::int64_t since);
  void tell(std::int64_t id, const std::string& failure);
  RunQueue& queue_;
  std::function<void(const std::string&)> say_;
  std::mutex mutex_;
  std::set<std::int64_t> told_;  // what cannot be deleted of these
};

}  // namespace reverie::serve
