#pragma once
// A picture as the bytes of a PNG file.

#include <ATen/core/Tensor.h>

#include <string>

namespace reverie::web {

/// The pixels of `image` [1, 3, H, W] on the CPU, row by row, red, green and blue beside each other; of 0..1
/// float32, rounded to 8 bits a channel; of uint8 as they are.
std::string rgb_bytes(const at::Tensor& image);

/// The same as a PNG file. For looking at: compressed quickly rather than well. Throws Error(plugin) when
/// libpng cannot.
std::string png_bytes(const at::Tensor& image);

}  // namespace reverie::web
