#include "engine/lab.h"

#include <ATen/ATen.h>

namespace reverie::engine {
namespace {

// Of sRGB's primaries, divided by the white point's X, Y and Z (0.95047, 1, 1.08883): white becomes 1, 1, 1.
constexpr double kToXyz[3][3] = {{0.4124564 / 0.95047, 0.3575761 / 0.95047, 0.1804375 / 0.95047},
                                 {0.2126729, 0.7151522, 0.0721750},
                                 {0.0193339 / 1.08883, 0.1191920 / 1.08883, 0.9503041 / 1.08883}};

// L* and the others follow a cube root, and below this a line that joins it smoothly.
constexpr double kDelta = 6.0 / 29;

at::Tensor to_xyz(const at::Tensor& like) {
  return at::from_blob(const_cast<double*>(&kToXyz[0][0]), {3, 3}, at::kDouble)
      .to(like.options(), false, true);
}

/// Each pixel's three values times a matrix.
at::Tensor mixed(const at::Tensor& matrix, const at::Tensor& picture) {
  return at::einsum("dc,ncyx->ndyx", {matrix, picture});
}

}  // namespace

at::Tensor rgb_to_lab(const at::Tensor& rgb) {
  const at::Tensor linear =
      at::where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055).clamp_min(0).pow(2.4));
  const at::Tensor xyz = mixed(to_xyz(rgb), linear);
  const at::Tensor f = at::where(xyz > kDelta * kDelta * kDelta, xyz.clamp_min(0).pow(1.0 / 3),
                                 xyz / (3 * kDelta * kDelta) + 4.0 / 29);
  const at::Tensor x = f.narrow(1, 0, 1), y = f.narrow(1, 1, 1), z = f.narrow(1, 2, 1);
  return at::cat({y * 116 - 16, (x - y) * 500, (y - z) * 200}, 1);
}

at::Tensor lab_to_rgb(const at::Tensor& lab) {
  const at::Tensor y = (lab.narrow(1, 0, 1) + 16) / 116;
  const at::Tensor f = at::cat({y + lab.narrow(1, 1, 1) / 500, y, y - lab.narrow(1, 2, 1) / 200}, 1);
  const at::Tensor xyz = at::where(f > kDelta, f * f * f, (f - 4.0 / 29) * (3 * kDelta * kDelta));
  const at::Tensor from_xyz = at::linalg_inv(to_xyz(lab).to(at::kDouble)).to(lab.options());
  const at::Tensor linear = mixed(from_xyz, xyz);
  return at::where(linear <= 0.0031308, linear * 12.92, linear.clamp_min(0).pow(1 / 2.4) * 1.055 - 0.055);
}

}  // namespace reverie::engine
