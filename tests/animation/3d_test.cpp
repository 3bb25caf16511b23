// The mode 3D, against 4x4 matrices as in textbooks, homographies and closed forms.

#include <algorithm>

#include "animation/stage.h"
#include "camera.h"
#include "reverie/varying_parameters.h"

namespace reverie::test {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kFieldOfView = 60, kNear = 1, kFar = 10000;  // the settings' defaults

/// Sees the depths that it was made with, which are pixels, through a range of its own.
class KnownDepth final : public DepthEstimator {
 public:
  explicit KnownDepth(at::Tensor pixels) : pixels_(std::move(pixels)) {}
  at::Tensor estimate(const at::Tensor&) override {
    ++asked;
    return ((pixels_ - kNear) / (kFar - kNear) * (range().farthest - range().nearest) + range().nearest)
        .to(at::kFloat);
  }
  bool differentiable() const override { return false; }
  Range range() const override { return {2, 7}; }

  int asked = 0;

 private:
  at::Tensor pixels_;
};

KnownDepth plane(const at::Tensor& picture, double pixels) {
  return KnownDepth(at::full({1, 1, picture.size(2), picture.size(3)}, pixels, at::kDouble));
}

Stage stage_for(const at::Tensor& picture, const std::map<std::string, std::string>& settings = {}) {
  return Stage("3D", {picture.size(3), picture.size(2)}, settings);
}

using Vector = std::array<double, 4>;
using Matrix = std::array<Vector, 4>;

Vector operator*(const Matrix& m, const Vector& v) {
  Vector result{};
  for (std::size_t i = 0; i < 4; ++i)
    for (std::size_t k = 0; k < 4; ++k) result[i] += m[i][k] * v[k];
  return result;
}

Matrix translation(double x, double y, double z) {
  return {{{1, 0, 0, x}, {0, 1, 0, y}, {0, 0, 1, z}, {0, 0, 0, 1}}};
}

/// By the angle about a unit axis (Rodrigues).
Matrix rotation(double angle, const std::array<double, 3>& n) {
  const double c = std::cos(angle), s = std::sin(angle);
  const double cross[3][3] = {{0, -n[2], n[1]}, {n[2], 0, -n[0]}, {-n[1], n[0], 0}};
  Matrix m{};
  m[3][3] = 1;
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t k = 0; k < 3; ++k) m[i][k] = (i == k ? c : 0) + s * cross[i][k] + (1 - c) * n[i] * n[k];
  return m;
}

/// OpenGL's, with the planes at 0.1 and 4.
Matrix perspective(double degrees, double aspect) {
  const double f = 1 / std::tan(degrees / 2 * kPi / 180), near = 0.1, far = 4;
  return {{{f / aspect, 0, 0, 0},
           {0, f, 0, 0},
           {0, 0, (far + near) / (near - far), 2 * far * near / (near - far)},
           {0, 0, -1, 0}}};
}

struct Motion {
  double x = 0, y = 0, z = 0, angle = 0;
  std::array<double, 3> axis = {0, 0, 1};

  MotionValues values() const {
    const double s = std::sin(angle / 2);
    return {{"translate_x", {x}},
            {"translate_y", {y}},
            {"translate_z_3d", {z}},
            {"rotate_3d", {std::cos(angle / 2), s * axis[0], s * axis[1], s * axis[2]}}};
  }
};

/// What the specification says, pixel by pixel, in pixels of the picture.
at::Tensor expected_offset(const at::Tensor& depth, const Motion& motion) {
  const std::int64_t h = depth.size(2), w = depth.size(3);
  const double aspect = static_cast<double>(w) / static_cast<double>(h), pixel = 2 / static_cast<double>(h);
  const Matrix projection = perspective(kFieldOfView, aspect), turn = rotation(motion.angle, motion.axis),
               shift = translation(motion.x * pixel, -motion.y * pixel, motion.z * pixel);
  const at::Tensor result = at::empty({1, 2, h, w}, at::kDouble);
  for (std::int64_t j = 0; j < h; ++j)
    for (std::int64_t i = 0; i < w; ++i) {
      const Vector point = {aspect * (2.0 * static_cast<double>(i) / static_cast<double>(w - 1) - 1),
                            2.0 * static_cast<double>(j) / static_cast<double>(h - 1) - 1,
                            -depth[0][0][j][i].item<double>() * pixel, 1};
      const Vector before = projection * point, after = projection * (turn * (shift * point));
      result[0][0][j][i] = (after[0] / after[3] - before[0] / before[3]) * static_cast<double>(w - 1) / 2;
      result[0][1][j][i] = (after[1] / after[3] - before[1] / before[3]) * static_cast<double>(h - 1) / 2;
    }
  return result;
}

