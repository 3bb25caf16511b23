#pragma once
// How far pictures are from prompts.

#include <ATen/core/Tensor.h>

namespace reverie::engine {

/// 2 asin(|e/|e| - p/|p|| / 2)^2 between every row of `images` [N, D] and every row of `texts` [P, D]: [N,
/// P].
at::Tensor spherical_distance(const at::Tensor& images, const at::Tensor& texts);

/// The same between rows of equal number: [N, D] and [N, D] to [N].
at::Tensor paired_spherical_distance(const at::Tensor& a, const at::Tensor& b);

}  // namespace reverie::engine
