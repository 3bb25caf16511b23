#pragma once
// Noise that is put on a frame after its move, so that the optimiser has something to make details of.

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace reverie::engine {

/// Independent values of mean 0 and deviation 1, [1, 3, height, width] on the CPU. The same key and frame
/// give the same noise, on any device and whatever was drawn before.
at::Tensor white_noise(std::uint64_t key, std::int64_t frame, std::int64_t height, std::int64_t width);

/// Gradient noise (Perlin, "An Image Synthesizer", 1985; with the smoother curve of his "Improving Noise",
/// 2002) of blots of about `size` pixels, in each colour channel by itself; mean 0, deviation 1. It joins
/// itself over the edges.
at::Tensor perlin_noise(std::uint64_t key, std::int64_t frame, std::int64_t height, std::int64_t width,
                        double size);

}  // namespace reverie::engine
