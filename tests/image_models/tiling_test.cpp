// Pictures that join themselves: what an image model shows does not depend on where its seam is.

#include <torch/csrc/autograd/autograd.h>

#include "model_under_test.h"

namespace reverie::test {
namespace {

struct Seam {
  double over, inside;  ///< mean difference of neighbours, over the seam and elsewhere
};
Seam seam_of(const at::Tensor& picture, std::int64_t axis) {
  const at::Tensor steps = (picture - picture.roll({1}, {axis})).abs();
  return {steps.select(axis, 0).mean().item<double>(),
          steps.narrow(axis, 1, steps.size(axis) - 1).mean().item<double>()};
}

class TilingOf : public testing::TestWithParam<const char*> {};

// Its parameters are noise without a neighbourhood, or codes: whatever ties pixels together is the model's
// own.
TEST_P(TilingOf, HasNoSeamInWhatItMakesOfNoise) {
  ModelUnderTest tested(GetParam());
  const auto model = tested.make(96, 96, {}, {{"tile", "xy"}});
  double over = 0, inside = 0;
  for (int i = 0; i < 4; ++i) {
    model->randomise();
    const at::Tensor picture = model->decode_final();
    for (const std::int64_t axis : {2, 3}) {
      const Seam seam = seam_of(picture, axis);
      over += seam.over;
      inside += seam.inside;
    }
  }
  EXPECT_LT(over, 1.15 * inside);
}

INSTANTIATE_TEST_SUITE_P(All, TilingOf,
                         testing::Values("unlimited_palette", "limited_palette", "fourier", "pyramid",
                                         "siren"),
                         [](const auto& info) { return std::string(info.param); });

// A dot at the left edge of a level spreads over the right one as it spreads over its neighbours inside.
TEST(Tiling, PyramidsEnlargeAroundTheEdge) {
  ModelUnderTest pyramid("pyramid");
  const auto dot_at = [&](std::int64_t x, const char* tile) {
    const auto model = pyramid.make(32, 32, {}, {{"tile", tile}});
    model->encode(at::full({1, 3, 32, 32}, 0.25));
    const at::Tensor top = model->parameters().back().detach().clone();  // 4 x 4
    top.select(3, x).add_(0.5);
    assign(model->parameters().back(), top);
    return model->decode_final();
  };
  EXPECT_LT(largest_difference(dot_at(0, "x"), dot_at(2, "x").roll({-16}, {3})), 1e-6);
  EXPECT_GT(largest_difference(dot_at(0, "y"), dot_at(2, "y").roll({-16}, {3})), 0.1) << "only along y";
  EXPECT_LT(largest_difference(dot_at(2, "xy"), dot_at(2, "off")), 1e-6)
      << "far from the edge all is as usual";
}

// Whole cells only, all of the same size.
TEST(Tiling, CellsFitIntoThePicture) {
  ModelUnderTest cells("cells");
  struct Case {
    const char* shape;
    std::int64_t count;  // in 100 x 90 pixels, of width 12
  };
  // 8 across, since 100 / 12 = 8.3. Rows of hexagons are 12 * sqrt(3) / 2 = 10.4 apart, and two of them
  // repeat: 90 / 20.8 = 4.3. There are two triangles for each side, two diamonds for each width and height,
  // two rows of bricks for each width.
  for (const Case& one : {Case{"hexagon", 8 * 2 * 4}, Case{"triangle", 2 * 8 * 2 * 4},
                          Case{"diamond", 2 * 8 * 8}, Case{"brick", 8 * 2 * 8}}) {
    const auto model = cells.make(100, 90, {}, {{"cell_shape", one.shape}, {"tile", "xy"}});
    const at::Tensor colours = model->parameters()[0];
    EXPECT_EQ(colours.size(0), one.count) << one.shape;
    assign(colours, at::full_like(colours, 0.5));
    const at::Tensor area = torch::autograd::grad({model->decode().sum()}, {colours})[0].select(1, 0);
    const double mean = 100 * 90 / static_cast<double>(one.count);
    EXPECT_NEAR(area.mean().item<double>(), mean, 1e-3) << one.shape;
    EXPECT_LT((area - mean).abs().max().item<double>(), 0.12 * mean) << one.shape;
  }
}

// Where a stroke lies makes no difference, nor how often it went round.
TEST(Tiling, StrokesAreTheSameAroundTheEdge) {
  ModelUnderTest strokes("strokes");
  for (const char* shape : {"line", "cubic", "filled"}) {
    const auto model = strokes.make(64, 48, {{"strokes", 40}}, {{"stroke_shape", shape}, {"tile", "xy"}});
    const at::Tensor points = model->parameters()[0], before = model->decode_final(),
                     kept = points.detach().clone();
    for (const double times : {0, 3}) {
      const at::Tensor moved = kept.clone();
      moved.select(2, 0).add_(2 * (20 + 64 * times) / 64);
      moved.select(2, 1).sub_(2 * 30.0 / 64);
      assign(points, moved);
      EXPECT_LT(largest_difference(model->decode_final(), before.roll({20, -30}, {3, 2})), 2e-3)
          << shape << ", " << times;
    }
  }
}

// The network sees as much around a code at the edge as around one in the middle.
TEST(Tiling, VqganDecodesAroundTheEdge) {
  ModelUnderTest vqgan("vqgan");
  const auto noise = vqgan.make(96, 96)->state();
  const auto shown = [&](const char* tile, std::int64_t turn) {
    const auto model = vqgan.make(96, 96, {}, {{"tile", tile}});
    auto state = noise;
    for (const char* name : {"z", "biased"}) state[name] = state[name].roll({turn}, {2});
    model->load_state(state);
    return model->decode().detach();
  };
  const std::int64_t codes = noise.at("z").size(2), side = 96 / codes, turn = codes / 2;
  const auto change = [&](const char* tile) {
    return (shown(tile, turn) - shown(tile, 0).roll({turn * side}, {3})).abs().mean().item<double>();
  };
  EXPECT_LT(change("xy"), 0.4 * change("off"));
}

}  // namespace
}  // namespace reverie::test
