/// Depth: compares the depths that an estimator finds in picture and target.
///
/// The mean squared difference, each times the mask. Pictures of more than 500,000 pixels are shrunk first.

#include <cmath>

#include "reverie/comparison.h"
#include "reverie/plugin.h"

namespace reverie {
namespace {

/// Pictures of more pixels are shrunk first: an estimator's time and memory grow with them.
constexpr double kMostPixels = 500'000;

class Depth final : public ComparisonLoss {
 public:
  Depth(Host&, const Params&, const Setup& setup) : ComparisonLoss(setup.size) {
    const ImageSize size = setup.size;
    const double shrink =
        std::min(1.0, std::sqrt(kMostPixels / static_cast<double>(size.width * size.height)));
    const auto shrunk = [&](std::int64_t side) {
      return std::max<std::int64_t>(1, std::llround(static_cast<double>(side) * shrink));
    };
    height_ = shrunk(size.height);
    width_ = shrunk(size.width);
  }

  Traits traits() const override {
    Traits traits = ComparisonLoss::traits();
    traits.depth = true;
    return traits;
  }

 private:
  at::Tensor depth(DepthEstimator& estimator, const at::Tensor& image) const {
    return estimator.estimate(at::adaptive_avg_pool2d(image, {height_, width_}));
  }
  void target_changed() override { target_depth_ = at::Tensor(); }
  at::Tensor compare(const Context& context) override {
    DepthEstimator& estimator = *context.tools.depth;
    if (!target_depth_.defined()) {
      const at::NoGradGuard no_gradient;
      target_depth_ = depth(estimator, target());
    }
    return masked_mse(depth(estimator, context.image), target_depth_, resize_mask(mask(), height_, width_));
  }

  std::int64_t height_, width_;
  at::Tensor target_depth_;  // [1, 1, H, W]; undefined until the estimator has seen the target
};

}  // namespace

REVERIE_EXPORT_PLUGIN(Depth, Loss, "depth", "1.0", "compares the depths of picture and target", kNoParams, "",
                      "depth_stabilization_weight");

}  // namespace reverie
