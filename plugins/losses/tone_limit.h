#pragma once
// What the limits of contrast and saturation share.

#include <ATen/ATen.h>

#include <algorithm>

#include "reverie/loss.h"

namespace reverie::losses {

/// (excess over the limit)^2 of the root of `mean_square`; 0 up to the limit.
inline at::Tensor beyond(const at::Tensor& mean_square, double limit) {
  limit = std::max(limit, 0.0);
  // A root has no finite gradient at 0, where an even picture is.
  return (mean_square.clamp_min(limit * limit + 1e-12).sqrt() - limit).square();
}

}  // namespace reverie::losses