at::Tensor hills(std::int64_t height, std::int64_t width) {
  return (at::rand({1, 1, height, width}, seeded(7), at::kDouble) * 400 + 100).contiguous();
}

const Motion kMotions[] = {{.x = 3},
                           {.y = -2},
                           {.z = 20},
                           {.angle = 0.05, .axis = {1, 0, 0}},
                           {.angle = -0.02, .axis = {0, 1, 0}},
                           {.angle = 0.3},
                           {.x = -5, .y = 4, .z = -30, .angle = 0.1, .axis = {0.48, 0.6, 0.64}}};

TEST(Mode3D, DisplacesPixelsAsTheirProjections) {
  const at::Tensor picture = random_picture(24, 18, 1), depth = hills(18, 24);
  for (const Motion& motion : kMotions) {
    const at::Tensor expected = expected_offset(depth, motion);
    for (const bool locked : {false, true}) {
      Stage stage = stage_for(picture, {{"lock_camera", locked ? "true" : "false"}});
      const auto model = stage.model(picture);
      KnownDepth estimator(depth);
      const AnimationMode::Move move = stage.move(*model, motion.values(), &estimator);
      ASSERT_TRUE(move.flow);
      EXPECT_LT(largest(*move.flow - (locked ? expected - expected.mean({2, 3}, true) : expected)), 1e-3);
      EXPECT_FALSE(move.reset_optimiser);
    }
  }
}

TEST(Mode3D, LooksPixelsUpAtTheirPlacesLessTheDisplacement) {
  const at::Tensor picture = random_picture(24, 18, 2), depth = hills(18, 24);
  for (const Motion& motion : kMotions) {
    Stage stage = stage_for(picture, {{"sampling_mode", "bilinear"}, {"infill_mode", "smear"}});
    const auto model = stage.model(picture);
    KnownDepth estimator(depth);
    const AnimationMode::Move move = stage.move(*model, motion.values(), &estimator);
    const at::Tensor offset = expected_offset(depth, motion);
    const at::Tensor normalised =
        ((offset - offset.mean({2, 3}, true)) / at::tensor({23.0, 17.0}).view({1, 2, 1, 1}) * 2)
            .permute({0, 2, 3, 1});
    const at::Tensor identity =
        at::affine_grid_generator(at::eye(2, 3, at::kDouble).unsqueeze(0), {1, 3, 18, 24}, true);
    const at::Tensor expected = at::grid_sampler(picture.to(at::kDouble), identity - normalised, 0, 1, true);
    EXPECT_LT(largest(*model->canvas() - expected), 1e-3);
    EXPECT_TRUE(at::equal(move.image, model->decode_final()));
  }
}

TEST(Mode3D, StandsStillByDefault) {
  const at::Tensor picture = random_picture(37, 23, 3);
  for (const std::vector<double>& rotation :
       {std::vector<double>{1, 0, 0, 0}, {-3, 0, 0, 0}, {0, 0, 0, 0}}) {  // no length stands for no rotation
    Stage stage = stage_for(picture);
    KnownDepth estimator(hills(23, 37));
    EXPECT_TRUE(at::equal(stage.moved(picture, {{"rotate_3d", rotation}}, &estimator), picture));
  }
}

TEST(Mode3D, TakesQuaternionsOfAnyLength) {
  const at::Tensor picture = random_picture(24, 18, 4);
  Stage stage = stage_for(picture);
  KnownDepth estimator(hills(18, 24));
  const auto turned = [&](double length) {
    const std::vector<double> quaternion = {length * 0.9, length * 0.1, -length * 0.2, length * 0.05};
    return *stage.move(*stage.model(picture), {{"rotate_3d", quaternion}}, &estimator).flow;
  };
  EXPECT_GT(largest(turned(1)), 0.1);
  EXPECT_LT(largest(turned(1) - turned(250)), 1e-4);
}

