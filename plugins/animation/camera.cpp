#include "camera.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

namespace reverie::animation {
namespace {

constexpr double kPi = 3.14159265358979323846;

}  // namespace

Matrix rotation_matrix(const std::array<double, 4>& quaternion) {
  double length = 0;
  for (const double part : quaternion) length = std::hypot(length, part);
  if (length == 0) return {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
  const double r = quaternion[0] / length, x = quaternion[1] / length, y = quaternion[2] / length,
               z = quaternion[3] / length;
  return {{{1 - 2 * (y * y + z * z), 2 * (x * y - r * z), 2 * (x * z + r * y)},
           {2 * (x * y + r * z), 1 - 2 * (x * x + z * z), 2 * (y * z - r * x)},
           {2 * (x * z - r * y), 2 * (y * z + r * x), 1 - 2 * (x * x + y * y)}}};
}

namespace {

/// -extent..extent at the centres of `size` pixels.
at::Tensor centred_axis(std::int64_t size, double extent, const at::TensorOptions& options) {
  const double gaps = static_cast<double>(std::max<std::int64_t>(size - 1, 1));
  return (at::arange(size, options) * 2 - static_cast<double>(size - 1)) * (extent / gaps);
}

}  // namespace

at::Tensor camera_offset(const at::Tensor& depth, const Camera& camera, const CameraStep& step) {
  const std::int64_t height = depth.size(2), width = depth.size(3);
  const double pixel = 2 / camera.height;
  const Matrix rotation = rotation_matrix(step.rotation);
  const auto doubles = depth.options().dtype(at::kDouble);
  const at::Tensor x = centred_axis(width, camera.aspect, doubles).view({1, width});
  const at::Tensor y = centred_axis(height, 1, doubles).view({height, 1});
  const at::Tensor distance = depth.view({height, width}).to(at::kDouble) * pixel;

  const at::Tensor moved_x = x + step.x * pixel, moved_y = y - step.y * pixel;
  const auto turned = [&](std::size_t axis) {
    const std::array<double, 3>& row = rotation[axis];
    return (moved_x * row[0] + (moved_y * row[1] + row[2] * step.z * pixel)).sub_(distance, row[2]);
  };
  const at::Tensor before = distance.clamp_min(pixel), after = turned(2).neg_().clamp_min_(pixel);
  const double scale = 1 / std::tan(camera.field_of_view * kPi / 360);
  const double gaps_x = static_cast<double>(width - 1), gaps_y = static_cast<double>(height - 1);
  const at::Tensor offset =
      at::stack({turned(0).div_(after).sub_(x / before).mul_(scale / camera.aspect * gaps_x / 2),
                 turned(1).div_(after).sub_(y / before).mul_(scale * gaps_y / 2)})
          .unsqueeze(0);
  return camera.locked ? offset - offset.mean({2, 3}, true) : offset;
}

}  // namespace reverie::animation
