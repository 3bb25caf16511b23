#pragma once
// Brings what happens in a run to those who watch it, without ever waiting for them.

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "engine/run_events.h"

namespace reverie::engine {

class Viewers {
 public:
  /// Steps that may wait for a viewer; then every second of them is left out.
  static constexpr std::size_t kMostWaiting = 4096;
  /// Messages that may wait for one; then the oldest are left out.
  static constexpr std::size_t kMostMessages = 100;

  /// `host` must outlive this; `patience`: how long the end of a run waits for a viewer's last update.
  explicit Viewers(Host& host, std::chrono::milliseconds patience = std::chrono::seconds(5));
  /// Viewers that did not come to an end stay in memory, with their threads.
  ~Viewers();
  Viewers(const Viewers&) = delete;
  Viewers& operator=(const Viewers&) = delete;

  /// `name` for messages. `needed` lives as long as the viewer, which may outlive the run.
  void add(const std::string& name, std::shared_ptr<Viewer> viewer,
           std::shared_ptr<const void> needed = nullptr);
  /// Whether a viewer that still lives shows the progress, so that nobody else need.
  bool show_progress() const;
  /// Puts it into the viewers' next updates; messages only into those of viewers that show the progress.
  void post(const RunEvent& event);
  /// After the end was posted: waits for the viewers to take it, up to the patience.
  void wait();

 private:
  class Mailbox;
  Host& host_;
  std::chrono::milliseconds patience_;
  std::vector<std::shared_ptr<Mailbox>> mailboxes_;
};

}  // namespace reverie::engine
