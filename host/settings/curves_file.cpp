#include "settings/curves_file.h"

#include <json/json.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <memory>
#include <numbers>
#include <optional>
#include <set>

#include "base/nearest.h"
#include "base/texts.h"
#include "settings/curve_points.h"
#include "settings/parseq_prompts.h"
#include "settings/quaternion.h"
#include "settings/table_rows.h"

namespace reverie {
namespace {

/// "rotate_3d[2]" is rotate_3d and 2.
std::pair<std::string, std::optional<std::size_t>> name_and_index(const std::string& column) {
  const std::size_t open = column.find('[');
  if (open == std::string::npos || column.back() != ']') return {column, std::nullopt};
  const std::optional<double> index = number_of(column.substr(open + 1, column.size() - open - 2));
  constexpr double kMost = 1000;
  if (!index || *index < 0 || *index > kMost || *index != std::floor(*index)) return {column, std::nullopt};
  return {trimmed(column.substr(0, open)), static_cast<std::size_t>(*index)};
}

/// One setting of a table, and the columns of its numbers.
struct Column {
  std::string name;
  std::vector<std::size_t> cells;
};

}  // namespace

CurvesFile read_curves_csv(const std::string& text, const std::string& file, const CurveUnits& units,
                           const SettingNames& names,
                           const std::function<const ParamSpec*(const SettingName&)>& spec) {
  CurvesFile result;
  const auto problem = [&](int line, const std::string& message) {
    result.problems.push_back({{file, line}, message});
  };
  const std::vector<TableRow> rows = table_rows(text);
  const std::string first = rows.empty() ? "" : lower(trimmed(rows[0].cells[0]));
  if (first != "frame" && first != "t") {
    problem(1,
            "is no table of curves: its first column is called 'frame' or 't', the others as settings are");
    return result;
  }
  std::optional<std::size_t> frames, seconds;
  std::map<std::string, Column> columns;  // by identity
  const std::vector<std::string>& head = rows[0].cells;
  for (std::size_t i = 0; i < head.size(); ++i) {
    const std::string title = trimmed(head[i]);
    if (lower(title) == "frame" || lower(title) == "t") {
      (lower(title) == "t" ? seconds : frames) = i;
      continue;
    }
    if (title.find(',') != std::string::npos) {  // as `reverie curves` names what no setting is
      result.notices.push_back(file + ": the column '" + title + "' is of a prompt or a loss, and left out");
      continue;
    }
    const auto [name, index] = name_and_index(title);
    const SettingName found = names.find(name);
    const ParamSpec* declared = found.name.empty() ? nullptr : spec(found);
    if (!declared) {
      problem(1, "the column '" + title + "': " + names.missing(name));
      continue;
    }
    if (!declared->animatable) {
      problem(1, "the column '" + title + "': this setting cannot vary" +
                     (declared->is_fixed() ? std::string(", since ") + declared->why_fixed() : "") +
                     "; docs/settings.md marks those that can as expressions");
      continue;
    }
    const std::size_t count =
        declared->type == ParamType::list ? split(declared->default_text, ",").size() : 1;
    const std::size_t number = index.value_or(0);
    if ((count > 1) != index.has_value() || number >= count) {
      problem(1, "the column '" + title + "': " + name +
                     (count > 1 ? " is a list of " + std::to_string(count) + " numbers, in columns " + name +
                                      "[0] to " + name + "[" + std::to_string(count - 1) + "]"
                                : " is one number"));
      continue;
    }
    Column& column = columns[names.identity(name)];
    column.name = name;
    column.cells.resize(count, 0);
    if (column.cells[number] != 0) problem(1, "the column '" + title + "' is there twice");
    column.cells[number] = i;
  }
  for (const auto& [identity, column] : columns)
    for (std::size_t i = 0; i < column.cells.size(); ++i)
      if (column.cells[i] == 0)
        problem(1, "the column '" + column.name + "[" + std::to_string(i) + "]' is missing");
  if (!result.problems.empty()) return result;

  std::map<std::string, CurvePoints> keyframes;
  std::optional<double> before;
  for (std::size_t r = 1; r < rows.size(); ++r) {
    const TableRow& row = rows[r];
    const auto cell = [&](std::size_t i) { return i < row.cells.size() ? trimmed(row.cells[i]) : ""; };
    const std::string written = cell(seconds ? *seconds : *frames);
    std::optional<double> place = number_of(written);
    if (!place) {
      problem(row.line, "'" + written + "' is no " + (seconds ? "time" : "frame"));
      return result;
    }
    if (seconds) *place *= units.frames_per_second;
    if (before && *place <= *before) {
      problem(row.line, "'" + written + "' is not behind the row before: rows stand in the order of time");
      return result;
    }
    before = place;
    for (const auto& [identity, column] : columns) {
      std::vector<double> numbers;
      bool empty = true;
      for (const std::size_t i : column.cells) {
        empty = empty && cell(i).empty();
        const std::optional<double> number = number_of(cell(i));
        if (number) numbers.push_back(*number);
      }
      if (empty) continue;
      if (numbers.size() != column.cells.size()) {
        std::string all;
        for (const std::size_t i : column.cells) all += (all.empty() ? "'" : "', '") + cell(i);
        problem(row.line, column.name + ": " + all + "': a cell holds a finite number, or nothing");
        return result;
      }
      keyframes[identity].add(*place, std::move(numbers));
    }
  }
  for (const auto& [identity, column] : columns) {
    if (keyframes[identity].empty())
      problem(1, "the column '" + column.name + "' is empty");
    else
      result.entries.push_back({column.name, keyframes[identity].value(), {file, 1}});
  }
  if (columns.empty()) problem(1, "holds no setting, only " + first);
  return result;
}

namespace {

/// What Parseq calls the fields of a frame that move the picture, in both modes of Deforum.
constexpr const char* kFlat[] = {"angle", "zoom"};
constexpr const char* kDeep[] = {"translation_z", "rotation_3d_x", "rotation_3d_y", "rotation_3d_z"};
constexpr const char* kBoth[] = {"translation_x", "translation_y"};

/// Of Parseq's rendered frames.
class Frames {
 public:
  explicit Frames(const Json::Value& frames) {
    for (const Json::Value& frame : frames)
      for (auto field = frame.begin(); field != frame.end(); ++field) {
        const std::string name = field.name();
        const bool derived = name.ends_with("_delta") || name.ends_with("_pc");
        const bool prompt = name.ends_with("_prompt");
        if (name != "frame" && !derived && !prompt) fields_.insert(name);
      }
  }
  bool has(const std::string& field) const { return fields_.count(field) > 0; }
  /// Some are there.
  template <typename Names>
  bool has_any(const Names& names) const {
    return std::any_of(std::begin(names), std::end(names), [&](const char* name) { return has(name); });
  }
  void use(const std::string& field) { fields_.erase(field); }
  const std::set<std::string>& unused() const { return fields_; }

