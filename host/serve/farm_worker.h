#pragma once
// Has runs rendered by another server of this program, a worker, over its interface for programs.
//
// What keeps the queue's promises:
//
// * The record says which worker has a run, and under which key, before the worker hears of it.
//   A worker takes one key once, so that what was sent and not answered can be sent again, also by the
//   next server.
// * A worker works on a run only while it is asked for it (its lease). A run goes to nobody else before a
//   worker that does not answer has stopped by itself.
// * The newest backup is fetched after the files that it needs, and put in its place last. With it, this
//   server goes on exactly.

#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>

#include "serve/checks.h"
#include "serve/run_queue.h"
#include "serve/worker_address.h"
#include "serve/worker_client.h"

namespace reverie::serve {

class FarmWorker {
 public:
  /// Works on a thread of its own until the queue is closed; runs that go then stay with the worker, and the
  /// next server finds them there. Everything given must outlive this.
  FarmWorker(RunQueue& queue, Checks& checks, const WorkerAddress& address, std::chrono::seconds lease,
             std::function<void(const std::string&)> say);
  /// The queue must be closed.
  ~FarmWorker();
  FarmWorker(const FarmWorker&) = delete;
  FarmWorker& operator=(const FarmWorker&) = delete;

 private:
  class Control;
  struct Run;
  enum class Next { same, free };  // of a run: asks again; it is nobody's any more, or over

  void work();
  bool is_idle();
  bool may_take(const RunRecord& record);
  void go(const RunQueue::Turn& turn, const std::shared_ptr<Control>& control);
  bool take_names(RunRecord& record);
  bool submit(Run& run);
  Next follow(Run& run);
  Next ended(Run& run, const Json::Value& there);
  std::function<void()> asks_for(const Run& run);
  void fetch_files(Run& run, bool all);
  void fetch_backup(Run& run);
  void show(Run& run);
  void pass_wishes(Run& run);
  Next give_back(Run& run, const std::string& why);
  void answered();
  bool has_lost(const Run& run) const;

  RunQueue& queue_;
  Checks& checks_;
  WorkerClient client_;
  const std::chrono::seconds lease_;
  const std::function<void(const std::string&)> say_;
  std::chrono::steady_clock::time_point heard_ = std::chrono::steady_clock::now();
  bool silent_ = false;             // which has been said
  std::set<std::int64_t> refused_;  // runs that it cannot render
  std::thread thread_;
};

}  // namespace reverie::serve
