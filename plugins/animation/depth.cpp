#include "depth.h"

#include <ATen/ATen.h>

namespace reverie::animation {

at::Tensor depth_in_pixels(DepthEstimator& estimator, const at::Tensor& picture, double near, double far) {
  const DepthEstimator::Range range = estimator.range();
  const at::Tensor estimate = estimator.estimate(picture).to(at::kDouble);
  if (!estimate.isfinite().all().item<bool>())
    throw Error(ErrorKind::model, "the depth estimator gave values that are not numbers",
                "its weights may be damaged; or let it compute with 'precision: fp32'");
  const double slope = (far - near) / (range.farthest - range.nearest);
  return estimate.sub(range.nearest).mul_(slope).add_(near).clamp_(near, far);
}

DepthFigures figures_of(const at::Tensor& depth) {
  const at::Tensor values = depth.reshape(-1);
  const std::int64_t n = values.numel();
  const auto ranked = [&](std::int64_t rank) { return std::get<0>(values.kthvalue(rank)).item<double>(); };
  const double lower = ranked((n + 1) / 2), upper = n % 2 ? lower : ranked(n / 2 + 1);
  return {values.min().item<double>(), values.max().item<double>(),
          (values.mean().item<double>() + (lower + upper) / 2) / 2};
}

}  // namespace reverie::animation
