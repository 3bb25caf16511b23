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

RequestedControl::~RequestedControl() { refuse_changes("the run has ended"); }

void RequestedControl::change(const Settings& settings, std::function<void(const Answer&)> answered) {
  std::string refusal;
  {
    const std::lock_guard lock(mutex_);
    refusal = refusal_;
    if (refusal.empty()) changes_.push_back({settings, std::move(answered)});
    changed_.notify_all();
  }
  if (!refusal.empty()) answered({{refusal}, 0});
}

std::vector<Steering::Value> RequestedControl::values() const {
  const std::lock_guard lock(mutex_);
  return values_;
}

std::uint64_t RequestedControl::version() const {
  const std::lock_guard lock(mutex_);
  return version_;
}

void RequestedControl::set_values(std::vector<Value> values) {
  const std::lock_guard lock(mutex_);
  values_ = std::move(values);
  ++version_;
}

void RequestedControl::take_changes() {
  const std::lock_guard lock(mutex_);
  refusal_.clear();
}

void RequestedControl::refuse_changes(const std::string& why) {
  std::deque<ChangeRequest> refused;
  {
    const std::lock_guard lock(mutex_);
    refusal_ = why;
    refused.swap(changes_);
  }
  for (const ChangeRequest& request : refused) request.answered({{why}, 0});
}

std::optional<RequestedControl::ChangeRequest> RequestedControl::next_change() {
  const std::lock_guard lock(mutex_);
  if (changes_.empty()) return std::nullopt;
  ChangeRequest request = std::move(changes_.front());
  changes_.pop_front();
  return request;
}

double RequestedControl::wait_while_paused(const std::function<void()>& keep,
                                           const std::function<void()>& attend) {
  std::unique_lock lock(mutex_);
  const auto asked = [&] { return attend && !changes_.empty(); };
  if (!paused_ && !keep_ && !asked()) return 0;
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  for (;;) {
    if (keep_) {
      keep_ = false;
      lock.unlock();
      keep();
      lock.lock();
    }
    if (asked()) {
      lock.unlock();
      attend();
      lock.lock();
      continue;
    }
    if (!paused_ || stop_ || interrupted) break;
    // A signal handler can set `interrupted`, but not notify.
    changed_.wait_for(lock, std::chrono::milliseconds(100));
  }
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace reverie::engine
