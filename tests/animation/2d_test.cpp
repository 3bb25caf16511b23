// The mode 2D, against closed forms and LibTorch's own affine sampling.

#include "animation/stage.h"

namespace reverie::test {
namespace {

constexpr double kPi = 3.14159265358979323846;

/// A mode with its own width and height in pixels.
Stage stage_for(const at::Tensor& picture, const std::map<std::string, std::string>& settings = {}) {
  return Stage("2D", {picture.size(3), picture.size(2)}, settings);
}

TEST(Mode2D, StandsStillByDefault) {
  const at::Tensor picture = random_picture(37, 23, 1);
  for (const char* sampling : {"nearest", "bilinear", "bicubic"})
    for (const char* infill : {"mirror", "wrap", "black", "smear"}) {
      Stage stage = stage_for(picture, {{"sampling_mode", sampling}, {"infill_mode", infill}});
      EXPECT_TRUE(at::equal(stage.moved(picture, {}), picture)) << sampling << ", " << infill;
    }
}

// A step of translate_x is 2 / W of a picture that is 2 wide between the centres of its outermost pixels:
// (W - 1) / W pixels.
TEST(Mode2D, TranslatesRightAndUp) {
  const at::Tensor picture = random_picture(40, 24, 2);
  for (const char* sampling : {"nearest", "bilinear", "bicubic"}) {
    Stage stage = stage_for(picture, {{"sampling_mode", sampling}});
    for (const int pixels : {1, -3, 17, 90}) {
      const at::Tensor right = stage.moved(picture, {{"translate_x", {pixels * 40.0 / 39}}});
      EXPECT_LT(largest(right - at::roll(picture, {pixels}, {3})), 2e-5) << sampling << ", " << pixels;
      const at::Tensor up = stage.moved(picture, {{"translate_y", {pixels * 24.0 / 23}}});
      EXPECT_LT(largest(up - at::roll(picture, {-pixels}, {2})), 2e-5) << sampling << ", " << pixels;
    }
  }
}

TEST(Mode2D, MovesOverTheEdgeOfAPictureThatJoinsItself) {
  const at::Tensor any = random_picture(40, 24, 2);
  // Black is among its values: what bicubic sampling overshoots is limited to these, and to black where that
  // comes in.
  const at::Tensor picture = any - any.amin({2, 3}, true);
  for (const char* sampling : {"nearest", "bilinear", "bicubic"})
    for (const char* infill : {"mirror", "black", "smear"}) {
      Stage stage = stage_for(picture, {{"sampling_mode", sampling}, {"infill_mode", infill}, {"tile", "x"}});
      Stage wrapping = stage_for(picture, {{"sampling_mode", sampling}, {"infill_mode", "wrap"}});
      for (const double pixels : {3.0, -17.5, 90.25}) {
        SCOPED_TRACE(std::string(sampling) + ", " + infill + ", " + std::to_string(pixels));
        const MotionValues right = {{"translate_x", {pixels * 40.0 / 39}}};
        EXPECT_LT(largest(stage.moved(picture, right) - wrapping.moved(picture, right)), 2e-5);
      }
      // What comes in from above is not of the lower edge.
      const MotionValues up = {{"translate_y", {-8 * 24.0 / 23}}};
      EXPECT_GT(largest(stage.moved(picture, up) - wrapping.moved(picture, up)), 0.1);
    }
  const Error error = error_of([&] { stage_for(picture, {{"infill_mode", "black"}, {"tile", "xy"}}); });
  EXPECT_EQ(error.kind(), ErrorKind::settings);
  EXPECT_NE(std::string(error.what()).find("'infill_mode' is 'black'"), std::string::npos) << error.what();
}

TEST(Mode2D, TurnsAnticlockwiseAndComesBack) {
  const at::Tensor picture = random_picture(33, 33, 3);
  for (const char* sampling : {"nearest", "bilinear", "bicubic"})
    for (const char* infill : {"mirror", "wrap", "black", "smear"}) {
      SCOPED_TRACE(std::string(sampling) + ", " + infill);
      Stage stage = stage_for(picture, {{"sampling_mode", sampling}, {"infill_mode", infill}});
      const auto model = stage.model(picture);
      stage.move(*model, {{"rotate_2d", {90}}});
      EXPECT_LT(largest(*model->canvas() - at::rot90(picture, 1, {2, 3})), 1e-5);
      for (int turn = 0; turn < 3; ++turn) stage.move(*model, {{"rotate_2d", {90}}});
      EXPECT_LT(largest(*model->canvas() - picture), 1e-5);
    }
}

// A ramp stays a ramp under linear interpolation: pixel i shows what was at centre + scale (i - centre).
TEST(Mode2D, ZoomsAboutTheCentre) {
  const std::int64_t width = 41, height = 20;
  const at::Tensor
      x = (at::arange(width, at::kDouble) / (width - 1)).view({1, width}).expand({height, width}),
      y = (at::arange(height, at::kDouble) / (height - 1)).view({height, 1}).expand({height, width});
  const at::Tensor picture = at::stack({x, y, x * y}).unsqueeze(0).to(at::kFloat);
  Stage stage = stage_for(picture, {{"sampling_mode", "bilinear"}});
  const double sx = (41 - 6.0) / 41, sy = (20 - 2.5) / 20;
  const at::Tensor moved = stage.moved(picture, {{"zoom_x_2d", {6}}, {"zoom_y_2d", {2.5}}});
  const at::Tensor zoomed_x = 0.5 + sx * (x - 0.5), zoomed_y = 0.5 + sy * (y - 0.5);
  EXPECT_LT(largest(moved - at::stack({zoomed_x, zoomed_y, zoomed_x * zoomed_y}).unsqueeze(0)), 1e-6);
}

// What the specification says in LibTorch's own words.
TEST(Mode2D, IsLibTorchsAffineGridWithCornersAligned) {
  const at::Tensor picture = random_picture(50, 30, 4);
  struct Case {
    double x, y, degrees, zoom_x, zoom_y;
  };
  for (const Case& c : {Case{3.3, -2.1, 0, 0, 0}, {0, 0, 17, 0, 0}, {0, 0, 0, 5, -8}, {-4, 9, -200, 12, 3}}) {
    const double w = 50, h = 30, angle = c.degrees * kPi / 180, sx = (w - c.zoom_x) / w,
                 sy = (h - c.zoom_y) / h;
    const at::Tensor theta = at::tensor({sx * std::cos(angle), -sy * std::sin(angle), -2 * c.x / w,
                                         sx * std::sin(angle), sy * std::cos(angle), 2 * c.y / h},
                                        at::kDouble)
                                 .view({1, 2, 3});
    const at::Tensor grid = at::affine_grid_generator(theta, {1, 3, 30, 50}, /*align_corners=*/true);
    for (const auto& [sampling, mode] : {std::pair("bilinear", 0), {"bicubic", 2}})
      for (const auto& [infill, padding] : {std::pair("black", 0), {"smear", 1}, {"mirror", 2}}) {
        Stage stage = stage_for(picture, {{"sampling_mode", sampling}, {"infill_mode", infill}});
        const at::Tensor moved = stage.moved(picture, {{"translate_x", {c.x}},
                                                       {"translate_y", {c.y}},
                                                       {"rotate_2d", {c.degrees}},
                                                       {"zoom_x_2d", {c.zoom_x}},
                                                       {"zoom_y_2d", {c.zoom_y}}});
        // The filter's overshoot is limited to the range of each channel, and black is part of it.
        at::Tensor least = picture.amin({2, 3}, true), most = picture.amax({2, 3}, true);
        if (padding == 0) least = at::zeros_like(least);
        const at::Tensor expected =
            at::grid_sampler(picture.to(at::kDouble), grid, mode, padding, true).clamp(least, most);
        EXPECT_LT(largest(moved - expected), 3e-5) << sampling << ", " << infill << ", " << c.degrees;
      }
  }
}

TEST(Mode2D, KeepsDetailInItsRangeOverHundredsOfMoves) {
  const at::Tensor picture = random_picture(32, 32, 5);
  Stage stage = stage_for(picture);
  const auto model = stage.model(picture);
  for (int frame = 0; frame < 300; ++frame)
    stage.move(*model, {{"translate_x", {0.5 * 32.0 / 31}}, {"translate_y", {0.25}}});
  EXPECT_GE((*model->canvas()).min().item<double>(), picture.min().item<double>());
  EXPECT_LE((*model->canvas()).max().item<double>(), picture.max().item<double>());
}

TEST(Mode2D, MovesCanvasesOfAnyNumberOfChannelsAtTheirOwnScale) {
  const at::Tensor picture = smooth_picture(24, 16);
  Stage stage("2D", {24 * 3, 16 * 3});
  const auto model = stage.model(picture, "limited_palette", {{"pixel_size", 3}});
  const at::Tensor before = *model->canvas(), shown = model->decode_final();
  ASSERT_GT(before.size(1), 3);
  const AnimationMode::Move move = stage.move(*model, {{"translate_x", {5 * 24.0 / 23}}});
  EXPECT_LT(largest(*model->canvas() - at::roll(before, {5}, {3})), 1e-5);
  EXPECT_FALSE(move.reset_optimiser);
  EXPECT_FALSE(move.flow);
  EXPECT_TRUE(at::equal(move.image, model->decode_final()));
  ASSERT_EQ(move.image.size(3), 72);
}

TEST(Mode2D, EncodesThePictureWhereTheModelHasNoCanvas) {
  const at::Tensor picture = smooth_picture(48, 32);
  Stage stage("2D", {48, 32});
  const auto model = stage.model(picture, "pyramid");
  ASSERT_FALSE(model->canvas());
  const at::Tensor before = model->decode_final();
  const AnimationMode::Move move = stage.move(*model, {{"translate_x", {7 * 48.0 / 47}}});
  EXPECT_TRUE(move.reset_optimiser);
  EXPECT_LT(largest(move.image - at::roll(before, {7}, {3})), 1e-4);
}

TEST(Mode2D, RefusesMotionThatIsNoNumber) {
  const at::Tensor picture = smooth_picture(8, 8);
  Stage stage = stage_for(picture);
  const auto model = stage.model(picture);
  for (const char* name : {"translate_x", "translate_y", "rotate_2d", "zoom_x_2d", "zoom_y_2d"}) {
    const Error error = error_of([&] { stage.move(*model, {{name, {std::nan("")}}}); });
    EXPECT_EQ(error.kind(), ErrorKind::settings);
    EXPECT_NE(std::string(error.what()).find(name), std::string::npos) << error.what();
  }
  EXPECT_TRUE(at::equal(*model->canvas(), picture));
}

}  // namespace
}  // namespace reverie::test
