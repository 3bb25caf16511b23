// Compiled once for each instruction set, with REVERIE_ISA naming it. Only headers without shared functions
// may be included here: see reverie/simd.h.

#include "kernels.h"

#include "reverie/simd.h"

namespace reverie::vqgan {
namespace {

using namespace simd;
using std::int64_t;

template <typename T>
void moments(int64_t rows, int64_t width, const void* x_, const float* origin, float* sums, float* squares) {
  const T* x = static_cast<const T*>(x_);
  std::memset(sums, 0, static_cast<std::size_t>(width) * sizeof(float));
  std::memset(squares, 0, static_cast<std::size_t>(width) * sizeof(float));
  for (int64_t row = 0; row < rows; ++row, x += width)
    for (int64_t i = 0; i < width; i += kLanes) {
      const Floats d = load(x + i) - load(origin + i);
      store(sums + i, load(sums + i) + d);
      store(squares + i, load(squares + i) + d * d);
    }
}

template <typename T>
void swish(int64_t rows, int64_t width, const void* x_, const float* scale, const float* shift, void* y_) {
  const T* x = static_cast<const T*>(x_);
  T* y = static_cast<T*>(y_);
  for (int64_t row = 0; row < rows; ++row, x += width, y += width)
    for (int64_t i = 0; i < width; i += kLanes) {
      const Floats u = load(x + i) * load(scale + i) + load(shift + i);
      store(y + i, u / (1.0f + exp(-u)));
    }
}

Floats swish_slope(Floats u) {
  const Floats s = 1.0f / (1.0f + exp(-u));
  return s + u * s * (1.0f - s);
}

template <typename T>
void swish_moments(int64_t rows, int64_t width, const void* dy_, const void* x_, const float* scale,
                   const float* shift, const float* mean, float* sums, float* products) {
  const T* dy = static_cast<const T*>(dy_);
  const T* x = static_cast<const T*>(x_);
  std::memset(sums, 0, static_cast<std::size_t>(width) * sizeof(float));
  std::memset(products, 0, static_cast<std::size_t>(width) * sizeof(float));
  for (int64_t row = 0; row < rows; ++row, x += width, dy += width)
    for (int64_t i = 0; i < width; i += kLanes) {
      const Floats v = load(x + i);
      const Floats du = load(dy + i) * swish_slope(v * load(scale + i) + load(shift + i));
      store(sums + i, load(sums + i) + du);
      store(products + i, load(products + i) + du * (v - load(mean + i)));
    }
}

template <typename T>
void swish_backward(int64_t rows, int64_t width, const void* dy_, const void* x_, const float* scale,
                    const float* shift, const float* slope, const float* constant, void* dx_) {
  const T* dy = static_cast<const T*>(dy_);
  const T* x = static_cast<const T*>(x_);
  T* dx = static_cast<T*>(dx_);
  for (int64_t row = 0; row < rows; ++row, x += width, dy += width, dx += width)
    for (int64_t i = 0; i < width; i += kLanes) {
      const Floats v = load(x + i), s = load(scale + i);
      const Floats du = load(dy + i) * swish_slope(v * s + load(shift + i));
      store(dx + i, du * s + v * load(slope + i) + load(constant + i));
    }
}

#define REVERIE_NAME_OF(isa) REVERIE_TEXT_OF(isa)
#define REVERIE_TEXT_OF(isa) #isa

}  // namespace

extern const Kernels REVERIE_FOR_ISA(kernels);
const Kernels REVERIE_FOR_ISA(kernels) = {
    REVERIE_NAME_OF(REVERIE_ISA),
    {moments<float>, moments<BFloat16>},
    {swish<float>, swish<BFloat16>},
    {swish_moments<float>, swish_moments<BFloat16>},
    {swish_backward<float>, swish_backward<BFloat16>},
};

}  // namespace reverie::vqgan