// Whatever moves, a plane goes into a plane: four points determine where every other is seen.
TEST(Mode3D, MovesAPlaneByAHomography) {
  const at::Tensor picture = random_picture(24, 18, 5);
  const double depth = 40;
  for (const Motion& motion : kMotions) {
    Stage stage = stage_for(picture, {{"lock_camera", "false"}});
    KnownDepth estimator = plane(picture, depth);
    const at::Tensor flow =
        stage.move(*stage.model(picture), motion.values(), &estimator).flow->to(at::kDouble);
    const double scale = 1 / std::tan(kFieldOfView / 2 * kPi / 180) / (depth * 2 / 18);
    const auto seen = [&](int i, int j) {  // before, in pixels from the centre
      return std::array{(i - 11.5) * scale, (j - 8.5) * scale};
    };
    at::Tensor equations = at::zeros({8, 8}, at::kDouble), known = at::zeros({8, 1}, at::kDouble);
    int row = 0;
    for (const auto& [i, j] : {std::pair{0, 0}, {23, 0}, {0, 17}, {23, 17}}) {
      const auto [x, y] = seen(i, j);
      for (int axis = 0; axis < 2; ++axis, ++row) {
        const double to = (axis ? y : x) + flow[0][axis][j][i].item<double>();
        const double line[] = {x, y, 1, -to * x, -to * y};
        for (int k = 0; k < 3; ++k) equations[row][3 * axis + k] = line[k];
        for (int k = 0; k < 2; ++k) equations[row][6 + k] = line[3 + k];
        known[row][0] = to;
      }
    }
    const at::Tensor h = at::linalg_solve(equations, known).flatten();
    for (int j = 0; j < 18; ++j)
      for (int i = 0; i < 24; ++i) {
        const auto [x, y] = seen(i, j);
        const auto part = [&](int k) { return h[k].item<double>(); };
        const double w = part(6) * x + part(7) * y + 1;
        EXPECT_NEAR(x + flow[0][0][j][i].item<double>(), (part(0) * x + part(1) * y + part(2)) / w, 1e-3);
        EXPECT_NEAR(y + flow[0][1][j][i].item<double>(), (part(3) * x + part(4) * y + part(5)) / w, 1e-3);
      }
  }
}

/// The translation that shifts a plane by one pixel of a picture with `size` pixels in that direction.
double one_pixel(double depth, std::int64_t size) {
  return std::tan(kFieldOfView / 2 * kPi / 180) * depth * 2 / static_cast<double>(size - 1);
}

TEST(Mode3D, ShiftsAPlaneRightAndUpUnlessTheCameraIsLocked) {
  const at::Tensor picture = random_picture(24, 18, 6);
  KnownDepth estimator = plane(picture, 300);
  // Across, the aspect ratio stands in the place of 1: a pixel is wider than on the other axis by W (H - 1) /
  // (H (W - 1)).
  const MotionValues motion = {{"translate_x", {5 * one_pixel(300, 24) * 24 / 18}},
                               {"translate_y", {2 * one_pixel(300, 18)}}};
  Stage free = stage_for(picture, {{"lock_camera", "false"}});
  EXPECT_LT(largest(free.moved(picture, motion, &estimator) - at::roll(picture, {-2, 5}, {2, 3})), 1e-3);
  Stage locked = stage_for(picture);
  EXPECT_LT(largest(locked.moved(picture, motion, &estimator) - picture), 1e-4);
}

TEST(Mode3D, ForwardMakesThePictureGrow) {
  const at::Tensor picture = random_picture(24, 18, 7);
  Stage stage = stage_for(picture);
  KnownDepth estimator = plane(picture, 100);
  const at::Tensor flow = *stage.move(*stage.model(picture), {{"translate_z_3d", {25}}}, &estimator).flow;
  // A pixel is seen at scale * its place; at 3/4 of the distance, at 4/3 of that.
  const double scale = 1 / std::tan(kFieldOfView / 2 * kPi / 180) / (100 * 2 / 18.0);
  const at::Tensor x = (at::arange(24) - 11.5).view({1, 24}).expand({18, 24}),
                   y = (at::arange(18) - 8.5).view({18, 1}).expand({18, 24});
  EXPECT_LT(largest(flow - at::stack({x, y}).unsqueeze(0) * (scale / 3)), 1e-4);
}

TEST(Mode3D, LooksUpAndToTheRightAndTurnsWhatIsSeenClockwise) {
  const at::Tensor picture = random_picture(25, 19, 9);
  Stage stage = stage_for(picture, {{"lock_camera", "false"}});
  KnownDepth estimator = plane(picture, 100);
  const auto flow_at = [&](const std::vector<double>& rotation, int axis, int i, int j) {
    return (*stage.move(*stage.model(picture), {{"rotate_3d", rotation}}, &estimator).flow)[0][axis][j][i]
        .item<double>();
  };
  EXPECT_GT(flow_at({1, 0.01, 0, 0}, 1, 12, 9), 0.05) << "what is seen moves down";
  EXPECT_LT(flow_at({1, 0, 0.01, 0}, 0, 12, 9), -0.05) << "what is seen moves left";
  EXPECT_GT(flow_at({1, 0, 0, 0.01}, 1, 24, 9), 0.005) << "the right edge moves down";
  EXPECT_LT(flow_at({1, 0, 0, 0.01}, 0, 12, 18), -0.005) << "the lower edge moves left";
}

