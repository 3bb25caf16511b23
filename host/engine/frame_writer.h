#pragma once
// What a run leaves on the disk, written beside it.

#include <condition_variable>
#include <deque>
#include <exception>
#include <filesystem>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "engine/backup.h"
#include "engine/run_events.h"
#include "engine/run_plugins.h"

namespace reverie::engine {

/// Hands pictures to the sinks and writes backups on a thread of its own, one after another in the order in
/// which they came: a backup is made only when its frame is on the disk. What fails there is thrown by the
/// next call, and nothing more is written.
class FrameWriter {
 public:
  /// Pictures and backups that may wait; then the run waits.
  static constexpr std::size_t kMostWaiting = 4;

  /// `backups` may be null. The sinks show what `events` display. Everything given must outlive this.
  FrameWriter(Host& host, const std::vector<Member<OutputSink>>& sinks, Backups* backups, RunEvents& events);
  ~FrameWriter();
  FrameWriter(const FrameWriter&) = delete;
  FrameWriter& operator=(const FrameWriter&) = delete;

  bool backs_up() const { return backups_ != nullptr; }

  /// `image` [1, 3, H, W], or with its opacity [1, 4, H, W], is the writer's from here on, and nobody changes
  /// it. `moment`: before the frame counts. `svg`: the same as a vector drawing; empty: there is none.
  void save(const at::Tensor& image, const RunPosition& moment, const std::string& svg = {});
  /// Of a picture that the artist asked for.
  void keep(const at::Tensor& image, const RunPosition& moment, const std::string& svg = {});
  /// Of the frame that was saved last. It shares no memory with what the run goes on with.
  void back_up(std::int64_t number, Backup backup);

  /// Throws what has failed meanwhile.
  void check();
  /// Returns when everything is on the disk. Sinks are called by nobody until the next picture.
  void wait();
  /// Writes what waits and ends the thread, for a run that has failed; a failure of its own is a warning.
  void stop();

  /// Of the frame that was saved last, after wait(); empty if no sink has made a file of it.
  const std::filesystem::path& last_frame() const { return last_frame_; }

 private:
  using Job = std::function<void()>;
  void post(Job job);
  void work();
  void display(const RunDisplay& display);
  void rethrow();  // under the lock

  Host& host_;
  const std::vector<Member<OutputSink>>& sinks_;
  Backups* backups_;
  RunEvents& events_;
  std::filesystem::path last_frame_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;  // the first one is at work
  bool ending_ = false, failed_ = false;
  std::exception_ptr failure_;  // until it is thrown
  std::thread thread_;
};

}  // namespace reverie::engine