 private:
  std::set<std::string> fields_;
};

/// What a frame changes of the one before; Parseq computes it. Where it has not, the value itself.
double change(const Json::Value& frame, const std::string& field, double otherwise) {
  const Json::Value& delta = frame[field + "_delta"];
  if (delta.isNumeric()) return delta.asDouble();
  return frame[field].isNumeric() ? frame[field].asDouble() : otherwise;
}

}  // namespace

CurvesFile read_parseq(const std::string& text, const std::string& file, const CurveUnits& units) {
  CurvesFile result;
  const auto problem = [&](const std::string& message) { result.problems.push_back({{file, 1}, message}); };
  Json::Value root;
  std::string errors;
  const std::unique_ptr<Json::CharReader> reader(Json::CharReaderBuilder().newCharReader());
  try {
    if (!reader->parse(text.data(), text.data() + text.size(), &root, &errors)) {
      problem("is not valid JSON: " + trimmed(errors));
      return result;
    }
  } catch (const Json::Exception& error) {
    problem(std::string("is not valid JSON: ") + error.what());
    return result;
  }
  const Json::Value& frames = root.isObject() ? root["rendered_frames"] : Json::Value::nullSingleton();
  const bool usable = frames.isArray() && !frames.empty() &&
                      std::all_of(frames.begin(), frames.end(), [](const Json::Value& frame) {
                        return frame.isObject() && frame["frame"].isNumeric();
                      });
  if (!usable) {
    problem(
        "holds no 'rendered_frames' with a 'frame' each: render the document in Parseq, and save its output");
    return result;
  }
  Frames fields(frames);
  const auto moves_by = [&](const char* name) { return units.moves_by && units.moves_by(name); };
  const bool flat = moves_by("rotate_2d") && moves_by("zoom_x_2d"),
             deep = moves_by("rotate_3d") && moves_by("translate_z_3d");
  const bool slides = (flat || deep) && fields.has_any(kBoth);
  const bool turns = flat && fields.has("angle"), zooms = flat && fields.has("zoom");
  const bool flies = deep && (slides || fields.has_any(kDeep));
  const bool looks = moves_by("field_of_view") && fields.has("fov");
  if (zooms && !(units.width > 0 && units.height > 0)) {
    problem("has a zoom, which needs 'width' and 'height' as numbers: zoom_x_2d and zoom_y_2d are pixels");
    return result;
  }
  std::map<std::string, CurvePoints> curves;
  std::optional<double> before;
  for (const Json::Value& frame : frames) {
    // Frame 0 is there before anything moves; the first move is the one into frame 1.
    const double place = frame["frame"].asDouble() - 1;
    if (before && place <= *before) {
      problem("its frames do not stand in order, at frame " + shortest(place + 1));
      return result;
    }
    before = place;
    if (place < 0) continue;
    const double x = change(frame, "translation_x", 0), y = change(frame, "translation_y", 0);
    if (slides && flat) {
      curves["translate_x"].add(place, {x});
      curves["translate_y"].add(place, {-y});
    }
    if (turns) curves["rotate_2d"].add(place, {change(frame, "angle", 0)});
    if (zooms) {
      const double zoom = change(frame, "zoom", 1);
      if (!(zoom > 0)) {
        problem("its zoom at frame " + shortest(place + 1) + " is " + shortest(zoom) + "; it is above 0");
        return result;
      }
      curves["zoom_x_2d"].add(place, {units.width * (1 - 1 / zoom)});
      curves["zoom_y_2d"].add(place, {units.height * (1 - 1 / zoom)});
    }
    if (flies) {
      // Deforum turns and then shifts, by 1/200 of a unit of depth; here a step shifts and then turns.
      constexpr double kUnit = 1.0 / 200;
      const Quaternion turn = product(
          product(about(3, -change(frame, "rotation_3d_z", 0)), about(2, change(frame, "rotation_3d_y", 0))),
          about(1, change(frame, "rotation_3d_x", 0)));
      const double scale = kUnit * units.depth;
      const Vector shift = unturned(turn, {-x * scale, y * scale, change(frame, "translation_z", 0) * scale});
      curves["translate_x"].add(place, {shift[0]});
      curves["translate_y"].add(place, {-shift[1]});
      curves["translate_z_3d"].add(place, {shift[2]});
      curves["rotate_3d"].add(place, {turn[0], turn[1], turn[2], turn[3]});
    }
    if (looks && frame["fov"].isNumeric()) curves["field_of_view"].add(place, {frame["fov"].asDouble()});
  }
  if (slides || flies)
    for (const char* name : kBoth) fields.use(name);
  if (turns) fields.use("angle");
  if (zooms) fields.use("zoom");
  if (flies)
    for (const char* name : kDeep) fields.use(name);
  if (looks) fields.use("fov");
  for (const auto& [name, keyframes] : curves)
    if (!keyframes.empty()) result.entries.push_back({name, keyframes.value(), {file, 1}});
  if (const std::string scene = parseq_scene(frames); !scene.empty())
    result.entries.push_back({"scenes", RawValue::scalar(scene, true), {file, 1}});
  if (!fields.unused().empty()) {
    std::string all;
    for (const std::string& name : fields.unused()) all += (all.empty() ? "" : ", ") + name;
    result.notices.push_back(file + ": these have no meaning in this run: " + all);
  }
  const Json::Value& rate = root["options"].isObject() ? root["options"]["output_fps"] : Json::Value();
  if (rate.isNumeric() && rate.asDouble() != units.frames_per_second)
    result.notices.push_back(file + ": it is made for " + shortest(rate.asDouble()) +
                             " frames per second, and frames_per_second is " +
                             shortest(units.frames_per_second));
  return result;
}

}  // namespace reverie