TEST(Mode3D, GivesTheFlowOfThePictureWhereTheCanvasIsSmaller) {
  const at::Tensor picture = smooth_picture(24, 16);
  Stage stage("3D", {72, 48}, {{"lock_camera", "false"}});
  const auto model = stage.model(picture, "unlimited_palette", {{"pixel_size", 3}});
  KnownDepth estimator(at::full({1, 1, 48, 72}, 200.0, at::kDouble));
  // One pixel of 24 is 2/23 of the width 2; the picture's pixels, in which motion is counted, are 2/48 of its
  // height.
  const double one = std::tan(kFieldOfView / 2 * kPi / 180) * 200 * 2 / 23 * 72 / 48;
  const AnimationMode::Move move = stage.move(*model, {{"translate_x", {5 * one}}}, &estimator);
  EXPECT_LT(largest(*model->canvas() - at::roll(picture, {5}, {3})), 1e-3);
  ASSERT_EQ(move.flow->sizes(), at::IntArrayRef({1, 2, 48, 72}));
  EXPECT_LT(largest(move.flow->select(1, 0) - 15), 1e-3);
  EXPECT_LT(largest(move.flow->select(1, 1)), 1e-3);
}

TEST(Mode3D, EncodesThePictureWhereTheModelHasNoCanvas) {
  const at::Tensor picture = smooth_picture(48, 32);
  Stage stage("3D", {48, 32}, {{"lock_camera", "false"}});
  const auto model = stage.model(picture, "pyramid");
  ASSERT_FALSE(model->canvas());
  const at::Tensor before = model->decode_final();
  KnownDepth estimator = plane(picture, 300);
  const AnimationMode::Move move =
      stage.move(*model, {{"translate_x", {7 * one_pixel(300, 48) * 48 / 32}}}, &estimator);
  EXPECT_TRUE(move.reset_optimiser);
  EXPECT_LT(largest(move.image - at::roll(before, {7}, {3})), 1e-3);
}

TEST(Mode3D, TellsTheNearestTheFarthestAndTheMiddleDepth) {
  for (const auto& [height, width] : {std::pair{4, 6}, {3, 5}}) {
    const at::Tensor picture = smooth_picture(width, height), depth = hills(height, width) * 3;
    std::vector<double> values(depth.data_ptr<double>(), depth.data_ptr<double>() + depth.numel());
    std::sort(values.begin(), values.end());
    double mean = 0;
    for (const double value : values) mean += value / static_cast<double>(values.size());
    const std::size_t half = values.size() / 2;
    const double median = values.size() % 2 ? values[half] : (values[half - 1] + values[half]) / 2;
    Stage stage = stage_for(picture);
    KnownDepth estimator(depth);
    const auto variables = stage.mode().variables(*stage.model(picture), {&estimator, nullptr, nullptr});
    EXPECT_EQ(variables.size(), 3u);
    EXPECT_NEAR(variables.at("r"), values.front(), 0.01);
    EXPECT_NEAR(variables.at("R"), values.back(), 0.01);
    EXPECT_NEAR(variables.at("mu"), (mean + median) / 2, 0.01);
  }
}

TEST(Mode3D, MapsTheEstimatorsRangeToThePlanes) {
  const at::Tensor picture = smooth_picture(3, 1);
  Stage stage = stage_for(picture, {{"near_plane", "200"}, {"far_plane", "600"}});
  // In the estimator's own scale: half way, and outside on both sides.
  KnownDepth estimator(at::tensor({(kNear + kFar) / 2, -1e5, 1e5}, at::kDouble).view({1, 1, 1, 3}));
  const auto variables = stage.mode().variables(*stage.model(picture), {&estimator, nullptr, nullptr});
  EXPECT_NEAR(variables.at("r"), 200, 1e-3);
  EXPECT_NEAR(variables.at("R"), 600, 1e-3);
  EXPECT_NEAR(variables.at("mu"), 400, 1e-3);
}

