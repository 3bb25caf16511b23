#include "orientation.h"

#include <ATen/ops/flip.h>

#include <cstdlib>
#include <vector>

namespace reverie::ffmpeg {

Orientation orientation_of_exif(int number) {
  switch (number) {
    case 2:
      return {false, true, false};
    case 3:
      return {false, true, true};
    case 4:
      return {false, false, true};
    case 5:
      return {true, false, false};
    case 6:
      return {true, true, false};
    case 7:
      return {true, true, true};
    case 8:
      return {true, false, true};
    default:
      return {};
  }
}

Orientation orientation_of_matrix(std::span<const std::int32_t, 9> matrix) {
  // A point (x, y) is shown at (a x + c y, b x + d y).
  const std::int64_t a = matrix[0], b = matrix[1], c = matrix[3], d = matrix[4];
  if (std::abs(b) + std::abs(c) > std::abs(a) + std::abs(d)) return {true, c < 0, b < 0};
  return {false, a < 0, d < 0};
}

at::Tensor upright(const at::Tensor& image, const Orientation& orientation) {
  at::Tensor result = orientation.transposed ? image.transpose(2, 3) : image;
  std::vector<std::int64_t> flipped;
  if (orientation.mirrored) flipped.push_back(3);
  if (orientation.upside_down) flipped.push_back(2);
  if (!flipped.empty()) result = result.flip(flipped);
  return result.contiguous();
}

}  // namespace reverie::ffmpeg
