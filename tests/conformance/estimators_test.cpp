// Depth and flow estimators.

#include "conformance/promise.h"
#include "conformance/tensors.h"
#include "fixtures/plugins_under_test.h"

namespace reverie::test {
namespace {

const std::pair<std::int64_t, std::int64_t> kSizes[] = {{1, 1}, {1, 9}, {9, 1}, {33, 17}, {130, 66}};

class DepthEstimatorConformance : public testing::TestWithParam<std::string> {
 protected:
  DepthEstimatorConformance() : host_(host_options()) {}
  void SetUp() override {
    if (const std::string missing = missing_weights(plugin(), host_); !missing.empty())
      GTEST_SKIP() << "the weights '" << missing << "' are not installed; its own tests make some";
    it_ = make<DepthEstimator>(plugin(), host_);
  }
  const PluginFile& plugin() const { return plugins().find(DepthEstimator::kKind, GetParam()); }

  engine::HostServices host_;
  std::shared_ptr<DepthEstimator> it_;
};

TEST_P(DepthEstimatorConformance, GivesADepthForEveryPixelOfAnySize) {
  promise("estimate()", "float32 [1, 1, H, W] within range(), for pictures of any size from 1x1");
  const DepthEstimator::Range range = it_->range();
  EXPECT_LT(range.nearest, range.farthest);
  for (const auto& [width, height] : kSizes) {
    const at::Tensor image = smooth_picture(width, height), copy = image.clone();
    // Half a unit in the last place of a float32 for ranges that are not float32.
    EXPECT_TRUE(is_plane(it_->estimate(image), {1, 1, height, width}, range.nearest * (1 - 1e-7),
                         range.farthest * (1 + 1e-7)));
    EXPECT_TRUE(at::equal(image, copy)) << "the picture is only read";
  }
}

TEST_P(DepthEstimatorConformance, IsDeterministic) {
  promise("estimate()", "the same picture, the same depths");
  const at::Tensor image = smooth_picture(40, 30);
  EXPECT_TRUE(at::equal(it_->estimate(image), it_->estimate(image)));
}

TEST_P(DepthEstimatorConformance, GradientsFlowIfItSaysSo) {
  promise("differentiable()", "true only where gradients flow from the depths to the picture");
  const at::Tensor image = smooth_picture(40, 30).set_requires_grad(true);
  const at::Tensor depth = it_->estimate(image);
  if (!it_->differentiable()) GTEST_SKIP() << "it says it is not differentiable";
  ASSERT_TRUE(depth.requires_grad());
  depth.sum().backward();
  ASSERT_TRUE(image.grad().defined());
  EXPECT_TRUE(image.grad().isfinite().all().item<bool>());
}

INSTANTIATE_TEST_SUITE_P(All, DepthEstimatorConformance, testing::ValuesIn(names_of(DepthEstimator::kKind)),
                         name_as_is);

class FlowEstimatorConformance : public testing::TestWithParam<std::string> {
 protected:
  FlowEstimatorConformance() : host_(host_options()) {}
  void SetUp() override {
    if (const std::string missing = missing_weights(plugin(), host_); !missing.empty())
      GTEST_SKIP() << "the weights '" << missing << "' are not installed; its own tests make some";
    it_ = make<FlowEstimator>(plugin(), host_);
  }
  const PluginFile& plugin() const { return plugins().find(FlowEstimator::kKind, GetParam()); }

  engine::HostServices host_;
  std::shared_ptr<FlowEstimator> it_;
};

TEST_P(FlowEstimatorConformance, GivesAMotionForEveryPixelOfAnySize) {
  promise("estimate()", "float32 [1, 2, H, W] in pixels, for pictures of any size from 1x1");
  for (const auto& [width, height] : kSizes) {
    const at::Tensor from = smooth_picture(width, height), to = from.roll(1, 3).contiguous(),
                     copy = from.clone();
    const double farthest = 2.0 * static_cast<double>(width + height);
    EXPECT_TRUE(is_plane(it_->estimate(from, to), {1, 2, height, width}, -farthest, farthest));
    EXPECT_TRUE(at::equal(from, copy)) << "the pictures are only read";
  }
}

TEST_P(FlowEstimatorConformance, ThePictureItselfHasHardlyMoved) {
  promise("estimate()", "a picture beside itself has not moved");
  const at::Tensor image = smooth_picture(64, 48);
  EXPECT_LT(it_->estimate(image, image).abs().mean().item<double>(), 0.5) << "pixels";
}

TEST_P(FlowEstimatorConformance, IsDeterministic) {
  promise("estimate()", "the same pictures, the same motion");
  const at::Tensor from = smooth_picture(40, 30), to = from.flip(3).contiguous();
  EXPECT_TRUE(at::equal(it_->estimate(from, to), it_->estimate(from, to)));
}

TEST_P(FlowEstimatorConformance, BothDirectionsAreTwoEstimates) {
  promise("estimate_both()", "what two calls of estimate() give, but for rounding");
  const at::Tensor from = smooth_picture(64, 48), to = from.roll(2, 3).contiguous();
  const auto [there, back] = it_->estimate_both(from, to);
  EXPECT_LT((there - it_->estimate(from, to)).abs().max().item<double>(), 0.01) << "pixels";
  EXPECT_LT((back - it_->estimate(to, from)).abs().max().item<double>(), 0.01) << "pixels";
}

TEST_P(FlowEstimatorConformance, GradientsFlowToBothIfItSaysSo) {
  promise("differentiable()", "true only where gradients flow to both pictures");
  const at::Tensor from = smooth_picture(40, 30).set_requires_grad(true);
  const at::Tensor to = smooth_picture(40, 30).roll(2, 3).set_requires_grad(true);
  const at::Tensor flow = it_->estimate(from, to);
  if (!it_->differentiable()) GTEST_SKIP() << "it says it is not differentiable";
  ASSERT_TRUE(flow.requires_grad());
  flow.sum().backward();
  for (const at::Tensor& image : {from, to}) {
    ASSERT_TRUE(image.grad().defined());
    EXPECT_TRUE(image.grad().isfinite().all().item<bool>());
  }
}

INSTANTIATE_TEST_SUITE_P(All, FlowEstimatorConformance, testing::ValuesIn(names_of(FlowEstimator::kKind)),
                         name_as_is);

}  // namespace
}  // namespace reverie::test
