#pragma once
// The arithmetic of palettes on the CPU, a range of pixels at a time. No LibTorch here: the implementation is
// compiled once for each instruction set (see reverie/simd.h).
//
// Planes of the picture are dense: number p of pixel i is at [p * pixels + i]. Numbers that belong to
// palettes of one pixel or colour lie together instead, in rows of `padded` floats; what is beyond `palettes`
// is 0.

#include <cstdint>

namespace reverie::limited_palette {

struct PaletteShape {
  std::int64_t pixels, palettes, shades;  ///< a palette has as many colours as there are shades
  std::int64_t padded;                    ///< palettes, rounded up to whole vectors
};

struct PaletteKernels {
  std::int64_t lanes;  ///< floats in a vector

  /// The preferred palette of each pixel, the first of those with the highest logit.
  void (*prefer)(PaletteShape shape, std::int64_t first, std::int64_t last, const float* logits,
                 std::int64_t* preferred);

  /// The gradients of palette_colours() (see colours.h). `position` [pixels] is v, `shade` the same rounded,
  /// `colours` [shades, 3, padded], `gradient` [3, pixels] half of the colours'. Sets `d_position` and
  /// `d_logits` of the range, adds to `d_colours`, which is like `colours`. `rows` is working memory,
  /// [kRows, padded].
  void (*colours_backward)(PaletteShape shape, std::int64_t first, std::int64_t last, const float* position,
                           const std::int64_t* shade, const std::int64_t* preferred, const float* logits,
                           const float* colours, const float* gradient, float* d_position, float* d_logits,
                           float* d_colours, float* rows);

  /// With x = softmax of a pixel's logits - 1 / palettes: adds x to `sums`, whose first row are sums of x and
  /// whose row p + 1, from column p on, those of x_p * x [palettes + 1, padded].
  void (*moments)(PaletteShape shape, std::int64_t first, std::int64_t last, const float* logits, float* sums,
                  float* rows);

  /// Sets the range of `d_logits` to the gradient of the softmax, which is slope (softmax - centre), with
  /// `slope` [palettes, padded] symmetric.
  void (*moments_backward)(PaletteShape shape, std::int64_t first, std::int64_t last, const float* logits,
                           const float* slope, const float* centre, float* d_logits, float* rows);

  static constexpr std::int64_t kTile = 32;  ///< pixels that are worked on together
  static constexpr std::int64_t kRows = 2 * kTile + 1;
};

/// The fastest that this processor runs.
const PaletteKernels& palette_kernels();

}  // namespace reverie::limited_palette
