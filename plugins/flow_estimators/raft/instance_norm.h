#pragma once
// Instance norm (Ulyanov, Vedaldi & Lempitsky 2016) without weights, and ReLU behind it.

#include <ATen/core/Tensor.h>

namespace reverie::raft {

/// Each channel of each picture of x [N, C, H, W] to mean 0 and variance 1, 1e-5 being added to the variance;
/// negative values become 0 with `relu`. Statistics are float (double for double) and do not depend on the
/// number of threads. Differentiable.
at::Tensor instance_norm(const at::Tensor& x, bool relu);

}  // namespace reverie::raft
