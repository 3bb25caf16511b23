#include "models/transfer_progress.h"

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <utility>

#include "models/catalogue.h"

namespace reverie::models {

TransferProgress::TransferProgress(std::string name, std::uint64_t total_bytes, bool terminal)
    : name_(std::move(name)),
      total_(std::max<std::uint64_t>(total_bytes, 1)),
      terminal_(terminal),
      start_(Clock::now()) {}

TransferProgress::~TransferProgress() { clear_line(); }

void TransferProgress::reached(std::uint64_t bytes) {
  const auto now = Clock::now();
  if (bytes < last_ || last_ == 0) {  // the beginning: what was there before says nothing about the speed
    first_ = bytes;
    start_ = now;
  }
  // Ten redraws a second are smooth; without a terminal, a line at each tenth is enough.
  const std::uint64_t tenth = bytes * 10 / total_, last_tenth = last_ * 10 / total_;
  last_ = bytes;
  const bool due = terminal_ ? now - last_drawn_ > std::chrono::milliseconds(100) : tenth > last_tenth;
  if (!due) return;
  last_drawn_ = now;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  const double rate = seconds > 0.5 ? static_cast<double>(bytes - first_) / seconds : 0;
  std::string line = name_ + "  " + std::to_string(bytes * 100 / total_) + " %  " + size_text(bytes) +
                     " of " + size_text(total_);
  if (rate > 0) {
    const auto left = static_cast<long>(static_cast<double>(total_ - std::min(bytes, total_)) / rate + 0.5);
    char time[32];
    std::snprintf(time, sizeof time, "  %ld:%02ld left", left / 60, left % 60);
    line += "  " + size_text(static_cast<std::uint64_t>(rate)) + "/s" + time;
  }
  if (!terminal_) {
    std::cerr << line << std::endl;
    return;
  }
  constexpr std::uint64_t kBar = 20;
  std::string bar;
  for (std::uint64_t i = 0; i < kBar; ++i) bar += i < bytes * kBar / total_ ? "█" : "░";
  // Short enough for any terminal: a line that wraps could not be taken back.
  std::cerr << "\r\033[K" << bar << ' ' << line.substr(0, 58) << std::flush;
  bar_shown_ = true;
}

void TransferProgress::clear_line() {
  if (bar_shown_) std::cerr << "\r\033[K" << std::flush;
  bar_shown_ = false;
}

}  // namespace reverie::models
