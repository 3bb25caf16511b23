// The mode 3D with a picture of everything around the camera, against closed forms.

#include "sphere.h"

#include <numbers>

#include "animation/stage.h"
#include "reverie/tiling.h"

namespace reverie::test {
namespace {

using animation::CameraStep;

constexpr double kPi = std::numbers::pi;
constexpr double kNear = 1, kFar = 10000;  // the settings' defaults

/// Sees the depths that it was made with, in pixels, in pictures that go on beyond both edges.
class DepthAround final : public DepthEstimator {
 public:
  explicit DepthAround(at::Tensor pixels) : pixels_(std::move(pixels)) {}
  at::Tensor estimate(const at::Tensor& picture) override {
    seen = picture;
    const at::Tensor wide = joined_around(pixels_, (picture.size(3) - pixels_.size(3)) / 2, 0);
    return ((wide - kNear) / (kFar - kNear) * 10).to(at::kFloat);
  }
  bool differentiable() const override { return false; }
  Range range() const override { return {0, 10}; }

  at::Tensor seen;

 private:
  at::Tensor pixels_;
};

at::Tensor even(std::int64_t height, std::int64_t width, double pixels) {
  return at::full({1, 1, height, width}, pixels, at::kDouble);
}

Stage around(std::int64_t height, std::int64_t width) {
  return Stage("3D", {width, height}, {{"projection", "equirectangular"}, {"tile", "x"}});
}

/// A turn by an angle about an axis.
std::array<double, 4> quaternion(double degrees, const std::array<double, 3>& axis) {
  const double half = degrees * kPi / 360, s = std::sin(half);
  return {std::cos(half), s * axis[0], s * axis[1], s * axis[2]};
}

MotionValues turn(double degrees, const std::array<double, 3>& axis) {
  const auto q = quaternion(degrees, axis);
  return {{"rotate_3d", {q[0], q[1], q[2], q[3]}}};
}

at::Tensor noise(std::int64_t height, std::int64_t width) {
  return at::rand({1, 3, height, width}, seeded(3));
}

TEST(Sphere, LookingAsideShiftsThePicture) {
  const at::Tensor picture = noise(32, 64);
  Stage stage = around(32, 64);
  DepthAround depth(even(32, 64, 700));
  EXPECT_TRUE(at::equal(stage.moved(picture, turn(90, {0, 1, 0}), &depth), picture.roll(-16, 3)))
      << "to the right, by a quarter of the width";
  EXPECT_TRUE(at::equal(stage.moved(picture, turn(-5 * 360.0 / 64, {0, 1, 0}), &depth), picture.roll(5, 3)));
  EXPECT_TRUE(at::equal(stage.moved(picture, {}, &depth), picture));
}

TEST(Sphere, HalfATurnReordersPixels) {
  const at::Tensor picture = noise(16, 32);
  Stage stage = around(16, 32);
  DepthAround depth(even(16, 32, 700));
  // About the line of sight, left and right change places, and up and down.
  EXPECT_TRUE(at::equal(stage.moved(picture, turn(180, {0, 0, 1}), &depth), picture.flip({2, 3})));
  // Head over heels, what was behind at the longitude a is in front at half a turn less a.
  const at::Tensor expected = picture.flip({2, 3}).roll(-16, 3);
  EXPECT_TRUE(at::equal(stage.moved(picture, turn(180, {1, 0, 0}), &depth), expected));
}

using Direction = std::array<double, 3>;  // to the right, upwards, forward

/// Where something is seen in a picture of this size.
std::pair<double, double> seen_at(const Direction& p, std::int64_t height, std::int64_t width) {
  const double longitude = std::atan2(p[0], p[2]), latitude = std::atan2(p[1], std::hypot(p[0], p[2]));
  return {(longitude / (2 * kPi) + 0.5) * static_cast<double>(width) - 0.5,
          (0.5 - latitude / kPi) * static_cast<double>(height) - 0.5};
}

Direction direction(double longitude, double latitude) {
  return {std::cos(latitude) * std::sin(longitude), std::sin(latitude),
          std::cos(latitude) * std::cos(longitude)};
}

/// The middle of what is bright, along the nearer way around.
std::pair<double, double> middle_of(const at::Tensor& picture, double near_x) {
  const at::Tensor light = picture[0][0].to(at::kDouble);
  const auto width = static_cast<double>(light.size(1));
  const at::Tensor x = (at::arange(light.size(1), at::kDouble) - near_x + width / 2).remainder(width) -
                       width / 2,
                   y = at::arange(light.size(0), at::kDouble);
  const double all = light.sum().item<double>();
  return {near_x + (light * x).sum().item<double>() / all,
          (light * y.view({-1, 1})).sum().item<double>() / all};
}

struct Known {
  double longitude, latitude;  // degrees
  double distance;
  double right, up, forward;  // of what is seen: translate_x, translate_y; of the camera: translate_z_3d
};

class KnownPoint : public testing::TestWithParam<Known> {};

TEST_P(KnownPoint, LandsWhereTrigonometrySays) {
  const Known& known = GetParam();
  constexpr std::int64_t kHeight = 90, kWidth = 180;
  const Direction from = direction(known.longitude * kPi / 180, known.latitude * kPi / 180);
  const auto [x, y] = seen_at(from, kHeight, kWidth);
  const at::Tensor across =
                       (at::arange(kWidth, at::kDouble) - x + kWidth / 2.0).remainder(kWidth) - kWidth / 2.0,
                   down = at::arange(kHeight, at::kDouble).view({-1, 1}) - y;
  const at::Tensor square = across.square() + down.square();
  const at::Tensor picture =
      (square / -4.5).exp().to(at::kFloat).expand({1, 3, kHeight, kWidth}).contiguous();
  // A ball of its own distance before a distant sky.
  const at::Tensor depth = at::where(square < 144, known.distance, 3000.0).view({1, 1, kHeight, kWidth});
  DepthAround estimator(depth.to(at::kDouble));
  Stage stage = around(kHeight, kWidth);
  const at::Tensor moved = stage.moved(
      picture,
      {{"translate_x", {known.right}}, {"translate_y", {known.up}}, {"translate_z_3d", {known.forward}}},
      &estimator);
  const Direction to = {known.distance * from[0] + known.right, known.distance * from[1] + known.up,
                        known.distance * from[2] - known.forward};
  const auto [expected_x, expected_y] = seen_at(to, kHeight, kWidth);
  const auto [found_x, found_y] = middle_of(moved, expected_x);
  EXPECT_NEAR(found_x, expected_x, 0.15);
  EXPECT_NEAR(found_y, expected_y, 0.15);
  EXPECT_GT(std::hypot(expected_x - x, expected_y - y), 1) << "or else nothing is shown";
}

INSTANTIATE_TEST_SUITE_P(All, KnownPoint,
                         testing::Values(Known{30, 20, 200, 0, 0, 30}, Known{30, 20, 200, 25, 0, 0},
                                         Known{-60, -35, 300, 0, 40, 0}, Known{178, 10, 250, -25, 0, 0},
                                         Known{-179, -5, 150, 20, -10, 15}, Known{90, 0, 400, 0, 0, 50}));

/// A world of broad colours, at directions [h, w] of x, y, z.
at::Tensor world(const at::Tensor& x, const at::Tensor& y, const at::Tensor& z) {
  return (at::stack({x * 0.3 + y * z * 0.4, y * 0.4 - x * z * 0.2, z * 0.3 + x * y * 0.3}).unsqueeze(0) +
          0.5);
}

struct Axes {
  at::Tensor x, y, z;  // right, down, backwards
};

Axes axes(std::int64_t height, std::int64_t width) {
  const at::Tensor a = ((at::arange(width, at::kDouble) + 0.5) / width - 0.5) * (2 * kPi),
                   b = (((at::arange(height, at::kDouble) + 0.5) / height - 0.5) * kPi).view({-1, 1});
  return {b.cos() * a.sin(), b.sin().expand({height, width}), b.cos() * a.cos() * -1};
}

TEST(Sphere, HasNoHolesAtThePolesAndNoSeam) {
  constexpr std::int64_t kHeight = 64, kWidth = 128;
  const auto [x, y, z] = axes(kHeight, kWidth);
  Stage stage = around(kHeight, kWidth);
  DepthAround depth(even(kHeight, kWidth, 500));
  const auto model = stage.model(world(x, y, z).to(at::kFloat));
  // Twelve turns of 15 degrees bring the zenith down to where the nadir was.
  for (int i = 1; i <= 12; ++i) {
    stage.move(*model, turn(15, {1, 0, 0}), &depth);
    const double c = std::cos(i * kPi / 12), s = std::sin(i * kPi / 12);
    // What is seen at (x, y, z) is the world at the inverse turn of it.
    const at::Tensor expected = world(x, y * c + z * s, z * c - y * s).to(at::kFloat);
    ASSERT_LT(largest(*model->canvas() - expected), 0.02) << i * 15 << " degrees";
  }
}

TEST(Sphere, FlyingLeavesNoSeam) {
  constexpr std::int64_t kHeight = 48, kWidth = 96;
  const auto [x, y, z] = axes(kHeight, kWidth);
  // Fine detail that goes on around, and hills.
  const at::Tensor detail = (x * 9 + y * 7).sin() * (z * 8 - y * 5).cos() * 0.2;
  const at::Tensor hills = ((x * 3).sin() * (z * 3).cos() * 80 + 250).view({1, 1, kHeight, kWidth});
  Stage stage = around(kHeight, kWidth);
  DepthAround depth(hills);
  const auto model = stage.model((world(x, y, z) + detail).to(at::kFloat));
  MotionValues flight = turn(3, {0.6, 0.64, 0.48});
  flight["translate_x"] = {4};
  flight["translate_z_3d"] = {6};
  for (int i = 0; i < 10; ++i) stage.move(*model, flight, &depth);
  const at::Tensor picture = *model->canvas();
  EXPECT_TRUE(picture.isfinite().all().item<bool>());
  const at::Tensor steps = (picture - picture.roll(1, 3)).abs().mean(std::vector<std::int64_t>{0, 1, 2});
  EXPECT_LT(steps[0].item<double>(), 1.5 * steps.mean().item<double>())
      << "from the last column to the first";
  EXPECT_GT(steps[0].item<double>(), 0.3 * steps.mean().item<double>());
}

TEST(Sphere, TheFlowIsTheShorterWayAround) {
  const at::Tensor depth = even(16, 32, 400);
  CameraStep step;
  step.rotation = quaternion(90, {0, 1, 0});
  const at::Tensor flow = animation::sphere_flow(depth, step);
  EXPECT_LT(largest(flow.select(1, 0) + 8), 1e-4) << "a quarter to the left, also over the edge";
  EXPECT_LT(largest(flow.select(1, 1)), 1e-4);
  // Straight up, everything goes down, and nothing aside.
  CameraStep rise;
  rise.y = -50;
  const at::Tensor down = animation::sphere_flow(depth, rise);
  EXPECT_LT(largest(down.select(1, 0)), 1e-4);
  EXPECT_GT(down.select(1, 1).min().item<double>(), 0);
}

TEST(Sphere, DepthsAreEstimatedBeyondTheEdges) {
  const at::Tensor picture = noise(16, 32);
  Stage stage = around(16, 32);
  DepthAround depth(even(16, 32, 400));
  stage.moved(picture, {}, &depth);
  EXPECT_TRUE(at::equal(depth.seen, joined_around(picture, 8, 0)));
}

TEST(Sphere, NeedsAPictureThatGoesOnAside) {
  for (const char* tile : {"off", "y", "xy"}) try {
      Stage("3D", {32, 16}, {{"projection", "equirectangular"}, {"tile", tile}});
      ADD_FAILURE() << tile;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::settings);
      EXPECT_NE(error.advice().find("tile: x"), std::string::npos);
    }
}

}  // namespace
}  // namespace reverie::test
