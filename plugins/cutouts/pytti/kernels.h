#pragma once
// The arithmetic of augmented cutouts on the CPU (see augmented_cutouts.h), for one instruction set at a
// time. No LibTorch here: see reverie/simd.h.
//
// Pictures are interleaved here: four floats a pixel, red, green, blue and one that is unused, so that one
// load fetches a pixel.

#include <cstdint>

namespace reverie::pytti {

/// One of them: where it is cut and what happens to it.
struct AugmentedCutout {
  std::int64_t x, y, width, height;  ///< the part of the source picture, inside it
  float affine[6];                   ///< as in Augmentation
  float perspective[9];              ///< as in Augmentation
  float hue, saturation;             ///< as in Augmentation
  std::int64_t erased[4];            ///< x0, y0, x1, y1
  float noise;                       ///< factor
  std::uint32_t noise_key[2];        ///< which noise
};

struct CutoutKernels {
  /// A row of `width` pixels from three planes to four floats a pixel, and the other way round.
  void (*interleave)(std::int64_t width, const float* red, const float* green, const float* blue, float* to);
  void (*separate)(std::int64_t width, const float* from, float* red, float* green, float* blue);

  /// Makes a cutout from the source picture, `source_width` pixels wide. `pooled` is working memory,
  /// [side, side, 4]; `line` as well, [width, 4]. `warped` [3, side, side] keeps what the colours were before
  /// jitter for backward(); `out` [3, side, side] is the result. Both are planar.
  void (*forward)(const AugmentedCutout& cutout, std::int64_t side, const float* source,
                  std::int64_t source_width, float* pooled, float* line, float* warped, float* out);

  /// From the gradient of `out` to that of the pooled square, [side, side, 4], which it overwrites.
  void (*backward)(const AugmentedCutout& cutout, std::int64_t side, const float* warped, const float* d_out,
                   float* d_pooled);

  /// Adds a cutout's share to rows `first` to `last` of the source's gradient, whose row `first` is at
  /// `d_source`. `line` is working memory, [width, 4].
  void (*backward_pooling)(const AugmentedCutout& cutout, std::int64_t side, const float* d_pooled,
                           std::int64_t first, std::int64_t last, std::int64_t source_width, float* line,
                           float* d_source);
};

/// The fastest that this processor runs.
const CutoutKernels& cutout_kernels();

}  // namespace reverie::pytti
