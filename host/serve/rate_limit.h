#pragma once
// How often something may happen.

#include <algorithm>
#include <chrono>
#include <mutex>

namespace reverie::serve {

class RateLimit {
 public:
  RateLimit(double per_second, double at_once)
      : per_second_(per_second), most_(at_once), left_(at_once), last_(Clock::now()) {}

  /// Whether it may happen now; counts it if so.
  bool allows() {
    const std::lock_guard lock(mutex_);
    const Clock::time_point now = Clock::now();
    left_ = std::min(most_, left_ + per_second_ * std::chrono::duration<double>(now - last_).count());
    last_ = now;
    if (left_ < 1) return false;
    left_ -= 1;
    return true;
  }

 private:
  using Clock = std::chrono::steady_clock;
  std::mutex mutex_;
  const double per_second_, most_;
  double left_;
  Clock::time_point last_;
};

}  // namespace reverie::serve
