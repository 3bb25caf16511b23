#include "settings/camera_path.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <sstream>
#include <utility>

#include "base/nearest.h"
#include "base/texts.h"
#include "settings/curve_points.h"
#include "settings/quaternion.h"
#include "settings/table_rows.h"

namespace reverie {
namespace {

using Words = std::vector<std::string>;

/// Where a camera is and how it is turned: its own axes are x to the right, y upwards, and it looks along -z.
/// `turn` leads from them to those of the world.
struct Pose {
  double frame = 0;
  Vector position{};
  Quaternion turn{1, 0, 0, 0};
  std::optional<double> field_of_view = {};  // vertical, degrees
};

struct Path {
  std::vector<Pose> poses;
  std::vector<Problem> problems;
};

/// Longer paths are a mistake: a day of frames has two million.
constexpr double kMostFrames = 1'000'000, kLargestFrame = 1e9;

Quaternion back(const Quaternion& turn) { return {turn[0], -turn[1], -turn[2], -turn[3]}; }

Quaternion unit(const Quaternion& turn) {
  const double length =
      std::sqrt(turn[0] * turn[0] + turn[1] * turn[1] + turn[2] * turn[2] + turn[3] * turn[3]);
  return {turn[0] / length, turn[1] / length, turn[2] / length, turn[3] / length};
}

bool is_zero(const Quaternion& turn) {
  return std::all_of(turn.begin(), turn.end(), [](double part) { return part == 0; });
}

/// First about x, then about y, then about z of the world (Blender's order XYZ).
Quaternion from_degrees(double x, double y, double z) {
  return product(product(about(3, z), about(2, y)), about(1, x));
}

bool ends_with(const std::string& file, const char* ending) { return lower(file).ends_with(ending); }

/// The words of each line that is neither empty nor a comment, and its number.
std::vector<std::pair<int, Words>> lines_of(const std::string& text) {
  std::vector<std::pair<int, Words>> lines;
  std::istringstream stream(text);
  int number = 0;
  for (std::string line; std::getline(stream, line);) {
    ++number;
    std::istringstream parts(line);
    Words words;
    for (std::string word; parts >> word;) words.push_back(word);
    if (!words.empty() && words[0][0] != '#') lines.emplace_back(number, words);
  }
  return lines;
}

std::optional<std::vector<double>> numbers_in(const Words& words, std::size_t count) {
  std::vector<double> numbers;
  for (std::size_t i = 0; i < std::min(count, words.size()); ++i) {
    const std::optional<double> number = number_of(words[i]);
    if (!number) return std::nullopt;
    numbers.push_back(*number);
  }
  return numbers;
}

/// frame, x y z, degrees about x y z, and perhaps the vertical field of view.
Path read_chan(const std::string& text, const std::string& file) {
  Path path;
  for (const auto& [number, words] : lines_of(text)) {
    const auto n = numbers_in(words, 8);
    if (!n || n->size() < 7) {
      path.problems.push_back(
          {{file, number},
           "a line of a .chan file is: frame, x, y, z, three angles, and perhaps a field of view"});
      return path;
    }
    Pose pose{(*n)[0], {(*n)[1], (*n)[2], (*n)[3]}, from_degrees((*n)[4], (*n)[5], (*n)[6])};
    if (n->size() > 7) pose.field_of_view = (*n)[7];
    path.poses.push_back(pose);
  }
  return path;
}

/// Two lines for each picture: IMAGE_ID QW QX QY QZ TX TY TZ CAMERA_ID NAME, and its points, which may be
/// none. They lead from the world to a camera with y downwards that looks along z. Pictures count as frames
/// in the order of their names.
Path read_colmap(const std::string& text, const std::string& file) {
  Path path;
  std::map<std::string, Pose> by_name;
  int number = 0;
  bool points = false;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    ++number;
    if (line.starts_with('#')) continue;
    if (std::exchange(points, !points)) continue;
    std::istringstream parts(line);
    Words words;
    for (std::string word; words.size() < 9 && parts >> word;) words.push_back(word);
    if (words.empty()) {  // at the end of the file
      points = false;
      continue;
    }
    std::string name;
    std::getline(parts, name);
    name = trimmed(name);
    const auto n = numbers_in(words, 8);
    const Quaternion turn =
        n && n->size() == 8 ? Quaternion{(*n)[1], (*n)[2], (*n)[3], (*n)[4]} : Quaternion{};
    if (!n || name.empty() || is_zero(turn)) {
      path.problems.push_back({{file, number},
                               "a picture's line in COLMAP's images.txt is: IMAGE_ID QW QX QY QZ TX TY TZ "
                               "CAMERA_ID NAME, and the "
                               "line after it has the picture's points"});
      return path;
    }
    const Quaternion to_camera = unit(turn);
    const Vector inside = unturned(to_camera, {(*n)[5], (*n)[6], (*n)[7]});
    // Half a turn about x leads from the camera with y upwards to COLMAP's.
    const Quaternion half = {0, 1, 0, 0};
    by_name[name] = {0, {-inside[0], -inside[1], -inside[2]}, product(back(to_camera), half)};
  }
  for (auto& [name, pose] : by_name) {
    pose.frame = static_cast<double>(path.poses.size());
    path.poses.push_back(pose);
  }
  return path;
}

/// Columns: frame, x, y, z, then qw, qx, qy, qz or rx, ry, rz in degrees, and perhaps fov.
Path read_table(const std::string& text, const std::string& file) {
  Path path;
  const std::vector<TableRow> rows = table_rows(text);
  std::map<std::string, std::size_t> columns;
  for (std::size_t i = 0; i < rows[0].cells.size(); ++i) columns[lower(trimmed(rows[0].cells[i]))] = i;
  const auto has = [&](const Words& names) {
    return std::all_of(names.begin(), names.end(),
                       [&](const std::string& name) { return columns.contains(name); });
  };
  const Words quaternion = {"qw", "qx", "qy", "qz"}, angles = {"rx", "ry", "rz"};
  const bool turns = has(quaternion), rolls = has(angles);
  if (!has({"frame"}) || (!turns && !rolls)) {
    path.problems.push_back(
        {{file, 1}, "a camera's path has the columns frame, x, y, z, and qw, qx, qy, qz or rx, ry, rz"});
    return path;
  }
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const auto cell = [&](const std::string& name) {
      const std::size_t column = columns.at(name);
      const auto number = column < rows[i].cells.size() ? number_of(rows[i].cells[column]) : std::nullopt;
      if (!number && path.problems.empty())
        path.problems.push_back({{file, rows[i].line}, "'" + name + "' is not a number"});
      return number.value_or(0);
    };
    Pose pose{cell("frame"), {cell("x"), cell("y"), cell("z")}};
    if (turns)
      pose.turn = {cell("qw"), cell("qx"), cell("qy"), cell("qz")};
    else
      pose.turn = from_degrees(cell("rx"), cell("ry"), cell("rz"));
    if (columns.contains("fov")) pose.field_of_view = cell("fov");
    if (path.problems.empty() && is_zero(pose.turn))
      path.problems.push_back({{file, rows[i].line}, "qw, qx, qy, qz are all 0, which is no rotation"});
    if (!path.problems.empty()) return path;
    pose.turn = unit(pose.turn);
    path.poses.push_back(pose);
  }
  return path;
}

