#pragma once
// Shows how a download goes: a bar on a terminal, a few lines elsewhere.

#include <chrono>
#include <cstdint>
#include <string>

namespace reverie::models {

class TransferProgress {
 public:
  TransferProgress(std::string name, std::uint64_t total_bytes, bool terminal);
  ~TransferProgress();

  /// How much is there by now.
  void reached(std::uint64_t bytes);
  /// Takes the bar away, so that a message can be written; the next reached() brings it back.
  void clear_line();

 private:
  using Clock = std::chrono::steady_clock;
  std::string name_;
  std::uint64_t total_;
  bool terminal_;
  bool bar_shown_ = false;
  std::uint64_t first_ = 0;  // what was there at the start, or after starting over
  std::uint64_t last_ = 0;
  Clock::time_point start_, last_drawn_;
};

}  // namespace reverie::models
