#pragma once
// Matrix products with fixed weights on the CPU.

#include <ATen/core/Tensor.h>

namespace reverie::clip {

/// x [..., in] times weight [out, in] transposed, plus bias [out] (may be undefined); no autograd. Goes to
/// oneDNN directly: LibTorch's own path for float (MKL) is half as fast on AMD's processors, and that for
/// bfloat16 is 10 to 20 % slower. The weight may be a transposed view.
at::Tensor fixed_linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

}  // namespace reverie::clip
