// Paths of cameras. Expected values by hand, from the picture that the camera would see.

#include "settings/camera_path.h"

#include <cmath>
#include <numbers>

#include "expressions/expression.h"
#include "settings/settings_fixture.h"

namespace reverie::test {
namespace {

struct Reading {
  CurvesFile file;
  double at(const std::string& name, double frame, std::size_t index = 0) const {
    for (const RawEntry& entry : file.entries)
      if (entry.name == name)
        return Expression::compile(entry.value.text, {"f"}).numbers({{"f", frame}}).at(index);
    ADD_FAILURE() << name << " is not there";
    return std::nan("");
  }
  /// Of a quaternion, whose length and sign do not matter.
  void expect_turn(double frame, std::array<double, 4> wanted) const {
    std::array<double, 4> made{};
    double product = 0, length = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      made[i] = at("rotate_3d", frame, i);
      product += made[i] * wanted[i];
      length += made[i] * made[i];
    }
    EXPECT_NEAR(std::abs(product) / std::sqrt(length), 1, 1e-9)
        << made[0] << " " << made[1] << " " << made[2] << " " << made[3];
  }
};

Reading read(const std::string& text, const std::string& name, double scale = 10, bool deep = true) {
  CurveUnits units;
  units.camera = scale;
  units.moves_by = [deep](const std::string& name) { return deep || !name.ends_with("3d"); };
  EXPECT_TRUE(is_camera_path(text, name));
  return {read_camera_path(text, name, units)};
}

std::array<double, 4> turned(std::size_t axis, double degrees) {
  std::array<double, 4> result = {std::cos(degrees * std::numbers::pi / 360), 0, 0, 0};
  result[axis] = std::sin(degrees * std::numbers::pi / 360);
  return result;
}

TEST(CameraPath, MovesAreSeenFromTheCamera) {
  // An unturned camera looks along -z: forward, then to its right, then upwards.
  const Reading it =
      read("frame,x,y,z,qw,qx,qy,qz\n1,0,0,0,1,0,0,0\n2,0,0,-3,1,0,0,0\n3,2,0,-3,1,0,0,0\n4,2,1,-3,1,0,0,0\n",
           "path.csv");
  EXPECT_EQ(report(it.file.problems), "");
  EXPECT_NEAR(it.at("translate_z_3d", 0), 30, 1e-9) << "into the picture";
  EXPECT_NEAR(it.at("translate_x", 1), -20, 1e-9) << "what is seen goes to the left";
  EXPECT_NEAR(it.at("translate_y", 2), -10, 1e-9) << "and downwards";
  EXPECT_NEAR(it.at("translate_z_3d", 1), 0, 1e-9);
  it.expect_turn(0, {1, 0, 0, 0});
}

TEST(CameraPath, TurnsAreThoseOfTheView) {
  const auto turn_of = [](const std::string& angles) {
    return read("1 0 0 0 0 0 0 40\n2 0 0 0 " + angles + " 50\n", "shot.chan");
  };
  turn_of("4 0 0").expect_turn(0, turned(1, 4));   // up: positive x looks up
  turn_of("0 -4 0").expect_turn(0, turned(2, 4));  // to the right: positive y
  turn_of("0 0 4").expect_turn(
      0, turned(3, 4));  // anticlockwise, so that what is seen turns clockwise: positive z
  EXPECT_NEAR(turn_of("0 0 0").at("field_of_view", 0), 40, 1e-9);
}

TEST(CameraPath, OfATurnedCameraGoesWhereItLooks) {
  // It looks along -x, after a quarter turn about y, and goes there.
  const Reading it = read("1 5 0 0 0 90 0\n2 3 0 0 0 90 0\n", "shot.chan");
  EXPECT_NEAR(it.at("translate_z_3d", 0), 20, 1e-9);
  EXPECT_NEAR(it.at("translate_x", 0), 0, 1e-9);
}

TEST(CameraPath, FramesThatAreLeftOutLieBetween) {
  const Reading it = read("frame,x,y,z,rx,ry,rz\n10,0,0,0,0,0,0\n14,0,0,-4,0,-8,0\n", "path.csv", 1);
  double forward = 0;
  for (int frame = 0; frame < 4; ++frame) it.expect_turn(frame, turned(2, 2));
  // On a straight line: the camera turns to the right, so that its way leads to its left.
  for (int frame = 0; frame < 4; ++frame) {
    const double angle = 2 * frame * std::numbers::pi / 180;
    EXPECT_NEAR(it.at("translate_z_3d", frame), std::cos(angle), 1e-9) << frame;
    EXPECT_NEAR(it.at("translate_x", frame), std::sin(angle), 1e-9) << frame;
    forward += it.at("translate_z_3d", frame);
  }
  EXPECT_LT(forward, 4);
}

TEST(CameraPath, OfColmapHasItsAxes) {
  // COLMAP's camera looks along z with y downwards; T = -R C. Unturned it goes forward by 2, then to its
  // right by 1.
  const Reading it = read(
      "# Image list with two lines of data per image:\n"
      "1 1 0 0 0 0 0 0 1 a.jpg\n1.5 2.5 -1\n"
      "3 1 0 0 0 -1 0 -2 1 c.jpg\n\n"
      "2 1 0 0 0 0 0 -2 1 b.jpg\n1.5 2.5 7 3 4 9 5 6 11\n",
      "sparse/images.txt");
  EXPECT_EQ(report(it.file.problems), "");
  EXPECT_NEAR(it.at("translate_z_3d", 0), 20, 1e-9);
  EXPECT_NEAR(it.at("translate_x", 1), -10, 1e-9);
  // R turns the world about y by -10 degrees where the camera looks 10 degrees to the right.
  const double half = 5 * std::numbers::pi / 180;
  char line[100];
  std::snprintf(line, sizeof line, "2 %.17g 0 %.17g 0 0 0 0 1 b.jpg\n", std::cos(half), -std::sin(half));
  read(std::string("1 1 0 0 0 0 0 0 1 a.jpg\n\n") + line, "images.txt").expect_turn(0, turned(2, 10));
}

TEST(CameraPath, OfColmapMayHaveNamesOfAnyKind) {
  // With blanks, with a number alone, in folders; a picture without points has an empty line.
  const Reading it = read(
      "1 1 0 0 0 0 0 0 1 left eye/frame 1.png\n1.5 2.5 -1 3 4 5\n"
      "2 1 0 0 0 0 0 -2 1 left eye/frame 2.png\n\n"
      "3 1 0 0 0 0 0 -6 1 left eye/frame 3.png\n",
      "images.txt");
  EXPECT_EQ(report(it.file.problems), "");
  EXPECT_NEAR(it.at("translate_z_3d", 0), 20, 1e-9);
  EXPECT_NEAR(it.at("translate_z_3d", 1), 40, 1e-9);
  EXPECT_EQ(report(read("1 1 0 0 0 0 0 0 1 1\n\n2 1 0 0 0 0 0 -2 1 2\n\n", "images.txt").file.problems), "");
}

TEST(CameraPath, FramesOfHugeNumbersAreRefused) {
  // From 2^53 on, frame + 1 is frame.
  const std::string text = "10000000000000000 0 0 0 0 0 0\n10000000000000100 0 0 1 0 0 0\n";
  EXPECT_NE(report(read(text, "a.chan").file.problems).find("1,000,000,000"), std::string::npos);
}

TEST(CameraPath, MistakesAreNamed) {
  const auto problem = [](const std::string& text, const std::string& name, bool deep = true) {
    return report(read(text, name, 1, deep).file.problems);
  };
  EXPECT_NE(problem("1 0 0 0 0 0 0\n2 0 0 x 0 0 0\n", "a.chan").find("a.chan:2"), std::string::npos);
  EXPECT_NE(problem("1 1 0 0 0 0 0 0 1 a.png\n\n2 1 0 0 0 0 0 0 1\n", "images.txt").find("images.txt:3"),
            std::string::npos);
  EXPECT_NE(problem("1 0 0 0 0 0 0\n", "a.chan").find("at least two poses"), std::string::npos);
  EXPECT_NE(problem("2 0 0 0 0 0 0\n1 0 0 0 0 0 0\n", "a.chan").find("order"), std::string::npos);
  EXPECT_NE(problem("frame,x,y,z\n1,0,0,0\n", "a.csv").find("qw"), std::string::npos);
  EXPECT_NE(problem("frame,x,y,z,qw,qx,qy,qz\n1,0,0,0,0,0,0,0\n", "a.csv").find("no rotation"),
            std::string::npos);
  EXPECT_NE(problem("1 0 0 0 0 0 0\n2 0 0 0 0 0 0\n", "a.chan", false).find("3D"), std::string::npos);
  EXPECT_FALSE(is_camera_path("frame,translate_x,zoom_x_2d\n", "curves.csv"));
}

}  // namespace
}  // namespace reverie::test
