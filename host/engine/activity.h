#pragma once
// What a process is doing, where another process can read it when this one has crashed.

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

namespace reverie::engine {

/// In memory that both processes share. Nothing is locked: it is read once the writer is dead.
class ActivityPage {
 public:
  /// The innermost component at work, and that of the writer's thread; empty when there is none. May be cut.
  std::string at_work() const;
  std::int64_t steps() const { return steps_; }

  // For the process that is written about.
  void enter(std::string_view component);
  void leave();
  /// `component` is ending the process now, also if another one is at work. Signal handlers may call it.
  void blame(std::string_view component);
  void steps_done(std::int64_t steps) { steps_ = steps; }

 private:
  static constexpr std::size_t kDepth = 8;  // what lies deeper is not written down
  using Name = std::array<char, 120>;
  struct Thread {
    std::array<Name, kDepth> names{};
    std::atomic<std::size_t> depth = 0;
  };
  std::array<Thread, 2> threads_;  // the render's, and the one that writes frames
  Name blamed_{};
  std::atomic<std::int64_t> steps_ = 0;
};

/// Where this process writes; null: nowhere. Set before there are threads.
extern ActivityPage* activity_page;
/// From now on, the scopes of MemoryScope are written down there, as long as the process lives.
void write_activity_to(ActivityPage& page);
/// From now on, the scopes of this thread are written down apart from the render's: of one thread at a time.
void write_activity_apart();
/// Steps that the run has done, for the page, if there is one.
void note_steps_done(std::int64_t steps);

}  // namespace reverie::engine
