#pragma once
// Requests to a run that goes, from other threads.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>

#include "reverie/steering.h"
#include "reverie/viewer.h"

namespace reverie::engine {

class RequestedControl final : public RunControl, public Steering {
 public:
  /// Changes that were asked for and are not answered.
  struct ChangeRequest {
    Settings settings;
    std::function<void(const Answer&)> answered;
  };

  ~RequestedControl() override;

  void pause() override;
  void resume() override;
  bool paused() const override;
  void keep_picture() override;
  void stop() override;

  void change(const Settings& settings, std::function<void(const Answer&)> answered) override;
  std::vector<Value> values() const override;
  std::uint64_t version() const override;

  /// The run is to end: stop() was called, or the process was interrupted.
  bool stopping() const;

  /// For the render, between two steps: calls `keep` if a picture is to be kept and `attend` if a change is
  /// asked for, and returns when the run is neither paused nor stopping any more. How long it was paused, in
  /// seconds.
  double wait_while_paused(const std::function<void()>& keep, const std::function<void()>& attend = {});

  /// What values() are from here on.
  void set_values(std::vector<Value> values);
  /// From here on changes are taken.
  void take_changes();
  /// From here on changes are refused, with this reason.
  void refuse_changes(const std::string& why);
  /// The oldest one.
  std::optional<ChangeRequest> next_change();

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool paused_ = false, stop_ = false, keep_ = false;
  std::string refusal_ = "the run is being prepared; try again when its first step is done";
  std::deque<ChangeRequest> changes_;
  std::vector<Value> values_;
  std::uint64_t version_ = 0;
};

}  // namespace reverie::engine
