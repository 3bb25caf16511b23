#include <cmath>

#include "losses/built_in.h"
#include "losses/comparison.h"

namespace reverie {
namespace {

/// Pictures of more pixels are shrunk first: an estimator's time and memory grow with them.
constexpr double kMostPixels = 500'000;

class DepthLoss final : public Comparison {
 public:
  DepthLoss(ImageSize size, DepthEstimator& estimator) : Comparison(size), estimator_(estimator) {
    const double shrink =
        std::min(1.0, std::sqrt(kMostPixels / static_cast<double>(size.width * size.height)));
    const auto shrunk = [&](std::int64_t side) {
      return std::max<std::int64_t>(1, std::llround(static_cast<double>(side) * shrink));
    };
    height_ = shrunk(size.height);
    width_ = shrunk(size.width);
  }

 private:
  at::Tensor depth(const at::Tensor& image) const {
    return estimator_.estimate(at::adaptive_avg_pool2d(image, {height_, width_}));
  }
  void target_changed() override { target_depth_ = target().defined() ? depth(target()) : at::Tensor(); }
  at::Tensor compare(const at::Tensor& image, ImageModel&) override {
    return masked_mse(depth(image), target_depth_, resize_mask(mask(), height_, width_));
  }

  DepthEstimator& estimator_;
  std::int64_t height_, width_;
  at::Tensor target_depth_;  // [1, 1, H, W]
};

}  // namespace

std::unique_ptr<Loss> make_depth_loss(ImageSize size, DepthEstimator& estimator) {
  return std::make_unique<DepthLoss>(size, estimator);
}

}  // namespace reverie
