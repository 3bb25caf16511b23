#pragma once
// What happens in a run, in one stream for all who follow it.

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "plugins/plugin_call.h"
#include "reverie/viewer.h"

namespace reverie::engine {

/// Every display_every steps, and behind the last one.
struct RunDisplay {
  RunPosition moment;
  std::function<at::Tensor()> image;  ///< makes the picture when first asked; of use until the event is over
  std::optional<at::Tensor> palette;
};

/// Nothing follows.
struct RunEnd {
  RunUpdate::State state;
  std::string message;  ///< why it failed
};

using RunEvent = std::variant<RunUpdate::Step, RunDisplay, RunUpdate::File, std::vector<RunUpdate::Memory>,
                              RunUpdate::Message, RunEnd>;
using RunObserver = std::function<void(const RunEvent&)>;

class RunEvents {
 public:
  /// Observers get each event in the order in which they came.
  void subscribe(RunObserver observer);

  /// From any thread, also by an observer; observers get one event after another, so none should wait long.
  /// False: there are none.
  bool publish(const RunEvent& event);

  /// From here on nobody gets anything.
  void close();

 private:
  std::recursive_mutex mutex_;
  std::vector<RunObserver> observers_;
};

/// While it lives, what is logged is an event of the run; at its end it closes them.
class LoggedAsEvents {
 public:
  explicit LoggedAsEvents(std::shared_ptr<RunEvents> events);
  ~LoggedAsEvents();
  LoggedAsEvents(const LoggedAsEvents&) = delete;
  LoggedAsEvents& operator=(const LoggedAsEvents&) = delete;

 private:
  std::shared_ptr<RunEvents> events_;
};

}  // namespace reverie::engine
