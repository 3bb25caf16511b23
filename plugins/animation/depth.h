#pragma once
// Depth estimates as distances in pixels.

#include "reverie/depth_estimator.h"

namespace reverie::animation {

/// The picture's depth [1, 1, H, W], the estimator's range mapped linearly to `near`..`far` and limited to
/// it. Throws Error(model) when an estimate is not a number.
at::Tensor depth_in_pixels(DepthEstimator& estimator, const at::Tensor& picture, double near, double far);

struct DepthFigures {
  double nearest, farthest;
  double middle;  ///< the mean of the mean and the median; of two middle values, the median is their mean
};
DepthFigures figures_of(const at::Tensor& depth);

}  // namespace reverie::animation
