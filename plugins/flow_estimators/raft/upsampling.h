#pragma once
// From an eighth of the resolution to all of it.

#include <ATen/core/Tensor.h>

namespace reverie::raft {

/// Eight times the flow, in eight times the size, each place a mixture of the nine around it: Teed & Deng
/// (2020), appendix. `flow` [N, 2, h, w]; `mask` [N, 9 * 64, h, w] has the logits, neighbours outside of
/// places within a pixel; what is outside the flow is 0.
at::Tensor upsample_by_mask(const at::Tensor& flow, const at::Tensor& mask);

/// The same by bilinear interpolation between the centres of the outermost pixels.
at::Tensor upsample_bilinear(const at::Tensor& flow);

}  // namespace reverie::raft
