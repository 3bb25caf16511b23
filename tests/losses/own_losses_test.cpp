// Losses that compare the picture with nothing but itself, against closed forms.

#include "losses/loss_under_test.h"
#include "support/numbers.h"

namespace reverie::test {
namespace {

double value(const std::string& name, const at::Tensor& image,
             const std::map<std::string, std::string>& params = {}, const at::Tensor& mask = {}) {
  const auto loss = make_loss(name, {image.size(3), image.size(2)}, params);
  loss->set_mask(mask);
  PictureModel model;
  return evaluate(*loss, image, model).item<double>();
}
double beyond_limit(const std::string& name, const at::Tensor& image, double limit) {
  const auto loss = make_loss(name, {image.size(3), image.size(2)});
  PictureModel model;
  Loss::Context context;
  context.parameters["limit"] = {limit};
  return evaluate(*loss, image, model, context).item<double>();
}

/// 1 2   in each channel, in tenths
/// 3 5
at::Tensor four() {
  return at::tensor({0.1f, 0.2f, 0.3f, 0.5f}).view({1, 1, 2, 2}).expand({1, 3, 2, 2}).contiguous();
}

TEST(SymmetryLoss, ByHand) {
  // Left against right: 1 and 2, 3 and 5; up against down: 1 and 3, 2 and 5; across: 1 and 5, 2 and 3. Each
  // pair counts twice.
  EXPECT_NEAR(value("symmetry", four(), {{"mirror", "x"}}), (0.01 + 0.04) / 2, 1e-7);
  EXPECT_NEAR(value("symmetry", four(), {{"mirror", "y"}}), (0.04 + 0.09) / 2, 1e-7);
  EXPECT_NEAR(value("symmetry", four(), {{"mirror", "radial"}}), (0.16 + 0.01) / 2, 1e-7);
  EXPECT_EQ(value("symmetry", four()), value("symmetry", four(), {{"mirror", "x"}})) << "the default";
}

TEST(SymmetryLoss, OfAMirroredPictureIsNothing) {
  const at::Tensor half = at::rand({1, 3, 4, 5}, seeded(1)), whole = at::cat({half, half.flip(3)}, 3);
  EXPECT_EQ(value("symmetry", whole, {{"mirror", "x"}}), 0);
  EXPECT_GT(value("symmetry", whole, {{"mirror", "y"}}), 0.01);
  EXPECT_EQ(value("symmetry", whole.transpose(2, 3).contiguous(), {{"mirror", "y"}}), 0);
  EXPECT_EQ(value("symmetry", at::cat({half, half.flip({2, 3})}, 3), {{"mirror", "radial"}}), 0);
}

TEST(SymmetryLoss, MaskOfTheUpperHalf) {
  const at::Tensor mask = at::tensor({1.0f, 1.0f, 0.0f, 0.0f}).view({1, 1, 2, 2});
  EXPECT_NEAR(value("symmetry", four(), {{"mirror", "x"}}, mask), 0.01 / 2, 1e-7);
}

TEST(SymmetryLoss, Gradient) {
  for (const char* mirror : {"x", "y", "radial"})
    expect_gradient(
        [&](const at::Tensor& x) {
          const auto loss = make_loss("symmetry", {3, 4}, {{"mirror", mirror}});
          PictureModel model;
          return evaluate(*loss, x, model);
        },
        at::rand({1, 3, 4, 3}, seeded(5), at::kDouble));
}

TEST(ContrastLoss, IsWhatTheDeviationHasMoreThanTheLimit) {
  // Black and white in equal parts deviate by 1/2; a third of that is 1/6.
  const at::Tensor board = at::tensor({0.0f, 1.0f, 1.0f, 0.0f}).view({1, 1, 2, 2}).expand({1, 3, 2, 2});
  EXPECT_NEAR(beyond_limit("contrast", board, 0.25), 0.25 * 0.25, 1e-6);
  EXPECT_NEAR(beyond_limit("contrast", board, 0.5), 0, 1e-9);
  EXPECT_NEAR(beyond_limit("contrast", board, 0.75), 0, 1e-9);
  EXPECT_NEAR(beyond_limit("contrast", board, -1), 0.25, 1e-6) << "there is no less than none";
  // Only in one of three channels: brightness has a third of it.
  at::Tensor red = board.clone();
  red.narrow(1, 1, 2).fill_(0.5);
  EXPECT_NEAR(beyond_limit("contrast", red, 0.1), (0.5 / 3 - 0.1) * (0.5 / 3 - 0.1), 1e-6);
}

TEST(SaturationLoss, IsWhatTheDistanceFromGreyHasMoreThanTheLimit) {
  // Red is (2/3, -1/3, -1/3) from its grey: the mean square is 2/9.
  at::Tensor red = at::zeros({1, 3, 2, 2});
  red.select(1, 0).fill_(1);
  const double distance = std::sqrt(2.0 / 9);
  EXPECT_NEAR(beyond_limit("saturation", red, 0.1), (distance - 0.1) * (distance - 0.1), 1e-6);
  EXPECT_NEAR(beyond_limit("saturation", red, 0.5), 0, 1e-9);
  EXPECT_NEAR(beyond_limit("saturation", four(), 0), 0, 1e-6) << "greys have none";
}

TEST(RangeLoss, IsWhatLiesBeyond) {
  // 0.1 and 0.2 lack 0.2 and 0.1 of 0.3; 0.5 has 0.1 more than 0.4.
  const auto range = [](const at::Tensor& image, double low, double high, const at::Tensor& mask = {}) {
    const auto loss = make_loss("range", {image.size(3), image.size(2)});
    loss->set_mask(mask);
    PictureModel model;
    Loss::Context context;
    context.parameters["low"] = {low};
    context.parameters["high"] = {high};
    return evaluate(*loss, image, model, context).item<double>();
  };
  EXPECT_NEAR(range(four(), 0.3, 0.4), (0.04 + 0.01 + 0.01) / 4, 1e-7);
  EXPECT_EQ(range(four(), 0.1, 0.5), 0);
  const at::Tensor upper = at::tensor({1.0f, 0.5f, 0.0f, 0.0f}).view({1, 1, 2, 2});
  EXPECT_NEAR(range(four(), 0.3, 0.4, upper), (0.04 + 0.0025) / 4, 1e-7);
  // Full black and white have a gradient that leads back.
  const at::Tensor ends = at::tensor({0.0f, 1.0f}).view({1, 1, 1, 2}).expand({1, 3, 1, 2}).clone();
  ends.set_requires_grad(true);
  const auto loss = make_loss("range", {2, 1});
  PictureModel model;
  Loss::Context context;
  context.parameters["low"] = {0.05};
  context.parameters["high"] = {0.95};
  evaluate(*loss, ends, model, context).backward();
  EXPECT_TRUE((ends.grad().select(3, 0) < 0).all().item<bool>());
  EXPECT_TRUE((ends.grad().select(3, 1) > 0).all().item<bool>());
}

TEST(ToneLimits, Gradient) {
  for (const char* name : {"contrast", "saturation"})
    expect_gradient(
        [&](const at::Tensor& x) {
          const auto loss = make_loss(name, {3, 4});
          PictureModel model;
          Loss::Context context;
          context.parameters["limit"] = {0.05};
          return evaluate(*loss, x, model, context);
        },
        at::rand({1, 3, 4, 3}, seeded(6), at::kDouble));
}

}  // namespace
}  // namespace reverie::test
