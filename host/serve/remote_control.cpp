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
