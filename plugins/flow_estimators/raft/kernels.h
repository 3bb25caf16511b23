#pragma once
// The inner loops of RAFT on the CPU: instance norms between convolutions, and looking up correlations.
//
// Pixels are rows of `width` channels, dense: pictures in the channels-last layout. T is float or bfloat16
// (as raw bits). No LibTorch here: the implementation is compiled once for each instruction set (see
// reverie/simd.h).

#include <cstdint>

namespace reverie::raft {

/// One level of a correlation pyramid within a row of all levels.
struct Level {
  std::int64_t offset, height, width;
};
constexpr std::int64_t kLevels = 4;

struct Kernels {
  const char* name;  ///< of the instruction set

  // Widths of these are multiples of 16; sums are float, so rows should be at most some thousand.
  /// Over the rows, with d = x - origin: sums = sum of d, squares = sum of d * d. An origin near the mean
  /// keeps the digits of the variance.
  void (*moments[2])(std::int64_t rows, std::int64_t width, const void* x, const float* origin, float* sums,
                     float* squares);
  /// y = max(x * scale + shift, least).
  void (*affine[2])(std::int64_t rows, std::int64_t width, const void* x, const float* scale,
                    const float* shift, float least, void* y);
  /// Over the rows, with du = dy where x * scale + shift > least, else 0: sums = sum of du, products = sum of
  /// du * (x - mean).
  void (*affine_moments[2])(std::int64_t rows, std::int64_t width, const void* dy, const void* x,
                            const float* scale, const float* shift, float least, const float* mean,
                            float* sums, float* products);
  /// dx = du * scale + x * slope + constant, du as above.
  void (*affine_backward[2])(std::int64_t rows, std::int64_t width, const void* dy, const void* x,
                             const float* scale, const float* shift, float least, const float* slope,
                             const float* constant, void* dx);

  /// For `rows` positions with the centres (x, y), pixels of level 0, and each level: the (2r + 1)^2 values
  /// at the centre / 2^level and r steps around it, bilinear, 0 outside; r is 3 or 4. Level by level, each
  /// with steps in x outside of those in y: result is [rows, kLevels * (2r + 1)^2]. A row of `volume` has
  /// `stride` floats.
  void (*look_up[2])(std::int64_t rows, int radius, const float* x, const float* y, const float* volume,
                     std::int64_t stride, const Level* levels, void* result);
  /// Adds to `gradient`, shaped as the volume, that of the result.
  void (*look_up_backward[2])(std::int64_t rows, int radius, const float* x, const float* y,
                              const void* result_gradient, std::int64_t stride, const Level* levels,
                              float* gradient);
};

/// The fastest that this processor runs.
const Kernels& kernels();

}  // namespace reverie::raft
