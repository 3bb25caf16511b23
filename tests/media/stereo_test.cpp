// Stereo pairs of planes at known depths, whose disparity has a closed form.

#include "media/stereo.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <tuple>

namespace reverie::test {
namespace {

at::Tensor waves(std::int64_t height, std::int64_t width) {
  const at::Tensor x = at::arange(width, at::kFloat).view({1, 1, 1, width}),
                   y = at::arange(height, at::kFloat).view({1, 1, height, 1});
  const at::Tensor both = x * 0.4 + y * 0.2;
  return at::cat({(x * 0.7).sin() * (y * 0.3).cos(), both.sin(), (x * 0.9 + y * 0).cos()}, 1) * 0.4 + 0.5;
}

// disparity = focal * baseline / depth, half of it to either side.
TEST(Stereo, APlaneHasTheDisparityOfItsDepth) {
  const at::Tensor picture = waves(24, 80);
  for (const auto& [focal, baseline, depth] :
       {std::tuple{100.0, 6.0, 150.0}, {80.0, 5.0, 50.0}, {40.0, -2.0, 10.0}}) {
    const double disparity = focal * baseline / depth;  // 4, 8 and -8 pixels
    const auto shift = static_cast<std::int64_t>(std::llround(disparity));
    ASSERT_EQ(static_cast<double>(shift), disparity);
    const media::StereoPair pair =
        media::stereo_pair(picture, at::full({1, 1, 24, 80}, depth), {baseline, focal, 0});
    // What the left eye sees at x, the right one sees `disparity` further left.
    const at::Tensor left = pair.left.slice(3, 20, 60), right = pair.right.slice(3, 20 - shift, 60 - shift);
    EXPECT_TRUE(at::allclose(left, right, 0, 1e-6)) << disparity;
    EXPECT_TRUE(at::allclose(left, picture.slice(3, 20 - shift / 2, 60 - shift / 2), 0, 1e-6)) << disparity;
  }
}

TEST(Stereo, WhatIsOnTheScreenHasNoDisparity) {
  const at::Tensor picture = waves(16, 64);
  const media::StereoPair on = media::stereo_pair(picture, at::full({1, 1, 16, 64}, 30.0), {6, 100, 30});
  EXPECT_TRUE(at::equal(on.left, picture));
  EXPECT_TRUE(at::equal(on.right, picture));
  // Twice as far behind it: 100 * 6 * (1/60 - 1/30) = -10 pixels.
  const media::StereoPair behind = media::stereo_pair(picture, at::full({1, 1, 16, 64}, 60.0), {6, 100, 30});
  EXPECT_TRUE(at::allclose(behind.left.slice(3, 20, 40), behind.right.slice(3, 30, 50), 0, 1e-6));
}

TEST(Stereo, FormatsHoldBothViews) {
  const at::Tensor left = at::full({1, 3, 2, 4}, 0.25), right = at::full({1, 3, 2, 4}, 0.75);
  const at::Tensor wide = media::side_by_side({left, right}), glasses = media::anaglyph({left, right});
  EXPECT_TRUE(at::equal(wide, at::cat({left, right}, 3)));
  EXPECT_TRUE(at::equal(glasses.select(1, 0), left.select(1, 0)));
  EXPECT_TRUE(at::equal(glasses.narrow(1, 1, 2), right.narrow(1, 1, 2)));
}

}  // namespace
}  // namespace reverie::test