TEST(Mode3D, PlanesAndLensMayVary) {
  const at::Tensor picture = smooth_picture(12, 8);
  const std::map<std::string, std::string> lens = {
      {"near_plane", "200"}, {"far_plane", "600"}, {"field_of_view", "25"}};
  Stage begun = stage_for(picture, lens), told = stage_for(picture);
  FrameContext now = told.context({{"near_plane", {200}}, {"far_plane", {600}}, {"field_of_view", {25}}});
  auto* varying = extension_of<VaryingParameters>(told.mode());
  ASSERT_NE(varying, nullptr);
  varying->set_parameters(now);
  KnownDepth one = plane(picture, 300), other = plane(picture, 300);
  const MotionValues move = {{"translate_z_3d", {20}}, {"translate_x", {3}}};
  EXPECT_TRUE(at::equal(begun.moved(picture, move, &one), told.moved(picture, move, &other)));
  now.parameters["near_plane"] = {700};
  EXPECT_EQ(error_of([&] { varying->set_parameters(now); }).kind(), ErrorKind::settings);
}

TEST(Mode3D, EstimatesTheDepthOnceForEachFrame) {
  const at::Tensor picture = smooth_picture(12, 8);
  Stage stage = stage_for(picture);
  const auto model = stage.model(picture);
  KnownDepth estimator = plane(picture, 300);
  for (int frame = 1; frame <= 3; ++frame) {
    stage.mode().variables(*model, {&estimator, nullptr, nullptr});
    stage.move(*model, {{"translate_z_3d", {1}}}, &estimator);
    EXPECT_EQ(estimator.asked, frame);
  }
  stage.move(*model, {}, &estimator);
  EXPECT_EQ(estimator.asked, 4) << "what was kept belongs to one frame";
}

TEST(Mode3D, StaysFiniteWhenTheCameraFliesThroughWhatItSees) {
  const at::Tensor picture = random_picture(24, 18, 8);
  for (const double z : {100.0, 101.0, 5000.0})
    for (const char* locked : {"true", "false"}) {
      Stage stage = stage_for(picture, {{"lock_camera", locked}});
      KnownDepth estimator = plane(picture, 100);
      const auto model = stage.model(picture);
      const AnimationMode::Move move = stage.move(*model, {{"translate_z_3d", {z}}}, &estimator);
      EXPECT_TRUE(move.flow->isfinite().all().item<bool>());
      EXPECT_TRUE(model->canvas()->isfinite().all().item<bool>());
    }
}

TEST(Camera, StaysOnTheDevice) {
  const at::Tensor depth = at::empty({1, 1, 18, 24}, at::TensorOptions(at::kMeta));
  EXPECT_TRUE(animation::camera_offset(depth, {60, 1.5, 18, true}, {1, 2, 3, {1, 0, 0.1, 0}}).is_meta());
}

TEST(Mode3D, RefusesWhatItCannotMoveBy) {
  const at::Tensor picture = smooth_picture(12, 8);
  const auto refuses = [](ErrorKind kind, const std::string& words, const auto& call) {
    const Error error = error_of(call);
    EXPECT_EQ(error.kind(), kind);
    EXPECT_NE((error.what() + error.advice()).find(words), std::string::npos) << error.what();
  };
  refuses(ErrorKind::settings, "near_plane", [&] {
    stage_for(picture, {{"near_plane", "50"}, {"far_plane", "50"}});
  });
  Stage stage = stage_for(picture);
  const auto model = stage.model(picture);
  KnownDepth estimator = plane(picture, 300);
  refuses(ErrorKind::settings, "[1, 0, 0, 0]", [&] {
    stage.move(*model, {{"rotate_3d", {1, 0, 0}}}, &estimator);
  });
  for (const char* name : {"translate_x", "translate_y", "translate_z_3d"})
    refuses(ErrorKind::settings, name, [&] { stage.move(*model, {{name, {INFINITY}}}, &estimator); });
  refuses(ErrorKind::settings, "rotate_3d", [&] {
    stage.move(*model, {{"rotate_3d", {1, 0, NAN, 0}}}, &estimator);
  });
  refuses(ErrorKind::plugin, "depth estimator", [&] { stage.move(*model, {}); });
  KnownDepth blind = plane(picture, NAN);
  refuses(ErrorKind::model, "depth estimator", [&] { stage.move(*model, {}, &blind); });
  EXPECT_TRUE(at::equal(*model->canvas(), picture)) << "nothing has moved";
}

}  // namespace
}  // namespace reverie::test
