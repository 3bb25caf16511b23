#pragma once
// A camera that moves before a picture whose pixels have depths.

#include <ATen/core/Tensor.h>

#include <array>

namespace reverie::animation {

/// A step of the camera, in pixels of the picture and as a unit quaternion r + xi + yj + zk.
struct CameraStep {
  double x = 0, y = 0, z = 0;  ///< what is seen moves right, up, and towards the camera
  std::array<double, 4> rotation = {1, 0, 0, 0};
};

using Matrix = std::array<std::array<double, 3>, 3>;

/// The rotation that a quaternion of any length but 0 stands for; none for that of length 0.
Matrix rotation_matrix(const std::array<double, 4>& quaternion);

/// What the camera sees.
struct Camera {
  double field_of_view;  ///< vertical, degrees
  double aspect;         ///< the picture's width / height
  double height;         ///< the picture's, in pixels
  bool locked;           ///< the mean offset is removed: no scrolling or drifting
};

/// How far each pixel is displaced by the step, [1, 2, h, w] double, x, then y, in pixels of `depth`
/// [1, 1, h, w], whose values are pixels of the picture.
///
/// The picture spans x = -aspect..aspect and y = -1..1 between the centres of its outermost pixels, so that
/// one of its pixels is 2 / height. A pixel stands at p = (x, y, -depth), and at rotation (p + (x, -y, z))
/// after the step. Both are projected: x cot(field_of_view / 2) / (aspect d) and y cot(field_of_view / 2) / d
/// at a distance d. What comes nearer than one pixel counts as that near.
at::Tensor camera_offset(const at::Tensor& depth, const Camera& camera, const CameraStep& step);

}  // namespace reverie::animation
