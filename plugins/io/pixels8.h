#pragma once
// Pictures as bytes, by a plain loop: LibTorch would spread even this over all processors, which belong to
// the render while a viewer works.

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace reverie {

/// [1, 3, H, W] 0..1, float32 on the CPU, to red, green and blue of each pixel, row by row, 0..255.
inline std::vector<std::uint8_t> to_rgb8(const at::Tensor& image) {
  const at::Tensor whole = image.contiguous();
  const auto size = static_cast<std::size_t>(whole.size(2) * whole.size(3));
  const float* values = whole.const_data_ptr<float>();
  std::vector<std::uint8_t> bytes(3 * size);
  for (std::size_t channel = 0; channel < 3; ++channel)
    for (std::size_t i = 0; i < size; ++i)
      bytes[3 * i + channel] = static_cast<std::uint8_t>(
          std::nearbyint(std::clamp(values[channel * size + i], 0.0f, 1.0f) * 255.0f));
  return bytes;
}

}  // namespace reverie
