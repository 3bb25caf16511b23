#pragma once
// Group norm (Wu & He 2018) and swish as one operation on the CPU, with fixed weights.

#include <ATen/core/Tensor.h>

namespace reverie::vqgan {

/// Whether norm_swish() can take `x`: on the CPU, float or bfloat16, its pixels the multiple of a number that
/// makes their channels a multiple of 16 (1 where those are one already, 16 at worst).
bool fits_norm_swish(const at::Tensor& x);

/// What the backward pass needs beside the input: by picture and channel, float [N, C].
struct NormStatistics {
  at::Tensor mean;     ///< of the channel's group
  at::Tensor inverse;  ///< 1 / sqrt(variance + epsilon) of the channel's group
};

/// u * sigmoid(u) of u = (x - mean) * inverse * weight + bias, in x's type and the channels-last layout; no
/// autograd. weight and bias are float [C]. Statistics are float and do not depend on the number of threads.
at::Tensor norm_swish(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                      std::int64_t groups, double epsilon, NormStatistics& statistics);

/// The gradient with respect to x, given that with respect to the result.
at::Tensor norm_swish_backward(const at::Tensor& gradient, const at::Tensor& x, const at::Tensor& weight,
                               const at::Tensor& bias, std::int64_t groups, const NormStatistics& statistics);

}  // namespace reverie::vqgan
