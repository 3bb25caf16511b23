// The modes breath and kaleidoscope, against closed forms and the symmetries that they promise.

#include "animation/stage.h"

namespace reverie::test {
namespace {

constexpr double kPi = 3.14159265358979323846;

/// Red and green are x and y, 0..1; blue is their product.
at::Tensor ramps(std::int64_t width, std::int64_t height) {
  const auto along = [](std::int64_t size) { return at::arange(size, at::kDouble) / (size - 1); };
  const at::Tensor x = along(width).view({1, width}).expand({height, width}),
                   y = along(height).view({height, 1}).expand({height, width});
  return at::stack({x, y, x * y}).unsqueeze(0).to(at::kFloat);
}

Stage stage_of(const char* mode, const at::Tensor& picture, const std::string& sampling = "bilinear") {
  return Stage(mode, {picture.size(3), picture.size(2)},
               {{"sampling_mode", sampling}, {"infill_mode", "smear"}});
}

/// The largest difference where `places` lie within what was never out of the picture: of 0..1, less than the
/// part that is seen at the largest scale, about `still`, since interpolation carries the border inwards.
double largest_within(const at::Tensor& difference, const at::Tensor& x, const at::Tensor& y, double still_x,
                      double largest_scale) {
  const auto seen = [&](const at::Tensor& places, double still) {
    const double low = still - still / largest_scale + 0.05,
                 high = still + (1 - still) / largest_scale - 0.05;
    return places.ge(low).logical_and(places.le(high));
  };
  const at::Tensor inside = seen(x, still_x).logical_and(seen(y, 0.5));
  EXPECT_GT(inside.sum().item<std::int64_t>(), inside.numel() / 4);
  return largest(difference * inside);
}

// A ramp stays a ramp under linear interpolation, whatever the number of moves. At 12 frames a second and 2
// seconds a breath, move n is at the phase n / 24.
TEST(Breath, IsAsLargeAsItsFormulaSays) {
  const at::Tensor picture = ramps(121, 81);
  Stage stage = stage_of("breath", picture);
  const auto model = stage.model(picture);
  for (int move = 1; move <= 24; ++move) {
    stage.move(*model, {{"breath_period", {2}}, {"breath_depth", {0.3}}, {"breath_x", {0.25}}});
    const double scale = 1 + 0.3 * (1 - std::cos(2 * kPi * move / 24)) / 2;
    const at::Tensor x = (picture.select(1, 0) - 0.25) / scale + 0.25,
                     y = (picture.select(1, 1) - 0.5) / scale + 0.5;
    EXPECT_LT(largest_within(model->canvas()->narrow(1, 0, 2) - at::stack({x, y}, 1), x, y, 0.25, 1.3), 1e-4)
        << "move " << move;
  }
}

TEST(Breath, ShrinksFirstWithANegativeDepth) {
  const at::Tensor picture = ramps(33, 33);
  Stage stage = stage_of("breath", picture);
  // Half a breath in one move, to half the size: a corner's pixel comes halfway to the centre.
  const at::Tensor half = stage.moved(picture, {{"breath_period", {1.0 / 6}}, {"breath_depth", {-0.5}}});
  EXPECT_NEAR(half[0][0][8][8].item<double>(), 0, 1e-6);
  EXPECT_NEAR(half[0][0][16][24].item<double>(), 1, 1e-6);
  EXPECT_NEAR(half[0][0][16][16].item<double>(), 0.5, 1e-6);
}

TEST(Breath, GoesOnWhereAPeriodChanges) {
  const at::Tensor picture = ramps(99, 99);
  Stage stage = stage_of("breath", picture);
  const auto model = stage.model(picture);
  // Six moves of 1/24, then six of 1/8: a whole breath.
  for (int move = 0; move < 6; ++move) stage.move(*model, {{"breath_period", {2}}});
  const auto difference = [&] {
    return largest_within((*model->canvas() - picture).narrow(1, 0, 2), picture.select(1, 0),
                          picture.select(1, 1), 0.5, 1.1);
  };
  EXPECT_GT(difference(), 0.015);
  for (int move = 0; move < 6; ++move) stage.move(*model, {{"breath_period", {2.0 / 3}}});
  EXPECT_LT(difference(), 1e-4);
}

TEST(Breath, RefusesAPeriodThatTakesNoTime) {
  const at::Tensor picture = ramps(8, 8);
  Stage stage = stage_of("breath", picture);
  const Error error = error_of([&] { stage.moved(picture, {{"breath_period", {0}}}); });
  EXPECT_EQ(error.kind(), ErrorKind::settings);
  EXPECT_NE(std::string(error.what()).find("breath_period"), std::string::npos) << error.what();
}

// With n = 2 the mirrors are the axes through the centre, with n = 4 also the diagonals: places are pixels.
TEST(Kaleidoscope, HasTheSymmetriesOfASquareExactly) {
  const at::Tensor picture = random_picture(33, 33, 1);
  for (const char* sampling : {"nearest", "bilinear", "bicubic"}) {
    SCOPED_TRACE(sampling);
    Stage stage = stage_of("kaleidoscope", picture, sampling);
    const at::Tensor two = stage.moved(picture, {{"kaleidoscope_sectors", {2}}});
    EXPECT_LT(largest(two - two.flip({2})), 1e-5);
    EXPECT_LT(largest(two - two.flip({3})), 1e-5);
    // The sector itself is right of the centre and above it, and keeps its pixels.
    EXPECT_TRUE(at::equal(two.slice(2, 0, 17).slice(3, 16), picture.slice(2, 0, 17).slice(3, 16)));
    const at::Tensor four = stage.moved(picture, {{"kaleidoscope_sectors", {4}}});
    EXPECT_LT(largest(four - at::rot90(four, 1, {2, 3})), 1e-5);
    EXPECT_LT(largest(four - four.flip({2})), 1e-5);
    EXPECT_GT(largest(two - at::rot90(two, 1, {2, 3})), 0.1);
    EXPECT_TRUE(at::equal(four[0][0][10].slice(0, 22), picture[0][0][10].slice(0, 22)));
  }
}

TEST(Kaleidoscope, LeavesWhatIsSymmetricAlready) {
  const at::Tensor picture = random_picture(33, 33, 2);
  Stage stage = stage_of("kaleidoscope", picture);
  const auto model = stage.model(picture);
  stage.move(*model, {{"kaleidoscope_sectors", {4.3}}});  // rounded
  const at::Tensor once = model->canvas()->clone();
  for (int move = 0; move < 5; ++move) stage.move(*model, {{"kaleidoscope_sectors", {4}}});
  EXPECT_LT(largest(*model->canvas() - once), 1e-4);
}

// By polar coordinates and LibTorch's sampler.
TEST(Kaleidoscope, IsWhatItsFormulaSaysInPolarCoordinates) {
  const std::int64_t width = 50, height = 37;
  const at::Tensor picture = smooth_picture(width, height);
  struct Case {
    double n, x, y, rotation, turn, zoom;
  };
  for (const Case& c : {Case{3, 0.5, 0.5, 0, 0, 0},
                        {5, 0.3, 0.6, 20, 0, 0},
                        {6, 0.5, 0.5, -75, 7, 0},
                        {1, 0.5, 0.5, 90, 0, 5},
                        {7, 1.1, 0.2, 200, -31, -8}}) {
    SCOPED_TRACE(std::to_string(c.n) + " sectors");
    const double cx = c.x * (width - 1), cy = c.y * (height - 1), w = kPi / c.n, r = c.rotation * kPi / 180;
    const at::Tensor grid = at::empty({1, height, width, 2}, at::kDouble);
    auto at_grid = grid.accessor<double, 4>();
    for (std::int64_t j = 0; j < height; ++j)
      for (std::int64_t i = 0; i < width; ++i) {
        const double dx = static_cast<double>(i) - cx, dy = cy - static_cast<double>(j);
        double angle =
            std::fmod(std::atan2(dy, dx) - r + 4 * kPi, 2 * w);  // within a sector and its mirror image
        if (angle < 0) angle += 2 * w;
        if (angle > w) angle = 2 * w - angle;
        const double from = r + angle - c.turn * kPi / 180,
                     distance = std::hypot(dx, dy) * (1 - c.zoom / static_cast<double>(width));
        at_grid[0][j][i][0] = 2 * (cx + distance * std::cos(from)) / (width - 1) - 1;
        at_grid[0][j][i][1] = 2 * (cy - distance * std::sin(from)) / (height - 1) - 1;
      }
    const at::Tensor expected = at::grid_sampler(picture.to(at::kDouble), grid, 0, /*border*/ 1, true);
    Stage stage = stage_of("kaleidoscope", picture);
    const at::Tensor moved = stage.moved(picture, {{"kaleidoscope_sectors", {c.n}},
                                                   {"kaleidoscope_x", {c.x}},
                                                   {"kaleidoscope_y", {c.y}},
                                                   {"kaleidoscope_rotation", {c.rotation}},
                                                   {"kaleidoscope_turn", {c.turn}},
                                                   {"kaleidoscope_zoom", {c.zoom}}});
    // On a mirror, both sides are right; a turn makes them differ.
    EXPECT_LT((moved - expected).abs().mean().item<double>(), c.turn == 0 ? 1e-5 : 2e-3);
    if (c.turn == 0) {
      EXPECT_LT(largest(moved - expected), 1e-4);
    }
  }
}

}  // namespace
}  // namespace reverie::test
