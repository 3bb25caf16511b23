#pragma once
// How far pictures are from prompts.

#include <ATen/core/Tensor.h>

namespace reverie::engine {

/// Embeddings [N, D] between `from` and `to`, on the shorter arc of the sphere, at `share` (0..1) of its way;
/// of length 1. Shoemake, "Animating Rotation with Quaternion Curves" (1985), section 3.3. Where the two
/// point against each other there is no shortest arc, and the straight line between them takes its place.
at::Tensor spherical_interpolation(const at::Tensor& from, const at::Tensor& to, double share);

/// 2 asin(|e/|e| - p/|p|| / 2)^2 between every row of `images` [N, D] and every row of `texts` [P, D]: [N,
/// P].
at::Tensor spherical_distance(const at::Tensor& images, const at::Tensor& texts);

/// The same between rows of equal number: [N, D] and [N, D] to [N].
at::Tensor paired_spherical_distance(const at::Tensor& a, const at::Tensor& b);

}  // namespace reverie::engine
