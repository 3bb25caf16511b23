#pragma once
// Single pictures by FFmpeg's encoders, without their headers. Both take `image` [1, 3, H, W] 0..1, on the
// CPU, round it to 8 bits a channel, and give the same bytes for the same picture. They throw
// Error(unsupported) when FFmpeg has no such encoder, and Error(file) for pictures that are too large for the
// format.

#include <ATen/core/Tensor.h>

#include <string>

namespace reverie::video_file {

/// JPEG (baseline, JFIF, chroma of full resolution). `quality` 1..100 is libjpeg's: it scales the
/// quantisation tables of the standard's Annex K, but for the mean of each block of 8 x 8 pixels, which keeps
/// its precision.
std::string encode_jpeg(const at::Tensor& image, int quality);

/// WebP; `quality` 1..100 as libwebp counts it, and 101 for lossless.
inline constexpr int kLossless = 101;
std::string encode_webp(const at::Tensor& image, int quality);

}  // namespace reverie::video_file
