#include "engine/run_events.h"

#include "log/log.h"

namespace reverie::engine {

void RunEvents::subscribe(RunObserver observer) {
  const std::lock_guard lock(mutex_);
  observers_.push_back(std::move(observer));
}

bool RunEvents::publish(const RunEvent& event) {
  const std::lock_guard lock(mutex_);
  for (const RunObserver& observer : observers_) observer(event);
  return !observers_.empty();
}

void RunEvents::close() {
  const std::lock_guard lock(mutex_);
  observers_.clear();
}

LoggedAsEvents::LoggedAsEvents(std::shared_ptr<RunEvents> events) : events_(std::move(events)) {
  // Who logs on another thread may still be about to when the run is over.
  log::set_log_listener([events = events_](LogLevel level, std::string_view text) {
    return events->publish(RunUpdate::Message{level, std::string(text)});
  });
}

LoggedAsEvents::~LoggedAsEvents() {
  log::set_log_listener({});
  events_->close();
}

}  // namespace reverie::engine
