// Total variation against values by hand.

#include "losses/loss_under_test.h"
#include "support/numbers.h"

namespace reverie::test {
namespace {

at::Tensor smoothing_loss(const at::Tensor& image, const at::Tensor& mask = {}) {
  const auto loss = make_loss("smoothing", {image.size(3), image.size(2)});
  loss->set_mask(mask);
  PictureModel model;
  return evaluate(*loss, image, model);
}

TEST(SmoothingLoss, ByHand) {
  // 1 2 4   to the right: 1 2, 4 0   down: 2 5 3
  // 3 7 7
  const at::Tensor image = at::tensor({1.0, 2.0, 4.0, 3.0, 7.0, 7.0}, at::kDouble).view({1, 1, 2, 3});
  EXPECT_NEAR(smoothing_loss(image).item<double>(), (1 + 4 + 16 + 0) / 4.0 + (4 + 25 + 9) / 3.0, 1e-12);
  // Channels are averaged over too.
  const at::Tensor flat = at::zeros_like(image);
  EXPECT_NEAR(smoothing_loss(at::cat({image, flat}, 1)).item<double>(), 21 / 8.0 + 38 / 6.0, 1e-12);
}

TEST(SmoothingLoss, OfPicturesWithoutNeighbours) {
  EXPECT_EQ(smoothing_loss(at::ones({1, 3, 1, 1})).item<double>(), 0);
  const at::Tensor pixel = at::ones({1, 3, 1, 1}).set_requires_grad(true);
  smoothing_loss(pixel).backward();
  EXPECT_EQ(largest(pixel.grad()), 0);
  EXPECT_EQ(smoothing_loss(at::tensor({1.0, 4.0}).view({1, 1, 1, 2})).item<double>(), 9);
  EXPECT_EQ(smoothing_loss(at::tensor({1.0, 4.0}).view({1, 1, 2, 1})).item<double>(), 9);
}

TEST(SmoothingLoss, Gradient) {
  expect_gradient([](const at::Tensor& x) { return smoothing_loss(x) * 3; },
                  at::rand({1, 3, 4, 3}, seeded(5)));
}

TEST(SmoothingLoss, MaskOfTheLeftOrUpperPixel) {
  // As above: to the right 1 2, 4 0, down 2 5 3.
  const at::Tensor image = at::tensor({1.0, 2.0, 4.0, 3.0, 7.0, 7.0}, at::kDouble).view({1, 1, 2, 3});
  const at::Tensor mask = at::tensor({1.0, 0.5, 0.0, 0.0, 0.25, 1.0}, at::kDouble).view({1, 1, 2, 3});
  EXPECT_NEAR(smoothing_loss(image, mask).item<double>(), (1 + 1 + 0 + 0) / 4.0 + (4 + 6.25 + 0) / 3.0,
              1e-12);
}

}  // namespace
}  // namespace reverie::test