double between(double a, double b, double share) { return a + (b - a) * share; }

/// Of two neighbours: on a straight line, and turning evenly about one axis (Shoemake 1985).
Pose between(const Pose& a, const Pose& b, double frame) {
  const double share = (frame - a.frame) / (b.frame - a.frame);
  Pose pose{frame, {}, a.turn};
  for (std::size_t i = 0; i < 3; ++i) pose.position[i] = between(a.position[i], b.position[i], share);
  double cosine = 0;
  for (std::size_t i = 0; i < 4; ++i) cosine += a.turn[i] * b.turn[i];
  const double sign = cosine < 0 ? -1 : 1;  // the shorter way
  const double angle = std::acos(std::min(1.0, std::abs(cosine)));
  const double of_a = angle < 1e-9 ? 1 - share : std::sin((1 - share) * angle) / std::sin(angle),
               of_b = angle < 1e-9 ? share : std::sin(share * angle) / std::sin(angle);
  for (std::size_t i = 0; i < 4; ++i) pose.turn[i] = of_a * a.turn[i] + of_b * sign * b.turn[i];
  pose.turn = unit(pose.turn);
  if (a.field_of_view && b.field_of_view)
    pose.field_of_view = between(*a.field_of_view, *b.field_of_view, share);
  return pose;
}

