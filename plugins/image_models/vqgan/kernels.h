#pragma once
// Group norm and swish between two convolutions, forward and backward, in as few passes over memory as there
// can be. Rows are pixels, or several pixels side by side, each of `width` channels in all, dense: pictures
// in the channels-last layout. The width is a multiple of 16. T is float or bfloat16 (as raw bits); sums are
// always float, so rows should be at most some thousand. Everything that a group norm says of a group stands
// here for each channel of it.
//
// No LibTorch here: the implementation is compiled once for each instruction set (see reverie/simd.h).

#include <cstdint>

namespace reverie::vqgan {

struct Kernels {
  const char* name;  ///< of the instruction set

  /// Over the rows, with d = x - origin: sums = sum of d, squares = sum of d * d. An origin near the mean
  /// keeps the digits of the variance.
  void (*moments[2])(std::int64_t rows, std::int64_t width, const void* x, const float* origin, float* sums,
                     float* squares);
  /// y = swish(x * scale + shift).
  void (*swish[2])(std::int64_t rows, std::int64_t width, const void* x, const float* scale,
                   const float* shift, void* y);
  /// Over the rows, with du = dy * swish'(x * scale + shift): sums = sum of du, products = sum of
  /// du * (x - mean).
  void (*swish_moments[2])(std::int64_t rows, std::int64_t width, const void* dy, const void* x,
                           const float* scale, const float* shift, const float* mean, float* sums,
                           float* products);
  /// dx = du * scale + x * slope + constant, du as above.
  void (*swish_backward[2])(std::int64_t rows, std::int64_t width, const void* dy, const void* x,
                            const float* scale, const float* shift, const float* slope, const float* constant,
                            void* dx);
};

/// The fastest that this processor runs.
const Kernels& kernels();

}  // namespace reverie::vqgan
