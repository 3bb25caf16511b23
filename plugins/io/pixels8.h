#pragma once
// Pictures as bytes, by a plain loop: LibTorch would spread even this over all processors, which belong to
// the render while a viewer works.

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace reverie::io {

struct Pixels8 {
  std::vector<std::uint8_t> rgb;  ///< red, green and blue of each pixel, row by row
  std::int64_t width = 0, height = 0;
};

/// `image`: [1, 3, H, W] 0..1, float32 on the CPU.
inline Pixels8 pixels_of(const at::Tensor& image) {
  const at::Tensor whole = image.contiguous();
  const auto size = static_cast<std::size_t>(whole.size(2) * whole.size(3));
  const float* values = whole.const_data_ptr<float>();
  std::vector<std::uint8_t> bytes(3 * size);
  for (std::size_t channel = 0; channel < 3; ++channel)
    for (std::size_t i = 0; i < size; ++i)
      bytes[3 * i + channel] = static_cast<std::uint8_t>(
          std::nearbyint(std::clamp(values[channel * size + i], 0.0f, 1.0f) * 255.0f));
  return {std::move(bytes), image.size(3), image.size(2)};
}

}  // namespace reverie::io
