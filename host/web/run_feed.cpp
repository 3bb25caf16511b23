#include "web/run_feed.h"

#include <json/reader.h>
#include <json/writer.h>

#include <algorithm>

#include "web/png_bytes.h"
#include "web/token.h"

namespace reverie::web {
namespace {

/// The speed is that of the last so many seconds: scenes differ.
constexpr double kSpeedSeconds = 20;

const char* word(RunUpdate::Loss::Kind kind) {
  switch (kind) {
    case RunUpdate::Loss::Kind::prompt:
      return "prompt";
    case RunUpdate::Loss::Kind::picture:
      return "picture";
    case RunUpdate::Loss::Kind::other:
      break;
  }
  return "other";
}

const char* word(RunUpdate::State state) {
  switch (state) {
    case RunUpdate::State::running:
      return "running";
    case RunUpdate::State::finished:
      return "finished";
    case RunUpdate::State::interrupted:
      return "interrupted";
    case RunUpdate::State::failed:
      break;
  }
  return "failed";
}

/// What a browser can show.
bool is_picture(const std::filesystem::path& path) { return path.extension() == ".png"; }

Json::Value parsed(const std::string& text) {
  Json::Value json;
  const std::unique_ptr<Json::CharReader> reader(Json::CharReaderBuilder().newCharReader());
  reader->parse(text.data(), text.data() + text.size(), &json, nullptr);
  return json;
}

std::string written(const Json::Value& json) {
  Json::StreamWriterBuilder builder;
  builder["indentation"] = "";
  builder["emitUTF8"] = true;
  builder["precision"] = 7;
  return Json::writeString(builder, json);
}

/// The folder need not be there yet.
std::filesystem::path without_links(const std::filesystem::path& folder) {
  std::error_code error;
  const std::filesystem::path path =
      std::filesystem::weakly_canonical(std::filesystem::absolute(folder, error), error);
  return error ? std::filesystem::path() : path;
}

Json::Int64 number(std::int64_t value) { return value; }

}  // namespace

Json::Value history_json(const LossHistory& history, std::uint64_t since) {
  Json::Value json(Json::objectValue);
  const auto& all = history.columns();
  const auto first = std::find_if(all.begin(), all.end(),
                                  [&](const LossHistory::Column& column) { return column.changed > since; });
  json["from"] = static_cast<Json::UInt64>(first - all.begin());
  Json::Value& columns = json["columns"] = Json::Value(Json::arrayValue);
  for (auto column = first; column != all.end(); ++column) {
    Json::Value& row = columns.append(Json::Value(Json::arrayValue));
    row.append(number(column->first));
    row.append(number(column->last));
    for (const auto& [series, range] : column->ranges) {
      row.append(static_cast<Json::UInt64>(series));
      row.append(range.mean());
      row.append(range.low);
      row.append(range.high);
    }
  }
  if (history.series_changed() > since || since == 0) {
    Json::Value& series = json["series"] = Json::Value(Json::arrayValue);
    for (const LossHistory::Series& one : history.series()) {
      Json::Value& entry = series.append(Json::Value(Json::objectValue));
      entry["name"] = one.name;
      entry["kind"] = word(one.kind);
    }
  }
  return json;
}

RunFeed::RunFeed(const Viewer::Setup& setup)
    : id_(make_secret()),
      base_(setup.base_name),
      folder_(setup.folder.string()),
      settings_(setup.settings),
      place_(without_links(setup.folder)),
      scenes_(setup.scenes),
      steps_(setup.steps),
      done_(setup.done),
      control_(setup.control) {
  last_.number = setup.done;
}

void RunFeed::update(const RunUpdate& update) {
  const std::lock_guard lock(mutex_);
  ++sequence_;
  for (const RunUpdate::Step& step : update.steps) {
    history_.add(step, sequence_);
    recent_.emplace_back(step.number, step.seconds);
    while (recent_.size() > 2 && step.seconds - recent_[1].second > kSpeedSeconds) recent_.pop_front();
  }
  if (!update.steps.empty()) last_ = update.steps.back();
  if (update.picture) {
    picture_ = {update.picture->step, update.picture->image, nullptr};
    if (update.picture->palette) palette_ = {update.picture->step, *update.picture->palette, nullptr};
  }
  for (const RunUpdate::File& file : update.saved) {
    // Pages see the run's folder, and no other.
    if (!is_picture(file.path) || file.path.parent_path() != folder_) continue;
    if (file.number == 0)
      kept_.push_back(place_ / file.path.filename());
    else
      frames_[file.number] = place_ / file.path.filename();
  }
  if (!update.memory.empty()) memory_ = update.memory;
  state_ = update.state;
  message_ = update.message;
  if (state_ != RunUpdate::State::running) {
    notice_control();
    control_ = nullptr;
    paused_ = false;
  }
}

RunView::News RunFeed::news(Sequence since) const {
  const std::lock_guard lock(mutex_);
  notice_control();
  Json::Value json(Json::objectValue);
  json["sequence"] = static_cast<Json::UInt64>(sequence_);
  json["id"] = id_;
  json["whole"] = since == 0;
  if (since == 0) {
    json["run"] = base_;
    json["folder"] = folder_;
    json["settings"] = parsed(settings_);
    json["steps"] = number(steps_);
    json["done_before"] = number(done_);
    Json::Value& scenes = json["scenes"] = Json::Value(Json::arrayValue);
    for (const std::string& scene : scenes_) scenes.append(scene);
  }
  json["state"] = state_ == RunUpdate::State::running && paused_ ? "paused" : word(state_);
  json["stopping"] = stopping_ && state_ == RunUpdate::State::running;
  json["message"] = message_;
  json["step"] = number(last_.number);
  json["seconds"] = last_.seconds;
  json["scene"] = number(last_.scene);
  json["t"] = last_.t;
  add_speed(json);
  Json::Value& losses = json["losses"] = Json::Value(Json::arrayValue);
  for (const RunUpdate::Loss& loss : last_.losses) {
    Json::Value& entry = losses.append(Json::Value(Json::objectValue));
    entry["name"] = loss.name;
    entry["kind"] = word(loss.kind);
    entry["value"] = loss.value;
    entry["share"] = loss.share;
  }
  json["history"] = history_json(history_, since);
  if (since == 0 || settings_changed_ > since) add_settings(json);
  const auto add_shown = [&](const char* name, const Shown& shown) {
    if (!shown.image.defined()) return;
    json[name]["step"] = number(shown.step);
    json[name]["height"] = number(shown.image.size(2));
    json[name]["width"] = number(shown.image.size(3));
  };
  add_shown("picture", picture_);
  add_shown("palette", palette_);
  if (!frames_.empty()) {
    json["frames"]["first"] = number(frames_.begin()->first);
    json["frames"]["last"] = number(frames_.rbegin()->first);
  }
  Json::Value& kept = json["kept"] = Json::Value(Json::arrayValue);
  for (const std::filesystem::path& path : kept_) kept.append(path.filename().string());
  Json::Value& memory = json["memory"] = Json::Value(Json::arrayValue);
  for (const RunUpdate::Memory& part : memory_) {
    Json::Value& entry = memory.append(Json::Value(Json::objectValue));
    entry["component"] = part.component;
    entry["bytes"] = number(part.bytes);
    entry["most"] = number(part.most);
  }
  return {sequence_, written(json)};
}

void RunFeed::add_speed(Json::Value& json) const {
  json["steps_per_second"] = json["seconds_left"] = Json::Value();
  if (recent_.empty()) return;
  const auto [last, end] = recent_.back();
  const auto [first, start] = recent_.size() > 1 ? recent_.front() : std::pair(done_, 0.0);
  if (last <= first || end <= start) return;
  const double speed = static_cast<double>(last - first) / (end - start);
  json["steps_per_second"] = speed;
  json["seconds_left"] = static_cast<double>(steps_ - last) / speed;
}

/// What others have done to the run.
void RunFeed::notice_control() const {
  if (const auto* steering = dynamic_cast<const Steering*>(control_);
      steering && steering->version() != steering_version_) {
    steering_version_ = steering->version();
    values_ = steering->values();
    settings_changed_ = ++sequence_;
  }
  const bool now = control_ && control_->paused();
  if (now == paused_) return;
  paused_ = now;
  ++sequence_;
}

/// Those that can change, and their present values.
void RunFeed::add_settings(Json::Value& json) const {
  Json::Value& list = json["changeable"] = Json::Value(Json::arrayValue);
  for (const Steering::Value& value : values_) {
    Json::Value& entry = list.append(Json::Value(Json::objectValue));
    entry["name"] = value.name;
    entry["value"] = value.value;
    entry["help"] = value.help;
    entry["number"] = value.number;
    if (value.low) entry["low"] = *value.low;
    if (value.high) entry["high"] = *value.high;
  }
}

RunView::Sequence RunFeed::sequence() const {
  const std::lock_guard lock(mutex_);
  notice_control();
  return sequence_;
}

bool RunFeed::over() const {
  const std::lock_guard lock(mutex_);
  return state_ != RunUpdate::State::running;
}

RunView::Bytes RunFeed::picture() const { return encoded(picture_); }
RunView::Bytes RunFeed::palette() const { return encoded(palette_); }

RunView::Bytes RunFeed::encoded(Shown& newest) const {
  // Encoding takes long; only others who want a picture wait for it.
  const std::lock_guard one_at_a_time(encoding_);
  Shown shown;
  {
    const std::lock_guard lock(mutex_);
    shown = newest;
  }
  if (!shown.image.defined() || shown.png) return shown.png;
  const Bytes png = std::make_shared<const std::string>(png_bytes(shown.image));
  const std::lock_guard lock(mutex_);
  if (newest.step == shown.step) newest.png = png;
  return png;
}

std::optional<std::filesystem::path> RunFeed::frame(std::int64_t number) const {
  const std::lock_guard lock(mutex_);
  const auto found = frames_.find(number);
  return found == frames_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::filesystem::path> RunFeed::kept(std::size_t index) const {
  const std::lock_guard lock(mutex_);
  return index == 0 || index > kept_.size() ? std::nullopt : std::optional(kept_[index - 1]);
}

bool RunFeed::ask(Wish wish) {
  const std::lock_guard lock(mutex_);
  if (!control_) return false;
  switch (wish) {
    case Wish::pause:
      control_->pause();
      break;
    case Wish::resume:
      control_->resume();
      break;
    case Wish::keep:
      control_->keep_picture();
      break;
    case Wish::stop:
      control_->stop();
      stopping_ = true;
      ++sequence_;
      break;
  }
  notice_control();
  return true;
}

bool RunFeed::change(const Steering::Settings& settings,
                     std::function<void(const Steering::Answer&)> answered) {
  const std::lock_guard lock(mutex_);
  auto* steering = dynamic_cast<Steering*>(control_);
  if (!steering) return false;
  steering->change(settings, std::move(answered));
  return true;
}

}  // namespace reverie::web
