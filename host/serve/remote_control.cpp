#include "serve/remote_control.h"

namespace reverie::serve {

void RemoteControl::pause() {
  const std::lock_guard lock(mutex_);
  paused_ = true;
  send("pause");
}

void RemoteControl::resume() {
  const std::lock_guard lock(mutex_);
  paused_ = false;
  send("resume");
}

bool RemoteControl::paused() const {
  const std::lock_guard lock(mutex_);
  return paused_;
}

void RemoteControl::keep_picture() {
  const std::lock_guard lock(mutex_);
  send("keep");
}

void RemoteControl::stop() {
  const std::lock_guard lock(mutex_);
  if (stopped_ && process_) process_->kill();
  stopped_ = true;
  send("stop");
}

void RemoteControl::change(const Settings& settings, std::function<void(const Answer&)> answered) {
  std::string why = "the run has not begun";
  {
    const std::lock_guard lock(mutex_);
    Json::Value head = Channel::named("change");
    head["number"] = Json::Int64(++last_change_);
    for (const auto& [name, value] : settings) head["settings"][name] = value;
    if (refusal_.empty() && process_ && process_->send(head)) {
      changes_[last_change_] = std::move(answered);
      return;
    }
    if (!refusal_.empty()) why = refusal_;
  }
  answered({{why}, 0});
}

void RemoteControl::refuse_changes(const std::string& why) {
  const std::lock_guard lock(mutex_);
  refusal_ = why;
}

std::vector<Steering::Value> RemoteControl::values() const {
  const std::lock_guard lock(mutex_);
  return values_;
}

std::uint64_t RemoteControl::version() const {
  const std::lock_guard lock(mutex_);
  return version_;
}

void RemoteControl::set_values(std::vector<Value> values) {
  const std::lock_guard lock(mutex_);
  if (!refusal_.empty()) return;
  values_ = std::move(values);
  ++version_;
}

void RemoteControl::answered(std::int64_t number, const Answer& answer) {
  std::function<void(const Answer&)> waits;
  {
    const std::lock_guard lock(mutex_);
    const auto found = changes_.find(number);
    if (found == changes_.end()) return;
    waits = std::move(found->second);
    changes_.erase(found);
  }
  waits(answer);
}

void RemoteControl::lost() {
  std::map<std::int64_t, std::function<void(const Answer&)>> unanswered;
  {
    const std::lock_guard lock(mutex_);
    unanswered.swap(changes_);
  }
  for (const auto& [number, waits] : unanswered) waits({{"the run has ended"}, 0});
}

void RemoteControl::attach(std::shared_ptr<ChildProcess> process) {
  const std::lock_guard lock(mutex_);
  process_ = std::move(process);
  if (paused_) send("pause");
  if (stopped_) send("stop");
}

void RemoteControl::send(const char* what) {
  if (process_) process_->send(Channel::named(what));  // to nobody when it is gone
}

}  // namespace reverie::serve
