// Values from tables and from Parseq's output. Expected values are computed with quaternions and matrices as
// Deforum's documentation and OpenCV have them, by hand.

#include "settings/curves_file.h"
#include "settings/parseq_prompts.h"

#include <cmath>
#include <numbers>

#include "expressions/expression.h"
#include "settings/settings_fixture.h"

namespace reverie::test {
namespace {

/// As RFC 4180 has it; a table of our own.
constexpr const char* kTable =
    "frame,translate_x,\"rotate_3d[0]\",rotate_3d[1],rotate_3d[2],rotate_3d[3],learning_rate\r\n"
    "0,1.5,1,0,0,0,0.1\r\n"
    "\r\n"
    "10,,0,1,0,0,\"0.2\"\r\n"
    "20,-2e1,0,1,0,0,\r\n";

struct Reading {
  CurvesFile file;
  /// "name = value" of each, in lines.
  std::string text() const {
    std::string all;
    for (const RawEntry& entry : file.entries) all += entry.name + " = " + entry.value.text + "\n";
    return all;
  }
  double at(const std::string& name, double frame, std::size_t index = 0) const {
    for (const RawEntry& entry : file.entries)
      if (entry.name == name)
        return Expression::compile(entry.value.text, {"f"}).numbers({{"f", frame}}).at(index);
    ADD_FAILURE() << name << " is not there: " << text();
    return std::nan("");
  }
};

Reading table(const std::string& text, double fps = 12) {
  std::vector<PluginParams> plugins = {{"animation/any", kMotion}};
  const SettingNames names(plugins);
  CurveUnits units;
  units.frames_per_second = fps;
  const auto spec = [&](const SettingName& name) -> const ParamSpec* {
    if (!name.plugins.empty()) return names.param(name.plugins[0], name.name);
    for (const Setting& one : settings_table())
      if (std::string(one.spec.name) == name.name) return &one.spec;
    return nullptr;
  };
  return {read_curves_csv(text, "curves.csv", units, names, spec)};
}

TEST(CurvesCsv, ColumnsAreKeyframes) {
  const Reading it = table(kTable);
  EXPECT_EQ(report(it.file.problems), "");
  EXPECT_EQ(it.text(),
            "learning_rate = 0: 0.1, 10: 0.2\n"
            "rotate_3d = 0: [1, 0, 0, 0], 10: [0, 1, 0, 0], 20: [0, 1, 0, 0]\n"
            "translate_x = 0: 1.5, 20: -20\n");
  EXPECT_EQ(it.at("translate_x", 10), -9.25);
  EXPECT_EQ(it.at("rotate_3d", 5, 1), 0.5);
}

TEST(CurvesCsv, TimesAreSeconds) {
  const Reading it = table("t;translate_y\n-1;0\n0.5;3\n", 24);
  EXPECT_EQ(report(it.file.problems), "");
  EXPECT_EQ(it.text(), "translate_y = -24: 0, 12: 3\n");
  // As `reverie curves` writes them, t counts.
  EXPECT_EQ(table("frame,t,translate_y\n0,-0.5,1\n1,0,2\n", 10).text(), "translate_y = -5: 1, 0: 2\n");
}

TEST(CurvesCsv, WhatStaysTheSameIsSaidOnce) {
  EXPECT_EQ(table("frame,translate_x\n0,1\n1,1\n2,1\n3,1\n4,2\n5,2\n").text(),
            "translate_x = 0: 1, 3: 1, 4: 2, 5: 2\n");
}

TEST(CurvesCsv, MistakesHaveTheirLine) {
  const auto says = [](const std::string& text, const std::string& words) {
    const std::string all = report(table(text).file.problems);
    EXPECT_NE(all.find(words), std::string::npos) << text << ": " << all;
  };
  says("", "curves.csv:1: ");
  says("translate_x\n1\n", "its first column is called 'frame' or 't'");
  says("frame,translate_xx\n0,1\n", "did you mean 'translate_x'?");
  says("frame,width\n0,1\n", "cannot vary");
  says("frame,rotate_3d\n0,1\n", "rotate_3d[0] to rotate_3d[3]");
  says("frame,translate_x[0]\n0,1\n", "is one number");
  says("frame,rotate_3d[0]\n0,1\n", "'rotate_3d[1]' is missing");
  says("frame,translate_x,translate_x\n0,1,1\n", "twice");
  says("frame,translate_x\n0,1\n5,x\n", "curves.csv:3: translate_x: 'x'");
  says("frame,translate_x\n0,1\nx,1\n", "curves.csv:3: 'x' is no frame");
  says("frame,translate_x\n5,1\n5,1\n", "curves.csv:3: '5' is not behind");
  says("frame,translate_x\n0,inf\n", "finite");
  says("frame,translate_x\n0,\n", "is empty");
  says("frame\n0\n", "holds no setting");
}

/// Frames as Parseq renders them: absolute values, and what changes from frame to frame.
std::string frames(const std::string& first, const std::string& second, const std::string& more = "") {
  return "{\"options\": {\"output_fps\": 12}, \"rendered_frames\": [{\"frame\": 0, " + first +
         "}, {\"frame\": 1, " + second + "}" + more + "]}";
}

Reading parseq(const std::string& text, const std::set<std::string>& moves, double width = 200,
               double height = 100) {
  CurveUnits units;
  units.width = width;
  units.height = height;
  units.depth = 1000;
  if (!moves.empty()) units.moves_by = [moves](const std::string& name) { return moves.contains(name); };
  return {read_parseq(text, "parseq.json", units)};
}

const std::set<std::string> kFlat = {"translate_x", "translate_y", "rotate_2d", "zoom_x_2d", "zoom_y_2d"},
                            kDeep = {"translate_x", "translate_y", "translate_z_3d", "rotate_3d",
                                     "field_of_view"};

TEST(Parseq, FlatMotionIsThatOfItsUnits) {
  const Reading it = parseq(
      frames("\"angle\": 0, \"zoom\": 1, \"translation_x\": 5, \"translation_y\": 2, \"noise\": 0.04",
             "\"angle\": 3, \"angle_delta\": 3, \"zoom\": 1.5, \"zoom_delta\": 1.25, \"translation_x\": 9, "
             "\"translation_x_delta\": 4, \"translation_y\": 8, \"translation_y_delta\": 6, \"noise\": 0.04"),
      kFlat);
  EXPECT_EQ(report(it.file.problems), "");
  // The move into frame 1 is the first, at 0. OpenCV turns anticlockwise and counts y downwards.
  EXPECT_EQ(it.at("rotate_2d", 0), 3);
  EXPECT_EQ(it.at("translate_x", 0), 4);
  EXPECT_EQ(it.at("translate_y", 0), -6);
  EXPECT_NEAR(it.at("zoom_x_2d", 0), 200 * (1 - 1 / 1.25), 1e-12);
  EXPECT_NEAR(it.at("zoom_y_2d", 0), 100 * (1 - 1 / 1.25), 1e-12);
  ASSERT_EQ(it.file.notices.size(), 1u);
  EXPECT_NE(it.file.notices[0].find(": noise"), std::string::npos) << it.file.notices[0];
}

/// What a step of the camera makes of a point: ours as docs/motion.md has it, with y downwards and the depth
/// behind; Deforum's with y downwards and the depth in front. Both are returned in Deforum's way.
using Point = std::array<double, 3>;

Point rotated(std::size_t axis, double degrees, const Point& p) {
  const double c = std::cos(degrees * std::numbers::pi / 180), s = std::sin(degrees * std::numbers::pi / 180);
  const std::size_t one = (axis + 1) % 3, two = (axis + 2) % 3;
  Point result = p;
  result[one] = c * p[one] - s * p[two];
  result[two] = s * p[one] + c * p[two];
  return result;
}

TEST(Parseq, TheCameraSeesWhatItSeesInDeforum) {
  const double tx = 3, ty = -2, tz = 7, a = 4, b = -6, c = 9;
  const auto field = [](const std::string& name, double value) {
    return "\"" + name + "\": 0, \"" + name + "_delta\": " + std::to_string(value) + ", ";
  };
  const Reading it = parseq(frames("\"translation_z\": 0",
                                   field("translation_x", tx) + field("translation_y", ty) +
                                       field("translation_z", tz) + field("rotation_3d_x", a) +
                                       field("rotation_3d_y", b) + field("rotation_3d_z", c) + "\"fov\": 40"),
                            kDeep);
  EXPECT_EQ(report(it.file.problems), "");
  EXPECT_EQ(it.at("field_of_view", 0), 40);
  const double q[] = {it.at("rotate_3d", 0, 0), it.at("rotate_3d", 0, 1), it.at("rotate_3d", 0, 2),
                      it.at("rotate_3d", 0, 3)};
  for (const Point& point : {Point{0.3, -0.7, 1.5}, {-1, 0.2, 0.4}, {0, 0, 1}}) {
    // Row vectors times Rx(a) Ry(b) Rz(c): turned by -a about x first, then about y, then about z.
    Point expected = rotated(2, -c, rotated(1, -b, rotated(0, -a, point)));
    expected = {expected[0] - tx / 200, expected[1] + ty / 200, expected[2] - tz / 200};
    // A pixel is 1/1000 of a unit of depth here.
    const Point p = {point[0] + it.at("translate_x", 0) / 1000, point[1] - it.at("translate_y", 0) / 1000,
                     -point[2] + it.at("translate_z_3d", 0) / 1000};
    const double r = q[0], x = q[1], y = q[2], z = q[3];
    const Point ours = {
        (1 - 2 * (y * y + z * z)) * p[0] + 2 * (x * y - r * z) * p[1] + 2 * (x * z + r * y) * p[2],
        2 * (x * y + r * z) * p[0] + (1 - 2 * (x * x + z * z)) * p[1] + 2 * (y * z - r * x) * p[2],
        -(2 * (x * z - r * y) * p[0] + 2 * (y * z + r * x) * p[1] + (1 - 2 * (x * x + y * y)) * p[2])};
    for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(ours[i], expected[i], 1e-9) << i;
  }
}

TEST(Parseq, WhatHasNoMeaningIsToldInOneLine) {
  const std::string text =
      frames("\"seed\": 1, \"strength\": 0.6, \"near\": 200, \"far\": 10000, \"angle\": 0",
             "\"seed\": 2, \"strength\": 0.6, \"near\": 200, \"far\": 10000, \"angle\": 1");
  const Reading deep = parseq(text, kDeep);
  EXPECT_EQ(deep.text(), "");
  ASSERT_EQ(deep.file.notices.size(), 1u);
  EXPECT_NE(deep.file.notices[0].find("angle, far, near, seed, strength"), std::string::npos)
      << deep.file.notices[0];
  EXPECT_EQ(parseq(text, {}).text(), "") << "nothing moves";
  EXPECT_EQ(parseq(text, kFlat).text(), "rotate_2d = 0: 1\n") << "without what Parseq computes, itself";
}

TEST(Parseq, PromptsAreTextsWithWeights) {
  using Texts = std::vector<ParseqText>;
  EXPECT_EQ(parseq_texts("a forest at dawn"), (Texts{{"a forest at dawn", 1}}));
  EXPECT_EQ(parseq_texts("a forest, by night --neg rain"), (Texts{{"a forest, by night", 1}, {"rain", -1}}));
  EXPECT_EQ(parseq_texts("(a cat:0.25000) (a dog: 0.75), detailed --neg (blurry:1.2)"),
            (Texts{{"detailed", 1}, {"a cat", 0.25}, {"a dog", 0.75}, {"blurry", -1.2}}));
  EXPECT_EQ(parseq_texts("a sea: 0.4 AND a (very) old ship: 0.6 --neg fog: 0.4 AND mist: 0.6"),
            (Texts{{"a sea", 0.4}, {"a very old ship", 0.6}, {"fog", -0.4}, {"mist", -0.6}}));
  EXPECT_EQ(parseq_texts("time 12:30 | [a]"), (Texts{{"time 12 30 a", 1}}));
  EXPECT_EQ(parseq_texts(" --neg "), Texts{});
}

TEST(Parseq, PromptsAreAScene) {
  const Reading it =
      parseq(frames("\"deforum_prompt\": \"(a cat:1) (a dog:0), oil\"",
                    "\"deforum_prompt\": \"(a cat:0.5) (a dog:0.5), oil\"",
                    ", {\"frame\": 2, \"deforum_prompt\": \"(a cat:0) (a dog:1), oil --neg rain\"}"),
             {});
  EXPECT_EQ(report(it.file.problems), "");
  EXPECT_EQ(it.text(), "scenes = oil:1 | a cat:[0: 0.5, 1: 0] | a dog:[0: 0.5, 1: 1] | rain:[0: 0, 1: -1]\n");
  for (const std::string& notice : it.file.notices)
    EXPECT_EQ(notice.find("prompt"), std::string::npos) << notice;
}

TEST(Parseq, MistakesAreNamed) {
  const auto says = [](const std::string& text, const std::string& words, double width = 200) {
    const std::string all = report(parseq(text, kFlat, width).file.problems);
    EXPECT_NE(all.find(words), std::string::npos) << text << ": " << all;
  };
  says("{\"keyframes\": []}", "rendered_frames");
  says("{\"rendered_frames\": [3]}", "rendered_frames");
  says("{\"rendered_frames\": [", "is not valid JSON");
  says(frames("\"zoom\": 1", "\"zoom\": 0"), "its zoom at frame 1 is 0");
  says(frames("\"zoom\": 1", "\"zoom\": 2"), "'width' and 'height'", 0);
  says(frames("\"angle\": 1", "\"angle\": 2", ", {\"frame\": 1, \"angle\": 3}"), "do not stand in order");
}

}  // namespace
}  // namespace reverie::test
