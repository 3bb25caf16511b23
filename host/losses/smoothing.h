#pragma once
// Total variation: how uneven a picture is.

#include <ATen/core/Tensor.h>

namespace reverie {

/// Mean of the squared differences to the right neighbours plus that to the lower ones, for `image`
/// [N, C, H, W]. With a `mask` [N, 1, H, W] the differences are multiplied by its value at the left or upper
/// pixel before they are squared.
at::Tensor smoothing_loss(const at::Tensor& image, const at::Tensor& mask = {});

}  // namespace reverie