/// One pose for each frame, from the first.
std::vector<Pose> every_frame(const std::vector<Pose>& poses) {
  std::vector<Pose> all;
  std::size_t next = 1;
  const double first = poses.front().frame;
  for (std::int64_t i = 0; first + static_cast<double>(i) <= poses.back().frame; ++i) {
    const double frame = first + static_cast<double>(i);
    while (next + 1 < poses.size() && poses[next].frame < frame) ++next;
    all.push_back(between(poses[next - 1], poses[next], frame));
  }
  return all;
}

}  // namespace

bool is_camera_path(const std::string& text, const std::string& file) {
  if (ends_with(file, ".chan")) return true;
  if (ends_with(file, "images.txt")) return true;
  const std::string head = "," + lower(text.substr(0, text.find('\n'))) + ",";
  std::string names;
  for (const char c : head)
    if (c != ' ' && c != '"' && c != '\r') names += c == ';' || c == '\t' ? ',' : c;
  return names.find(",x,") != std::string::npos && names.find(",y,") != std::string::npos &&
         names.find(",z,") != std::string::npos;
}

CurvesFile read_camera_path(const std::string& text, const std::string& file, const CurveUnits& units) {
  CurvesFile result;
  Path path = ends_with(file, ".chan")        ? read_chan(text, file)
              : ends_with(file, "images.txt") ? read_colmap(text, file)
                                              : read_table(text, file);
  result.problems = std::move(path.problems);
  const auto problem = [&](const std::string& message) { result.problems.push_back({{file, 0}, message}); };
  if (!result.problems.empty()) return result;
  const auto moves_by = [&](const char* name) { return units.moves_by && units.moves_by(name); };
  if (path.poses.size() < 2)
    problem("a camera's path has at least two poses, this one has " + std::to_string(path.poses.size()));
  else if (!moves_by("rotate_3d") || !moves_by("translate_z_3d"))
    problem("a camera's path moves a camera: it needs animation_mode: 3D");
  for (std::size_t i = 1; i < path.poses.size() && result.problems.empty(); ++i)
    if (path.poses[i].frame <= path.poses[i - 1].frame)
      problem("its frames do not stand in order, at frame " + shortest(path.poses[i].frame));
  const auto too_far = [](const Pose& pose) { return !(std::abs(pose.frame) <= kLargestFrame); };
  if (result.problems.empty() && (too_far(path.poses.front()) || too_far(path.poses.back())))
    problem("its frames have numbers beyond 1,000,000,000");
  else if (result.problems.empty() && path.poses.back().frame - path.poses.front().frame > kMostFrames)
    problem("it has more than a million frames");
  if (!result.problems.empty()) return result;
  std::map<std::string, CurvePoints> curves;
  const std::vector<Pose> poses = every_frame(path.poses);
  for (std::size_t i = 0; i + 1 < poses.size(); ++i) {
    const Pose &from = poses[i], &to = poses[i + 1];
    const double place = static_cast<double>(i), pixels = units.camera;
    // What is at P before each camera is at turn * (P + shift) after, in the camera's own axes.
    const Vector shift =
        unturned(from.turn, {from.position[0] - to.position[0], from.position[1] - to.position[1],
                             from.position[2] - to.position[2]});
    const Quaternion turn = product(back(to.turn), from.turn);
    curves["translate_x"].add(place, {shift[0] * pixels});
    curves["translate_y"].add(place, {shift[1] * pixels});
    curves["translate_z_3d"].add(place, {shift[2] * pixels});
    // y points downwards in moves: a mirror image turns the other way about x and z.
    curves["rotate_3d"].add(place, {turn[0], -turn[1], turn[2], -turn[3]});
    if (from.field_of_view) curves["field_of_view"].add(place, {*from.field_of_view});
  }
  for (const auto& [name, points] : curves)
    if (moves_by(name.c_str())) result.entries.push_back({name, points.value(), {file, 0}});
  return result;
}

}  // namespace reverie
