#pragma once
// A picture as the bytes of a PNG file.

#include <ATen/core/Tensor.h>

#include <string>

namespace reverie {

/// `image` [1, 3, H, W] 0..1 float32 on the CPU, rounded to 8 bits a channel. For looking at: compressed
/// quickly rather than well. Throws Error(plugin) when libpng cannot.
std::string png_bytes(const at::Tensor& image);

}  // namespace reverie
