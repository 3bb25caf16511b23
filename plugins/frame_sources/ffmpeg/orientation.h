#pragma once
// Which way up a picture is shown.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>

namespace reverie::ffmpeg {

/// First the diagonal is mirrored, then left and right, then top and bottom.
struct Orientation {
  bool transposed = false, mirrored = false, upside_down = false;
  bool operator==(const Orientation&) const = default;
};

/// EXIF's number (CIPA DC-008, "Orientation"): 1 upright to 8; anything else counts as upright.
Orientation orientation_of_exif(int number);

/// FFmpeg's 3x3 display matrix; turns by other than quarters count as the nearest quarter.
Orientation orientation_of_matrix(std::span<const std::int32_t, 9> matrix);

/// `image` [1, 3, H, W], contiguous, as it is shown.
at::Tensor upright(const at::Tensor& image, const Orientation& orientation);

}  // namespace reverie::ffmpeg
