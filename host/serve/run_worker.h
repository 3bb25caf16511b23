#pragma once
// Has a queue's runs rendered, one after another, in a process that keeps the models loaded.

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "serve/fork_server.h"
#include "serve/run_queue.h"

namespace reverie::web {
class RunFeed;
}

namespace reverie::serve {

class RemoteControl;

class RunWorker {
 public:
  /// Works on a thread of its own until the queue is closed. `role`: that of render_runs() for this kind of
  /// run. A failure is written into the run's record and to `say`. A run fails if its process ends, and the
  /// next run gets a new process. Everything given must outlive this.
  RunWorker(RunQueue& queue, RunKind kind, ForkServer& processes, std::size_t role,
            std::function<void(const std::string&)> say);
  /// The queue must be closed. The present run is saved first.
  ~RunWorker();
  RunWorker(const RunWorker&) = delete;
  RunWorker& operator=(const RunWorker&) = delete;

 private:
  struct Run;
  void work();
  void go(const RunQueue::Turn& turn);
  /// False: the process ended before it took the run, which therefore has not begun.
  bool go_once(const RunQueue::Turn& turn);
  std::shared_ptr<ChildProcess> process_for(const RunQueue::Turn& turn);
  /// Whether it was the last one of the run.
  bool take(Run& run, Message& message);
  void keep_names(Run& run, const Message& message);
  void prepared(Run& run, const Message& message);
  void update(Run& run, Message& message);
  static RemoteControl& control_of(const Run& run);

  RunQueue& queue_;
  RunKind kind_;
  ForkServer& processes_;
  std::size_t role_;
  std::function<void(const std::string&)> say_;
  std::mutex mutex_;
  std::shared_ptr<ChildProcess> process_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace reverie::serve
