/// Loss graph: all losses of the run as curves, <base>_losses.png beside the frames, redrawn with each
/// display.
///
/// The curves' points are in <base>_losses.json, which a restored run goes on from.

#include <json/json.h>

#include <cmath>
#include <fstream>
#include <sstream>

#include "../../io/png_file.h"
#include "../loss_history.h"
#include "drawing.h"
#include "reverie/atomic_file.h"
#include "reverie/plugin.h"
#include "reverie/viewer.h"

namespace reverie::loss_graph {
namespace {

namespace fs = std::filesystem;
using Kind = RunUpdate::Loss::Kind;

constexpr std::pair<Kind, const char*> kKinds[] = {
    {Kind::prompt, "prompt"}, {Kind::picture, "picture"}, {Kind::other, "other"}};

std::string as_json(const viewers::LossHistory& history) {
  Json::Value root;
  root["stride"] = Json::Int64(history.stride());
  root["losses"] = Json::arrayValue;
  for (const viewers::LossHistory::Series& series : history.series()) {
    Json::Value one;
    one["name"] = series.name;
    for (const auto& [kind, word] : kKinds)
      if (kind == series.kind) one["kind"] = word;
    // first step, steps, mean, lowest, highest
    for (const viewers::LossHistory::Point& point : series.points) {
      Json::Value& row = one["points"].append(Json::arrayValue);
      row.append(Json::Int64(point.slot * history.stride() + 1));
      row.append(Json::Int64(point.steps));
      for (const double value : {point.mean, point.low, point.high}) row.append(value);
    }
    root["losses"].append(one);
  }
  Json::StreamWriterBuilder builder;
  builder["indentation"] = "";
  builder["precision"] = 9;
  builder["emitUTF8"] = true;
  return Json::writeString(builder, root) + "\n";
}

/// What as_json() wrote, up to a step. Throws when the file is damaged.
viewers::LossHistory read_history(const fs::path& path, std::int64_t done) {
  std::ifstream file(path, std::ios::binary);
  Json::CharReaderBuilder builder;
  builder["failIfExtra"] = true;
  Json::Value root;
  std::string errors;
  if (!Json::parseFromStream(builder, file, &root, &errors)) throw std::runtime_error(errors);
  const std::int64_t stride = root["stride"].asInt64();
  if (stride < 1) throw std::runtime_error("its stride is " + std::to_string(stride));
  viewers::LossHistory history;
  history.start_with_stride(stride);
  for (const Json::Value& one : root["losses"]) {
    Kind kind = Kind::other;
    for (const auto& [known, word] : kKinds)
      if (one["kind"].asString() == word) kind = known;
    for (const Json::Value& row : one["points"]) {
      const std::int64_t slot = (row[0].asInt64() - 1) / stride;
      if ((slot + 1) * stride > done) break;  // it is measured again
      history.add(one["name"].asString(), kind,
                  {slot, row[1].asInt64(), row[2].asDouble(), row[3].asDouble(), row[4].asDouble()});
    }
  }
  return history;
}

/// The series of some kinds, with no more points than can be distinguished.
Panel panel(const std::string& title, const viewers::LossHistory& history, bool prompts) {
  constexpr std::int64_t kMost = 200;
  std::int64_t first = viewers::LossHistory::kMost, last = 0;
  for (const viewers::LossHistory::Series& series : history.series()) {
    first = std::min(first, series.points.front().slot);
    last = std::max(last, series.points.back().slot);
  }
  const std::int64_t together = (last - first) / kMost + 1;
  Panel result{title, {}};
  for (const viewers::LossHistory::Series& series : history.series()) {
    if ((series.kind == Kind::prompt) != prompts) continue;
    Curve curve{series.name, {}};
    for (auto from = series.points.begin(); from != series.points.end();) {
      const auto to = std::find_if(from, series.points.end(), [&](const viewers::LossHistory::Point& point) {
        return point.slot / together != from->slot / together;
      });
      Curve::Point sum{0, 0, from->low, from->high};
      double steps = 0;
      for (; from != to; ++from) {
        const auto weight = static_cast<double>(from->steps);
        sum.x += history.step_of(*from) * weight;
        sum.mean += from->mean * weight;
        sum.low = std::min(sum.low, from->low);
        sum.high = std::max(sum.high, from->high);
        steps += weight;
      }
      curve.points.push_back({sum.x / steps, sum.mean / steps, sum.low, sum.high});
    }
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
  viewers::LossHistory history_;
};

}  // namespace

REVERIE_EXPORT_PLUGIN(LossGraph, Viewer, "loss_graph", "1.0", "graphs of all losses as a PNG file", kNoParams,
                      "", "show_graphs");

}  // namespace reverie::loss_graph
