#pragma once
// Who in a run uses how much memory.
//
// What is counted: the blocks of all tensors, as LibTorch's allocators report them, by the component that was
// at work when each was taken; what else malloc has given out, by the component at work while that grew;
// files of weights that are mapped, by who asked for them; freed memory that malloc keeps; the program with
// its libraries. None of these figures is made from the process' own, so that their sum can be compared with
// it.

#include <c10/core/Device.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/activity.h"

namespace c10 {
class DebugInfoGuard;
}

namespace reverie::engine {

/// The components that the host itself names.
constexpr const char* kProgramMemory = "program and libraries";
constexpr const char* kLossMemory = "losses";
constexpr const char* kOptimiserMemory = "optimiser";
constexpr const char* kBackupMemory = "backups";
constexpr const char* kSoundMemory = "sound";
constexpr const char* kViewerMemory = "viewers";
constexpr const char* kOutputMemory = "outputs";
constexpr const char* kKeptMemory = "kept for the next step";

class MemoryAccount {
 public:
  /// Counts what is taken from now on, until it is destroyed; what was there before is the program's. Throws
  /// Error(unsupported) while another one counts.
  MemoryAccount();
  ~MemoryAccount();
  MemoryAccount(const MemoryAccount&) = delete;
  MemoryAccount& operator=(const MemoryAccount&) = delete;

  /// Nothing changes for the CPU. For a GPU, only its memory counts, from now on.
  void count_on(c10::Device device);

  struct Line {
    std::string component;
    std::int64_t now;      ///< bytes
    std::int64_t most;     ///< at most so far
    std::int64_t at_peak;  ///< when most was in use, within 2 %
  };
  struct Report {
    std::vector<Line> lines;  ///< largest first, but for the last two: what is kept, and the program
    std::int64_t now = 0, at_peak = 0;
    std::int64_t process_now = 0, process_most = 0;  ///< what the kernel says; 0 for a GPU
  };
  Report report();

 private:
  std::unique_ptr<c10::DebugInfoGuard> guard_;  // of this thread
};

/// Memory that is taken until the end of the scope belongs to `component`, whichever thread takes it, and is
/// what a crash is put down to. Scopes nest, on one thread. While nobody counts or writes it down, this costs
/// one read.
class MemoryScope {
 public:
  explicit MemoryScope(std::string_view component)
      : before_(watched_.load(std::memory_order_relaxed) ? enter(component) : -1) {}
  ~MemoryScope() {
    if (before_ >= 0) leave(before_);
  }
  MemoryScope(const MemoryScope&) = delete;
  MemoryScope& operator=(const MemoryScope&) = delete;

  static bool counting() { return counting_.load(std::memory_order_relaxed); }

 private:
  friend class MemoryAccount;
  static int enter(std::string_view component);
  static void leave(int before);
  friend void write_activity_to(ActivityPage& page);
  static std::atomic<bool> counting_, watched_;  // watched: counting, or written down
  int before_;
};

/// From now on, what this thread takes belongs to `component`: for threads that work beside the render.
/// Tensors of other threads count among the other allocations of malloc.
void own_memory_of_thread(std::string_view component);

/// Whatever of this file is mapped belongs to the component of the present scope.
void claim_mapped_file(const std::filesystem::path& file);

}  // namespace reverie::engine
