#include "reverie/colour.h"

#include <gtest/gtest.h>

namespace reverie {
namespace {

at::Tensor pixel(std::vector<float> rgb) { return at::tensor(rgb).view({1, 3, 1, 1}); }

/// d(saturation * by_saturation + value * by_value) / d(r, g, b)
std::vector<double> gradient(const std::vector<float>& rgb, double by_saturation, double by_value) {
  at::Tensor leaf = pixel(rgb).set_requires_grad(true);
  const at::Tensor sv = saturation_value(leaf);
  (sv.select(1, 0) * by_saturation + sv.select(1, 1) * by_value).sum().backward();
  const at::Tensor g = leaf.grad().flatten();
  return {g[0].item<double>(), g[1].item<double>(), g[2].item<double>()};
}

void expect_near(const std::vector<double>& got, const std::vector<double>& expected) {
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], expected[i], 1e-5) << "channel " << i;
}

TEST(SaturationValue, KnownColours) {
  struct Case {
    std::vector<float> rgb;
    double saturation, value;
  };
  for (const Case& c : std::initializer_list<Case>{{{1, 0, 0}, 1, 1},
                                                   {{0.25f, 0.5f, 1}, 0.75, 1},
                                                   {{0.6f, 0.3f, 0.45f}, 0.5, 0.6},
                                                   {{0.4f, 0.4f, 0.4f}, 0, 0.4},
                                                   {{0, 0, 0}, 0, 0},
                                                   {{1, 1, 1}, 0, 1}}) {
    const at::Tensor all = rgb_saturation_value(pixel(c.rgb)).flatten();
    ASSERT_EQ(all.numel(), 5);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(all[i].item<float>(), c.rgb[static_cast<std::size_t>(i)]);
    EXPECT_NEAR(all[3].item<double>(), c.saturation, 1e-6);
    EXPECT_NEAR(all[4].item<double>(), c.value, 1e-6);
  }
}

TEST(SaturationValue, EachPixelOfEachPictureApart) {
  const at::Tensor pictures = at::arange(2 * 3 * 2 * 3, at::kFloat).view({2, 3, 2, 3}) / 40;
  const at::Tensor sv = saturation_value(pictures);
  ASSERT_EQ(sv.sizes(), (at::IntArrayRef{2, 2, 2, 3}));
  // Channels are 6 apart, so green and blue lie 6/40 and 12/40 above red.
  const at::Tensor blue = pictures.select(1, 2);
  EXPECT_TRUE(at::equal(sv.select(1, 1), blue));
  EXPECT_TRUE(at::allclose(sv.select(1, 0), 0.3 / blue));
}

TEST(SaturationValue, GradientsInClosedForm) {
  // s = 1 - min / max: ds/dmax = min / max^2, ds/dmin = -1 / max, and the middle channel has no say.
  expect_near(gradient({0.25f, 0.5f, 0.8f}, 1, 0), {-1 / 0.8, 0, 0.25 / 0.64});
  expect_near(gradient({0.25f, 0.5f, 0.8f}, 0, 1), {0, 0, 1});
  expect_near(gradient({0.9f, 0.2f, 0.3f}, 2, 3), {2 * 0.2 / 0.81 + 3, -2 / 0.9, 0});
  // Two channels that tie for the brightest share.
  expect_near(gradient({0.8f, 0.8f, 0.2f}, 1, 1), {0.5 * (0.2 / 0.64 + 1), 0.5 * (0.2 / 0.64 + 1), -1 / 0.8});
}

TEST(SaturationValue, GreysHaveNoGradientOfSaturation) {
  for (const float grey : {0.0f, 1e-6f, 0.5f, 1.0f}) {
    expect_near(gradient({grey, grey, grey}, 1, 0), {0, 0, 0});
    expect_near(gradient({grey, grey, grey}, 0, 1), {1.0 / 3, 1.0 / 3, 1.0 / 3});
  }
}

TEST(SaturationValue, GradientsNearBlackAreFinite) {
  for (const float dark : {1e-30f, 1e-9f, 1e-4f})
    for (const double g : gradient({dark, 0, dark / 2}, 1, 0)) {
      EXPECT_TRUE(std::isfinite(g));
      EXPECT_LE(std::abs(g), 255 + 1e-3);
    }
}

}  // namespace
}  // namespace reverie
