#pragma once
// Passes requests to a run in another process.

#include <memory>
#include <mutex>

#include "reverie/viewer.h"
#include "serve/fork_server.h"

namespace reverie::serve {

class RemoteControl final : public RunControl {
 public:
  void pause() override;
  void resume() override;
  bool paused() const override;
  void keep_picture() override;
  /// A second time: the process is ended at once, since the run does not end by itself.
  void stop() override;

  /// The run is now in this process. Requests that came earlier are passed on.
  void attach(std::shared_ptr<ChildProcess> process);

 private:
  void send(const char* what);

  mutable std::mutex mutex_;
  std::shared_ptr<ChildProcess> process_;
  bool paused_ = false, stopped_ = false;
};

}  // namespace reverie::serve
