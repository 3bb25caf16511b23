#pragma once
// Passes requests to a run in another process.

#include <map>
#include <memory>
#include <mutex>

#include "reverie/steering.h"
#include "reverie/viewer.h"
#include "serve/fork_server.h"

namespace reverie::serve {

class RemoteControl final : public RunControl, public Steering {
 public:
  ~RemoteControl() override { lost(); }

  void pause() override;
  void resume() override;
  bool paused() const override;
  void keep_picture() override;
  /// A second time: the process is ended at once, since the run does not end by itself.
  void stop() override;

  void change(const Settings& settings, std::function<void(const Answer&)> answered) override;
  std::vector<Value> values() const override;
  std::uint64_t version() const override;

  // What the process says.
  void set_values(std::vector<Value> values);
  void answered(std::int64_t number, const Answer& answer);
  /// It is gone, or the run is over: changes that are not answered have not been made.
  void lost();

  /// Before the run begins: none of its settings can change.
  void refuse_changes(const std::string& why);

  /// The run is now in this process. Requests that came earlier are passed on.
  void attach(std::shared_ptr<ChildProcess> process);

 private:
  void send(const char* what);

  mutable std::mutex mutex_;
  std::shared_ptr<ChildProcess> process_;
  bool paused_ = false, stopped_ = false;
  std::map<std::int64_t, std::function<void(const Answer&)>> changes_;  ///< not answered yet
  std::int64_t last_change_ = 0;
  std::string refusal_;  ///< of all changes; empty: they are passed on
  std::vector<Value> values_;
  std::uint64_t version_ = 0;
};

}  // namespace reverie::serve
