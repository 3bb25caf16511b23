#pragma once
// Stereo pairs: a picture with depths, as a left and a right eye see it.

#include <ATen/core/Tensor.h>

namespace reverie::media {

struct StereoView {
  double distance = 6;  ///< of the eyes, in the units of the depths; below 0: left and right are exchanged
  double focal = 1;     ///< of the camera, in pixels
  double screen = 0;    ///< the depth that both eyes see at the same place; 0: what is infinitely far away
};

struct StereoPair {
  at::Tensor left, right;  ///< [1, 3, H, W] each
};

/// Views of `picture` [1, 3, H, W] with `depth` [1, 1, H, W], above 0. The eyes look straight ahead, side by
/// side: what is at depth d lies focal * distance * (1/d - 1/screen) pixels further left for the right eye
/// than for the left one. What one eye sees and the picture does not show is smeared.
StereoPair stereo_pair(const at::Tensor& picture, const at::Tensor& depth, const StereoView& view);

/// Both beside each other: [1, 3, H, 2 W].
at::Tensor side_by_side(const StereoPair& pair);

/// For glasses that are red on the left and cyan on the right.
at::Tensor anaglyph(const StereoPair& pair);

}  // namespace reverie::media
