#pragma once
// A camera that moves inside a picture of everything around it: an equirectangular one, whose columns are
// longitudes and whose rows are latitudes. Its left edge continues its right one, and what lies beyond its
// upper or lower edge is half a turn away in the same rows.
//
// A pixel at column i of w and row j of h is seen at the longitude 2 pi ((i + 1/2) / w - 1/2), to the right
// of the middle, and the latitude pi (1/2 - (j + 1/2) / h), upwards; its depth is its distance.

#include <ATen/core/Tensor.h>

#include "camera.h"
#include "reverie/warp.h"

namespace reverie::animation {

/// Where the pixels of the next frame come from, [1, 2, h, w] float as warp() takes it, for the depths
/// [1, 1, h, w] of the present one, in pixels as the step is. A point stands at p and, after the step, at
/// rotation (p + (x, -y, z)). What comes nearer than one pixel counts as that near.
///
/// A pixel's depth is known in the present frame, and is wanted for the next. So it is looked up where the
/// pixel came from, as far as is known, and again where it came from by that depth; where depths are even
/// this is exact. Turning alone is always exact.
at::Tensor sphere_places(const at::Tensor& depth, const CameraStep& step);

/// How far each pixel of the present frame is displaced, [1, 2, h, w] float; by at most half the width.
at::Tensor sphere_flow(const at::Tensor& depth, const CameraStep& step);

/// `picture` [1, C, h, w] looked up at places on the sphere.
at::Tensor resampled_on_sphere(const at::Tensor& picture, const at::Tensor& places, Sampling sampling);

}  // namespace reverie::animation
