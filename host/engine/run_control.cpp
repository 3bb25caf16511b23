#include "engine/run_control.h"

#include <chrono>

#include "engine/host_services.h"

namespace reverie::engine {

void RequestedControl::pause() {
  const std::lock_guard lock(mutex_);
  paused_ = true;
}

void RequestedControl::resume() {
  const std::lock_guard lock(mutex_);
  paused_ = false;
  changed_.notify_all();
}

bool RequestedControl::paused() const {
  const std::lock_guard lock(mutex_);
  return paused_;
}

void RequestedControl::keep_picture() {
  const std::lock_guard lock(mutex_);
  keep_ = true;
  changed_.notify_all();
}

void RequestedControl::stop() {
  const std::lock_guard lock(mutex_);
  stop_ = true;
  changed_.notify_all();
}

bool RequestedControl::stopping() const {
  const std::lock_guard lock(mutex_);
  return stop_ || interrupted;
}

double RequestedControl::wait_while_paused(const std::function<void()>& keep) {
  std::unique_lock lock(mutex_);
  if (!paused_ && !keep_) return 0;
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  for (;;) {
    if (keep_) {
      keep_ = false;
      lock.unlock();
      keep();
      lock.lock();
    }
    if (!paused_ || stop_ || interrupted) break;
    // A signal handler can set `interrupted`, but not notify.
    changed_.wait_for(lock, std::chrono::milliseconds(100));
  }
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace reverie::engine
