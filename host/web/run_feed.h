#pragma once
// RunFeed: a viewer that remembers a run for pages that come, go and reload.

#include <json/value.h>

#include <deque>
#include <map>
#include <mutex>

#include "reverie/viewer.h"
#include "web/loss_history.h"
#include "web/run_view.h"

namespace reverie::web {

/// What changed after `since`: {"from": column, "columns": [[first, last, series, mean, low, high, series,
/// ...],
/// ...], "series": [{name, kind}, ...]}. Columns from `from` on are replaced by those given; "series" is left
/// out when it did not change.
Json::Value history_json(const LossHistory& history, std::uint64_t since);

class RunFeed final : public Viewer, public RunView {
 public:
  /// The setup's control is not used any more once the last update has come.
  explicit RunFeed(const Viewer::Setup& setup);

  /// Copies what is new and returns; pictures are encoded only for those who ask.
  void update(const RunUpdate& update) override;

  News news(Sequence since) const override;
  Sequence sequence() const override;
  bool over() const override;
  Bytes picture() const override;
  Bytes palette() const override;
  std::optional<std::filesystem::path> frame(std::int64_t number) const override;
  std::optional<std::filesystem::path> kept(std::size_t index) const override;
  bool ask(Wish wish) override;
  bool change(const Steering::Settings& settings,
              std::function<void(const Steering::Answer&)> answered) override;

 private:
  /// A picture and, once somebody asked, its file.
  struct Shown {
    std::int64_t step = 0;
    at::Tensor image;
    Bytes png;
  };

  Bytes encoded(Shown& newest) const;
  void notice_control() const;
  void add_settings(Json::Value& json) const;
  void add_speed(Json::Value& json) const;

  std::string id_, base_, folder_, settings_;
  std::filesystem::path place_;  ///< the folder without links, when the run began
  std::vector<std::string> scenes_;
  std::int64_t steps_, done_;

  mutable std::mutex mutex_;
  mutable Sequence sequence_ = 1;
  RunControl* control_;          ///< null once the run is over
  mutable bool paused_ = false;  ///< as last seen: others may pause the run, too
  bool stopping_ = false;
  mutable std::uint64_t steering_version_ = 0;  ///< as last seen
  mutable Sequence settings_changed_ = 0;       ///< when that was
  mutable std::vector<Steering::Value> values_;
  LossHistory history_;
  RunUpdate::Step last_{};
  std::deque<std::pair<std::int64_t, double>> recent_;  ///< steps and their seconds, for the speed
  mutable Shown picture_, palette_;
  std::map<std::int64_t, std::filesystem::path> frames_;
  std::vector<std::filesystem::path> kept_;
  std::vector<RunUpdate::Memory> memory_;
  RunUpdate::State state_ = RunUpdate::State::running;
  std::string message_;
  mutable std::mutex encoding_;
};

}  // namespace reverie::web
