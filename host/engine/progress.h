#pragma once
// Shows how a run goes on standard error: a bar on a terminal, plain lines elsewhere.

#include <chrono>
#include <string>

#include "engine/run_events.h"

namespace reverie::engine {

class Progress {
 public:
  /// `before`: steps that an earlier part of the run did; they do not count as speed. `unit`: what to call a
  /// step.
  Progress(std::int64_t total_steps, bool terminal, std::int64_t before = 0, std::string unit = "step");
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Steps, saved files and messages; the end takes the bar away.
  void show(const RunEvent& event);

 private:
  void draw(const RunUpdate::Step& step);
  void clear_line();

  using Clock = std::chrono::steady_clock;
  std::int64_t total_, before_;
  bool terminal_;
  std::string unit_;
  bool bar_shown_ = false;
  Clock::time_point start_, last_drawn_;
  std::string last_line_;
};

}  // namespace reverie::engine
