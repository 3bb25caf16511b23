/// Loss graph: all losses of the run as curves, <base>_losses.png beside the frames, redrawn with each
/// display.
///
/// The curves' points are in <base>_losses.json, which a restored run goes on from.

#include <json/json.h>

#include <cmath>
#include <fstream>
#include <sstream>

#include "../../io/png_file.h"
#include "drawing.h"
#include "reverie/atomic_file.h"
#include "reverie/plugin.h"
#include "reverie/viewer.h"
#include "web/loss_history.h"

namespace reverie::loss_graph {
namespace {

namespace fs = std::filesystem;
using Kind = RunUpdate::Loss::Kind;

constexpr std::pair<Kind, const char*> kKinds[] = {
    {Kind::prompt, "prompt"}, {Kind::picture, "picture"}, {Kind::other, "other"}};

std::string as_json(const LossHistory& history) {
  Json::Value root;
  root["stride"] = Json::Int64(history.width());
  root["losses"] = Json::arrayValue;
  for (const LossHistory::Series& series : history.series()) {
    Json::Value& one = root["losses"].append(Json::objectValue);
    one["name"] = series.name;
    for (const auto& [kind, word] : kKinds)
      if (kind == series.kind) one["kind"] = word;
  }
  // first step, steps, mean, lowest, highest
  for (const LossHistory::Column& column : history.columns())
    for (const auto& [series, range] : column.ranges) {
      Json::Value& row =
          root["losses"][static_cast<Json::ArrayIndex>(series)]["points"].append(Json::arrayValue);
      row.append(Json::Int64(history.slot(column) * history.width() + 1));
      row.append(Json::Int64(range.count));
      for (const double value : {range.mean(), range.low, range.high}) row.append(value);
    }
  Json::StreamWriterBuilder builder;
  builder["indentation"] = "";
  builder["precision"] = 9;
  builder["emitUTF8"] = true;
  return Json::writeString(builder, root) + "\n";
}

/// What as_json() wrote, up to a step. Throws when the file is damaged.
LossHistory read_history(const fs::path& path, std::int64_t done) {
  std::ifstream file(path, std::ios::binary);
  Json::CharReaderBuilder builder;
  builder["failIfExtra"] = true;
  Json::Value root;
  std::string errors;
  if (!Json::parseFromStream(builder, file, &root, &errors)) throw std::runtime_error(errors);
  const std::int64_t stride = root["stride"].asInt64();
  if (stride < 1) throw std::runtime_error("its stride is " + std::to_string(stride));
  LossHistory history;
  history.start_with_width(stride);
  for (const Json::Value& one : root["losses"]) {
    Kind kind = Kind::other;
    for (const auto& [known, word] : kKinds)
      if (one["kind"].asString() == word) kind = known;
    for (const Json::Value& row : one["points"]) {
      const std::int64_t slot = (row[0].asInt64() - 1) / stride;
      if ((slot + 1) * stride > done) break;  // it is measured again
      const auto count = static_cast<double>(row[1].asInt64());
      history.add(one["name"].asString(), kind, slot,
                  {row[2].asDouble() * count, row[3].asDouble(), row[4].asDouble(), row[1].asInt64()});
    }
  }
  return history;
}

/// The series of some kinds, with no more points than can be distinguished.
Panel panel(const std::string& title, const LossHistory& history, bool prompts) {
  constexpr std::int64_t kMost = 200;
  const auto& columns = history.columns();
  const std::int64_t together = (history.slot(columns.back()) - history.slot(columns.front())) / kMost + 1;
  Panel result{title, {}};
  for (std::size_t number = 0; number < history.series().size(); ++number) {
    const LossHistory::Series& series = history.series()[number];
    if ((series.kind == Kind::prompt) != prompts) continue;
    Curve curve{series.name, {}};
    std::int64_t group = -1;
    double steps = 0;
    const auto finish = [&] {
      if (group < 0) return;
      curve.points.back().x /= steps;
      curve.points.back().mean /= steps;
    };
    for (const LossHistory::Column& column : columns) {
      const auto found = column.ranges.find(number);
      if (found == column.ranges.end()) continue;
      const LossHistory::Range& range = found->second;
      const std::int64_t slot = history.slot(column);
      if (slot / together != group) {
        finish();
        group = slot / together;
        steps = 0;
        curve.points.push_back({0, 0, range.low, range.high});
      }
      const auto weight = static_cast<double>(range.count), width = static_cast<double>(history.width());
      Curve::Point& point = curve.points.back();
      point.x += (static_cast<double>(slot) * width + (width + 1) / 2) * weight;
      point.mean += range.mean() * weight;
      point.low = std::min(point.low, range.low);
      point.high = std::max(point.high, range.high);
      steps += weight;
    }
    finish();
    result.curves.push_back(std::move(curve));
  }
  return result;
}

class LossGraph final : public Viewer {
 public:
  LossGraph(Host& host, const Params&, const Setup& setup)
      : picture_(setup.folder / (setup.base_name + "_losses.png")),
        points_(setup.folder / (setup.base_name + "_losses.json")),
        settings_(setup.settings) {
    std::error_code ignored;
    if (setup.done == 0 || !fs::exists(points_, ignored)) return;
    try {
      history_ = read_history(points_, setup.done);
    } catch (const std::exception& error) {
      host.log(LogLevel::warning, "the graph begins at step " + std::to_string(setup.done + 1) + ": '" +
                                      points_.string() + "' cannot be read: " + error.what());
    }
  }

  void update(const RunUpdate& update) override {
    for (const RunUpdate::Step& step : update.steps) history_.add(step);
    if (update.picture || update.state != RunUpdate::State::running) write();
  }

 private:
  void write() {
    if (history_.series().empty()) return;
    std::vector<Panel> panels;
    for (Panel& one : std::vector{panel("distance from the prompts", history_, true),
                                  panel("other losses, weighted", history_, false)})
      if (!one.curves.empty()) panels.push_back(std::move(one));
    create_folder_of(picture_);
    write_atomically(picture_, {io::png_of(draw_panels(panels), settings_)});
    write_atomically(points_, {as_json(history_)});
  }

  fs::path picture_, points_;
  std::string settings_;
  LossHistory history_;
};

}  // namespace

REVERIE_EXPORT_PLUGIN(LossGraph, Viewer, "loss_graph", "1.0", "graphs of all losses as a PNG file", kNoParams,
                      "", "show_graphs");

}  // namespace reverie::loss_graph
