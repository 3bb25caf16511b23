#pragma once
// Renders a queue's runs, one after another, and keeps the models loaded.

#include <functional>
#include <thread>

#include "serve/run_queue.h"
#include "serve/run_settings.h"

namespace reverie {

class PerceptorShelf;

class RunWorker {
 public:
  /// Works on a thread of its own until the queue is closed. A run that fails is told in its record and by
  /// `say`. Everything given must outlive this.
  RunWorker(RunQueue& queue, RunKind kind, const RunRules& rules,
            std::function<void(const std::string&)> say);
  /// The queue must be closed. Waits for the run that goes, which ends soon when `interrupted` is set.
  ~RunWorker();
  RunWorker(const RunWorker&) = delete;
  RunWorker& operator=(const RunWorker&) = delete;

 private:
  void work();
  void go(const RunQueue::Turn& turn);

  RunQueue& queue_;
  RunKind kind_;
  const RunRules& rules_;
  std::function<void(const std::string&)> say_;
  std::unique_ptr<PerceptorShelf> shelf_;
  std::thread thread_;
};

}  // namespace reverie
