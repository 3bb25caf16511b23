#pragma once
// Requests to a run that goes, from other threads.

#include <condition_variable>
#include <functional>
#include <mutex>

#include "reverie/viewer.h"

namespace reverie::engine {

class RequestedControl final : public RunControl {
 public:
  void pause() override;
  void resume() override;
  bool paused() const override;
  void keep_picture() override;
  void stop() override;

  /// The run is to end: stop() was called, or the process was interrupted.
  bool stopping() const;

  /// For the render, between two steps: calls `keep` if a picture is to be kept, and returns when the run is
  /// neither paused nor stopping any more. How long it was paused, in seconds.
  double wait_while_paused(const std::function<void()>& keep);

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool paused_ = false, stop_ = false, keep_ = false;
};

}  // namespace reverie::engine
