#include "reverie/loss.h"

#include "conformance/tensors.h"
#include "fixtures/plugins_under_test.h"

namespace reverie::test {
namespace {

class LossConformance : public testing::TestWithParam<std::string> {
 protected:
  LossConformance()
      : host_(host_options()),
        model_(make<ImageModel>(plugins().find(ImageModel::kKind, "unlimited_palette"), host_)) {}

  const PluginFile& plugin() const { return plugins().find(Loss::kKind, GetParam()); }
  std::shared_ptr<Loss> loss(std::int64_t width = 64, std::int64_t height = 48) {
    return create<Loss>(plugin(), host_, default_params(plugin()), {{width, height}});
  }
  /// A picture that can be differentiated, unlike any target here.
  static at::Tensor image(std::int64_t width = 64, std::int64_t height = 48) {
    return (smooth_picture(width, height) * 0.7 + random_picture(width, height, 1) * 0.2)
        .set_requires_grad(true);
  }
  double value(Loss& loss, const at::Tensor& picture) {
    const at::Tensor value = loss.evaluate(picture, *model_);
    EXPECT_EQ(value.numel(), 1);
    EXPECT_EQ(value.scalar_type(), at::kFloat);
    EXPECT_TRUE(std::isfinite(value.item<double>()));
    return value.item<double>();
  }

  HostServices host_;
  std::shared_ptr<ImageModel> model_;
};

TEST_P(LossConformance, IsAScalarWithAGradient) {
  const auto it = loss();
  it->set_target(smooth_picture(64, 48).flip(3));
  const at::Tensor picture = image();
  const at::Tensor measured = it->evaluate(picture, *model_);
  ASSERT_EQ(measured.numel(), 1);
  ASSERT_TRUE(measured.requires_grad());
  measured.backward();
  ASSERT_TRUE(picture.grad().defined());
  EXPECT_TRUE(picture.grad().isfinite().all().item<bool>());
  EXPECT_GT(picture.grad().abs().max().item<double>(), 0);
}

TEST_P(LossConformance, TakesTargetsAndMasksOfAnySize) {
  for (const auto& [width, height] : {std::pair{1, 1}, {7, 5}, {64, 48}, {150, 20}}) {
    const auto it = loss();
    it->set_target(smooth_picture(width, height));
    value(*it, image());
    it->set_mask(random_picture(width, height, 2).narrow(1, 0, 1));
    value(*it, image());
  }
}

TEST_P(LossConformance, WorksOnPicturesOfAnySize) {
  for (const auto& [width, height] : {std::pair{1, 1}, {1, 9}, {9, 1}, {33, 17}}) {
    const auto it = loss(width, height);
    it->set_target(smooth_picture(width, height).flip(3));
    value(*it, image(width, height));
  }
}

TEST_P(LossConformance, TargetAndMaskCanBeTakenAway) {
  const auto it = loss();
  const double bare = value(*it, image());
  it->set_target(smooth_picture(64, 48).flip(3));
  const double with_target = value(*it, image());
  it->set_mask(at::zeros({1, 1, 48, 64}));
  value(*it, image());
  it->set_mask(at::Tensor());
  EXPECT_EQ(value(*it, image()), with_target);
  it->set_target(at::Tensor());
  EXPECT_EQ(value(*it, image()), bare);
}

TEST_P(LossConformance, AMaskOfOnesChangesNothingAndOneOfZerosLeavesNothing) {
  const auto it = loss();
  it->set_target(smooth_picture(64, 48).flip(3));
  const double unmasked = value(*it, image());
  it->set_mask(at::ones({1, 1, 48, 64}));
  EXPECT_NEAR(value(*it, image()), unmasked, 1e-5 * std::abs(unmasked));
  it->set_mask(at::zeros({1, 1, 48, 64}));
  EXPECT_NEAR(value(*it, image()), 0, 1e-7);
}

TEST_P(LossConformance, LeavesItsInputsAlone) {
  const auto it = loss();
  const at::Tensor target = smooth_picture(64, 48).flip(3), target_copy = target.clone();
  const at::Tensor picture = image(), picture_copy = picture.detach().clone();
  it->set_target(target);
  value(*it, picture);
  EXPECT_TRUE(at::equal(target, target_copy));
  EXPECT_TRUE(at::equal(picture, picture_copy));
}

TEST_P(LossConformance, IsEnabledUntilSaidOtherwise) {
  const auto it = loss();
  EXPECT_TRUE(it->enabled());
  it->set_enabled(false);
  EXPECT_FALSE(it->enabled());
}

INSTANTIATE_TEST_SUITE_P(All, LossConformance, testing::ValuesIn(names_of(Loss::kKind)), name_as_is);

}  // namespace
}  // namespace reverie::test
