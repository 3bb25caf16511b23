#pragma once
// Shows how a run goes: a bar on a terminal, plain lines elsewhere.

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "reverie/viewer.h"

namespace reverie {

class Progress {
 public:
  /// `before`: steps that an earlier part of the run did; they do not count as speed. `unit`: what to call a
  /// step.
  Progress(std::int64_t total_steps, bool terminal, std::int64_t before = 0, std::string unit = "step");
  virtual ~Progress();

  /// `losses`: most important first.
  virtual void step(std::int64_t done, const std::vector<RunUpdate::Loss>& losses);
  virtual void saved(const std::filesystem::path& file);

 private:
  void draw(std::int64_t done, const std::vector<RunUpdate::Loss>& losses);
  void clear_line();

  using Clock = std::chrono::steady_clock;
  std::int64_t total_, before_;
  bool terminal_;
  std::string unit_;
  bool bar_shown_ = false;
  Clock::time_point start_, last_drawn_;
  std::string last_line_;
};

}  // namespace reverie
