#include "serve/farm_view.h"

#include "serve/stored_run.h"

namespace reverie::serve {

FarmView::FarmView(const RunRecord& record, std::function<void(Wish)> ask)
    : record_(record), ask_(std::move(ask)) {}

void FarmView::update(const Json::Value& state, Bytes picture) {
  const std::lock_guard lock(mutex_);
  if (over_) return;
  if (picture) picture_ = std::move(picture);
  state_ = state;
  // Its names are of the other server's folder.
  state_["run"] = record_.output->base;
  state_["folder"] = record_.output->folder.string();
  if (!picture_) state_.removeMember("picture");
  state_.removeMember("palette");
  state_.removeMember("changeable");
  ++sequence_;
}

void FarmView::end(const std::string& state, const std::string& message) {
  const std::lock_guard lock(mutex_);
  over_ = true;
  state_["state"] = state;
  state_["message"] = message;
  ++sequence_;
}

web::RunView::News FarmView::news(Sequence) const {
  const std::lock_guard lock(mutex_);
  Json::Value json = state_;
  json["sequence"] = Json::UInt64(sequence_);
  json["whole"] = true;
  return {sequence_, json_text(json)};
}

web::RunView::Sequence FarmView::sequence() const {
  const std::lock_guard lock(mutex_);
  return sequence_;
}

bool FarmView::over() const {
  const std::lock_guard lock(mutex_);
  return over_;
}

web::RunView::Bytes FarmView::picture() const {
  const std::lock_guard lock(mutex_);
  return picture_;
}

std::optional<std::filesystem::path> FarmView::frame(std::int64_t number) const {
  return StoredRun(record_).frame(number);
}

std::optional<std::filesystem::path> FarmView::kept(std::size_t index) const {
  return StoredRun(record_).kept(index);
}

bool FarmView::change(const Steering::Settings&, std::function<void(const Steering::Answer&)> answered) {
  if (over()) return false;
  answered({{"the server " + record_.worker +
             " renders this run, so it cannot be changed while it goes; cancel it, and start it again "
             "with other settings"},
            0});
  return true;
}

bool FarmView::ask(Wish wish) {
  if (over()) return false;
  ask_(wish);
  return true;
}

}  // namespace reverie::serve
