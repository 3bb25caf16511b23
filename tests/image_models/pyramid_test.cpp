// The pyramid image model: what its levels are, and that a picture is kept.

#include "model_under_test.h"

namespace reverie::test {
namespace {

TEST(Pyramid, LevelsHalveDownToAFewPixels) {
  ModelUnderTest pyramid("pyramid");
  const auto sizes = [&](std::int64_t width, std::int64_t height) {
    std::vector<std::pair<std::int64_t, std::int64_t>> result;
    for (const at::Tensor& level : pyramid.make(width, height)->parameters())
      result.emplace_back(level.size(3), level.size(2));
    return result;
  };
  using Sizes = std::vector<std::pair<std::int64_t, std::int64_t>>;
  EXPECT_EQ(sizes(64, 48), (Sizes{{64, 48}, {32, 24}, {16, 12}, {8, 6}}));
  EXPECT_EQ(sizes(33, 17), (Sizes{{33, 17}, {17, 9}, {9, 5}}));
  EXPECT_EQ(sizes(7, 300), (Sizes{{7, 300}}));
  EXPECT_EQ(sizes(1, 1), (Sizes{{1, 1}}));
}

TEST(Pyramid, EncodingKeepsEveryPixel) {
  ModelUnderTest pyramid("pyramid");
  for (const auto& [width, height] : {std::pair{64, 48}, {33, 17}, {1, 1}, {1, 40}, {301, 9}}) {
    const auto model = pyramid.make(width, height);
    const at::Tensor picture = random_picture(width, height, 2);
    model->encode(picture);
    EXPECT_LT(largest_difference(model->decode_final(), picture), 1e-6) << width << "x" << height;
  }
}

TEST(Pyramid, DetailsAreWhatTheEnlargedPictureLacks) {
  ModelUnderTest pyramid("pyramid");
  const auto model = pyramid.make(64, 48);
  model->encode(smooth_picture(64, 48));
  const std::vector<at::Tensor> levels = model->parameters();
  // A smooth picture is nearly all in its top level: averages of 8 x 8 pixels.
  EXPECT_LT(largest_difference(levels.back(), at::avg_pool2d(smooth_picture(64, 48), 8)), 1e-6);
  EXPECT_LT(levels[0].abs().max().item<double>(), 0.02);
  model->encode(at::full({1, 3, 48, 64}, 0.25));
  for (std::size_t i = 0; i + 1 < levels.size(); ++i)
    EXPECT_LT(levels[i].abs().max().item<double>(), 1e-6) << "level " << i;
}

TEST(Pyramid, EveryLevelChangesThePictureByItsOwnChange) {
  ModelUnderTest pyramid("pyramid");
  const auto model = pyramid.make(40, 24);
  for (const at::Tensor& level : model->parameters()) {
    model->encode(at::full({1, 3, 24, 40}, 0.25));
    assign(level, level.detach() + 0.5);
    EXPECT_LT(largest_difference(model->decode_final(), at::full({1, 3, 24, 40}, 0.75)), 1e-6);
  }
}

TEST(Pyramid, ADotInATopLevelIsBroad) {
  ModelUnderTest pyramid("pyramid");
  const auto model = pyramid.make(64, 64);
  model->encode(at::zeros({1, 3, 64, 64}));
  at::Tensor top = model->parameters().back().detach().clone();
  ASSERT_EQ(top.size(2), 4);
  top[0][0][1][1] = 1;
  assign(model->parameters().back(), top);
  const at::Tensor red = model->decode_final()[0][0];
  // Enlarging keeps what a level holds in all: 16 x 16 pixels' worth, except for what is cut off.
  EXPECT_NEAR(red.sum().item<double>(), 256, 1);
  EXPECT_GT((red > 0.01).sum().item<std::int64_t>(), 500);
  EXPECT_EQ(model->decode_final()[0][1].abs().max().item<double>(), 0);
}

}  // namespace
}  // namespace reverie::test
