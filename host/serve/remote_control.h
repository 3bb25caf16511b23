#pragma once
// What is asked of a run that goes in another process.

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

  /// From now on the run goes in this process; what was asked before is passed on.
  void attach(std::shared_ptr<ChildProcess> process);

 private:
  void send(const char* what);

  mutable std::mutex mutex_;
  std::shared_ptr<ChildProcess> process_;
  bool paused_ = false, stopped_ = false;
};

}  // namespace reverie::serve
