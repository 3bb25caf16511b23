// The depths that tiny_depth learns from, against closed forms.

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "train_depth/scene.h"

namespace reverie::test {
namespace {

using namespace reverie::train_depth;

constexpr std::int64_t kWidth = 33, kHeight = 25;

Scene scene_of(std::vector<Shape> shapes) {
  Scene scene;
  scene.light.place = {0, 1, 0};
  for (Shape& shape : shapes) scene.objects.push_back({std::move(shape), {}, 0});
  return scene;
}

/// Of the centre of a pixel, one unit along the camera's view.
Vector direction(const Camera& camera, std::int64_t row, std::int64_t column) {
  const float x =
      (2 * (float(column) + 0.5f) / float(kWidth) - 1) * camera.slope * float(kWidth) / float(kHeight);
  const float y = (1 - 2 * (float(row) + 0.5f) / float(kHeight)) * camera.slope;
  return camera.forward + camera.right * x + camera.up * y;
}

/// Calls check(point, depth, direction) for every pixel that shows something nearer than the farthest depth;
/// returns how many do.
template <typename Check>
int for_seen_points(const Scene& scene, const Check& check) {
  const at::Tensor depth = render(scene, kWidth, kHeight).depth;
  int seen = 0;
  for (std::int64_t i = 0; i < kHeight; ++i)
    for (std::int64_t j = 0; j < kWidth; ++j) {
      const float d = depth[0][i][j].item<float>();
      const Vector along = direction(scene.camera, i, j);
      if (d < kFarthestDepth) ++seen, check(scene.camera.place + along * d, d, along);
    }
  return seen;
}

float depth_at_centre(const Scene& scene) {
  return render(scene, kWidth, kHeight).depth[0][kHeight / 2][kWidth / 2].item<float>();
}

TEST(Scenes, ASphereIsSeenWhereItsConeReaches) {
  const Sphere sphere{{0.4f, -0.2f, 4}, 1.1f};
  const Scene scene = scene_of({sphere});
  const int seen = for_seen_points(scene, [&](Vector p, float depth, Vector) {
    EXPECT_NEAR(length(p - sphere.centre), sphere.radius, 1e-5);
    // The near side faces the eye.
    EXPECT_LE(dot(p - sphere.centre, p), 1e-4);
    EXPECT_NEAR(depth, p.z, 1e-5) << "depths are along the view";
  });
  // Rays meet it that are within asin(r / distance) of its centre.
  int within = 0;
  const float angle = std::asin(sphere.radius / length(sphere.centre));
  for (std::int64_t i = 0; i < kHeight; ++i)
    for (std::int64_t j = 0; j < kWidth; ++j)
      within += std::acos(dot(unit(direction(scene.camera, i, j)), unit(sphere.centre))) < angle;
  EXPECT_EQ(seen, within);
  EXPECT_GT(seen, 100);
}

TEST(Scenes, TheGroundsDepthIsTheEyesHeightByTheSlope) {
  Scene scene = scene_of({Plane{{0, 1, 0}, 0}});
  scene.camera.place = {3, 1.3f, -2};
  const at::Tensor depth = render(scene, kWidth, kHeight).depth;
  for (std::int64_t i = 0; i < kHeight; ++i) {
    const double fall = (2 * (double(i) + 0.5) / kHeight - 1) * 0.5;
    const double expected = fall > 0 ? std::min(1.3 / fall, 10.0) : 10.0;
    EXPECT_LT((depth[0][i] - expected).abs().max().item<double>(), 1e-4) << "row " << i;
  }
}

TEST(Scenes, ATurnedCameraMeasuresAlongItsView) {
  // Whatever the camera's turn, the point of a plane that is seen lies in it.
  Scene scene = scene_of({Plane{unit({0.3f, 1, -0.5f}), -1.5f}});
  scene.camera.forward = unit({0.2f, -0.4f, 1});
  scene.camera.right = unit(cross({0, 1, 0}, scene.camera.forward));
  scene.camera.up = cross(scene.camera.forward, scene.camera.right);
  const Plane plane = std::get<Plane>(scene.objects[0].shape);
  const int seen = for_seen_points(scene, [&](Vector p, float depth, Vector) {
    EXPECT_NEAR(dot(p, plane.normal), plane.offset, 1e-4);
    EXPECT_NEAR(dot(p, scene.camera.forward), depth, 1e-4);
  });
  EXPECT_GT(seen, 100);
}

TEST(Scenes, Boxes) {
  const float tenth = 0.1f * 3.14159265f;
  const Vector half{0.5f, 0.8f, 1.5f};
  EXPECT_NEAR(depth_at_centre(scene_of({Box{{0, 0, 5}, half, 1, 0}})), 3.5, 1e-5);
  EXPECT_NEAR(depth_at_centre(scene_of({Box{{0, 0, 5}, half, 0, 1}})), 4.5, 1e-5) << "turned by 90 degrees";
  EXPECT_NEAR(depth_at_centre(scene_of({Box{{0, 0, 1}, half, 1, 0}})), 2.5, 1e-5) << "from inside";
  // Turned by an angle a, the ray through the middle crosses the side at half.x / sin(a).
  EXPECT_NEAR(
      depth_at_centre(scene_of({Box{{0, 0, 5}, {0.3f, 1, 2}, std::cos(2 * tenth), std::sin(2 * tenth)}})),
      5 - 0.3 / std::sin(2 * tenth), 1e-4);
  EXPECT_EQ(depth_at_centre(scene_of({Box{{0, 3, 5}, half, 1, 0}})), kFarthestDepth);
  EXPECT_EQ(depth_at_centre(scene_of({Box{{0, 0, -5}, half, 1, 0}})), kFarthestDepth) << "behind the eye";
}

TEST(Scenes, CylindersAndCones) {
  const Vector base{0.1f, -1, 4};
  for (const auto& [lower, upper] : {std::pair{0.7f, 0.7f}, {1.2f, 0.0f}, {0.3f, 0.9f}}) {
    Scene scene = scene_of({Frustum{base, 2, lower, upper}});
    scene.camera.place = {0, 1.5f, 0};  // so that the upper end is seen
    scene.camera.forward = unit({0, -0.4f, 1});
    scene.camera.up = cross(scene.camera.forward, scene.camera.right);
    const int seen = for_seen_points(scene, [&](Vector p, float, Vector) {
      const Vector local = p - base;
      const float around = std::hypot(local.x, local.z), share = local.y / 2;
      EXPECT_GE(local.y, -1e-4);
      EXPECT_LE(local.y, 2 + 1e-4);
      if (local.y < 2 - 1e-4)
        EXPECT_NEAR(around, lower + (upper - lower) * share, 1e-3);
      else
        EXPECT_LE(around, upper + 1e-3);
    });
    EXPECT_GT(seen, 20) << lower << " " << upper;
  }
  EXPECT_NEAR(depth_at_centre(scene_of({Frustum{{0, -1, 4}, 2, 0.7f, 0.7f}})), 3.3, 1e-5);
  EXPECT_NEAR(depth_at_centre(scene_of({Frustum{{0, -1, 4}, 2, 1, 0}})), 3.5, 1e-5) << "halfway up a cone";
}

TEST(Scenes, TerrainThatIsAPlaneIsAPlane) {
  Terrain terrain{120, 0.25f, nullptr, 0};
  std::vector<float> heights;
  for (int i = 0; i < 120; ++i)
    for (int j = 0; j < 120; ++j) heights.push_back(0.1f * (float(i) - 59.5f) * 0.25f + 0.2f);
  terrain.highest = *std::max_element(heights.begin(), heights.end());
  terrain.heights = std::make_shared<const std::vector<float>>(heights);
  Scene rough = scene_of({terrain}),
        smooth = scene_of({Plane{unit({0, 1, -0.1f}), 0.2f / length({0, 1, -0.1f})}});
  rough.camera.place = smooth.camera.place = {0.3f, 1.4f, 0};
  const at::Tensor a = render(rough, kWidth, kHeight).depth, b = render(smooth, kWidth, kHeight).depth;
  EXPECT_LT((a / b).log().abs().max().item<double>(), 1e-3);
  EXPECT_GT((b < 10).sum().item<std::int64_t>(), 100);
}

TEST(Scenes, TheNearestIsSeen) {
  EXPECT_NEAR(depth_at_centre(scene_of({Sphere{{0, 0, 8}, 1}, Sphere{{0, 0, 4}, 1}, Sphere{{0, 0, 6}, 1}})),
              3, 1e-5);
}

TEST(Scenes, AreTheSameForTheSameSeed) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const View view = render(random_scene(seed), 24, 16), again = render(random_scene(seed), 24, 16);
    EXPECT_TRUE(at::equal(view.picture, again.picture) && at::equal(view.depth, again.depth)) << seed;
    EXPECT_GE(view.picture.min().item<float>(), 0);
    EXPECT_LE(view.picture.max().item<float>(), 1);
    EXPECT_GT(view.depth.min().item<float>(), 0);
    EXPECT_LE(view.depth.max().item<float>(), kFarthestDepth);
    EXPECT_FALSE(at::equal(view.depth, render(random_scene(seed + 1), 24, 16).depth)) << seed;
  }
}

}  // namespace
}  // namespace reverie::test
