#pragma once
// AVIF files of single pictures, by libavif.

#include <ATen/core/Tensor.h>

#include <string>

namespace reverie::io {

/// `image` [1, 3, H, W] 0..1, float32 on the CPU, rounded to 8 bits a channel, chroma of full resolution.
/// `quality` 1..100 as the program avifenc counts it, and 101 for lossless. `settings` become XMP, unless
/// they are empty. The same bytes for the same picture. Throws Error(unsupported) where libavif was built
/// without an encoder, and Error(file) for pictures that it refuses.
inline constexpr int kLosslessAvif = 101;
std::string encode_avif(const at::Tensor& image, int quality, const std::string& settings);

}  // namespace reverie::io
