// Compiled once for each instruction set, with REVERIE_ISA naming it. Only headers without shared functions
// may be included here: see reverie/simd.h.

#include "kernels.h"

#include "reverie/simd.h"
#include "window.h"

namespace reverie::raft {
namespace {

using namespace simd;
using std::int64_t;

void clear(float* values, int64_t count) {
  std::memset(values, 0, static_cast<std::size_t>(count) * sizeof(float));
}

template <typename T>
void moments(int64_t rows, int64_t width, const void* x_, const float* origin, float* sums, float* squares) {
  const T* x = static_cast<const T*>(x_);
  clear(sums, width);
  clear(squares, width);
  for (int64_t row = 0; row < rows; ++row, x += width)
    for (int64_t i = 0; i < width; i += kLanes) {
      const Floats d = load(x + i) - load(origin + i);
      store(sums + i, load(sums + i) + d);
      store(squares + i, load(squares + i) + d * d);
    }
}

template <typename T>
void affine(int64_t rows, int64_t width, const void* x_, const float* scale, const float* shift, float least,
            void* y_) {
  const T* x = static_cast<const T*>(x_);
  T* y = static_cast<T*>(y_);
  const Floats floor = splat(least);
  for (int64_t row = 0; row < rows; ++row, x += width, y += width)
    for (int64_t i = 0; i < width; i += kLanes)
      store(y + i, max(load(x + i) * load(scale + i) + load(shift + i), floor));
}

/// dy where u is above the least, else 0.
Floats passed(Floats dy, Floats u, Floats least) { return u > least ? dy : Floats{}; }

template <typename T>
void affine_moments(int64_t rows, int64_t width, const void* dy_, const void* x_, const float* scale,
                    const float* shift, float least, const float* mean, float* sums, float* products) {
  const T* dy = static_cast<const T*>(dy_);
  const T* x = static_cast<const T*>(x_);
  const Floats floor = splat(least);
  clear(sums, width);
  clear(products, width);
  for (int64_t row = 0; row < rows; ++row, x += width, dy += width)
    for (int64_t i = 0; i < width; i += kLanes) {
      const Floats v = load(x + i);
      const Floats du = passed(load(dy + i), v * load(scale + i) + load(shift + i), floor);
      store(sums + i, load(sums + i) + du);
      store(products + i, load(products + i) + du * (v - load(mean + i)));
    }
}

template <typename T>
void affine_backward(int64_t rows, int64_t width, const void* dy_, const void* x_, const float* scale,
                     const float* shift, float least, const float* slope, const float* constant, void* dx_) {
  const T* dy = static_cast<const T*>(dy_);
  const T* x = static_cast<const T*>(x_);
  T* dx = static_cast<T*>(dx_);
  const Floats floor = splat(least);
  for (int64_t row = 0; row < rows; ++row, x += width, dy += width, dx += width)
    for (int64_t i = 0; i < width; i += kLanes) {
      const Floats v = load(x + i), s = load(scale + i);
      const Floats du = passed(load(dy + i), v * s + load(shift + i), floor);
      store(dx + i, du * s + v * load(slope + i) + load(constant + i));
    }
}

float value_of(float x) { return x; }
float value_of(BFloat16 x) {
  const std::uint32_t word = static_cast<std::uint32_t>(x.bits) << 16;
  float value;
  std::memcpy(&value, &word, sizeof value);
  return value;
}
void put(float* to, float value) { *to = value; }
void put(BFloat16* to, float value) {
  std::uint32_t word;
  std::memcpy(&word, &value, sizeof word);
  to->bits = static_cast<std::uint16_t>((word + 0x7FFF + ((word >> 16) & 1)) >> 16);
}

struct ThisSet;  // see window.h
using Place = WindowPlace<ThisSet>;

template <typename T, int R>
void look_up_of(int64_t rows, const float* xs, const float* ys, const float* volume, int64_t stride,
                const Level* levels, T* result) {
  constexpr int kSide = 2 * R + 1;
  for (int64_t row = 0; row < rows; ++row, volume += stride) {
    float scale = 1;
    for (int64_t level = 0; level < kLevels; ++level, scale *= 0.5f, result += kSide * kSide) {
      const Level& l = levels[level];
      const Place x(xs[row] * scale, R, l.width), y(ys[row] * scale, R, l.height);
      float between[kSide + 1][kSide];  // interpolated in x
      for (int j = 0; j <= kSide; ++j) {
        const int64_t line = y.first + j;
        float values[kSide + 1] = {};
        if (line >= 0 && line < l.height) {
          const float* source = volume + l.offset + line * l.width;
          if (x.first >= 0 && x.first + kSide < l.width) {
            std::memcpy(values, source + x.first, sizeof values);
          } else {
            for (int i = 0; i <= kSide; ++i) {
              const int64_t column = x.first + i;
              if (column >= 0 && column < l.width) values[i] = source[column];
            }
          }
        }
        for (int i = 0; i < kSide; ++i)
          between[j][i] = values[i] * (1 - x.fraction) + values[i + 1] * x.fraction;
      }
      for (int i = 0; i < kSide; ++i)
        for (int j = 0; j < kSide; ++j)
          put(result + i * kSide + j, between[j][i] * (1 - y.fraction) + between[j + 1][i] * y.fraction);
    }
  }
}

template <typename T, int R>
void look_up_backward_of(int64_t rows, const float* xs, const float* ys, const T* given, int64_t stride,
                         const Level* levels, float* gradient) {
  constexpr int kSide = 2 * R + 1;
  for (int64_t row = 0; row < rows; ++row, gradient += stride) {
    float scale = 1;
    for (int64_t level = 0; level < kLevels; ++level, scale *= 0.5f, given += kSide * kSide) {
      const Level& l = levels[level];
      const Place x(xs[row] * scale, R, l.width), y(ys[row] * scale, R, l.height);
      float between[kSide + 1][kSide] = {};
      for (int i = 0; i < kSide; ++i)
        for (int j = 0; j < kSide; ++j) {
          const float g = value_of(given[i * kSide + j]);
          between[j][i] += g * (1 - y.fraction);
          between[j + 1][i] += g * y.fraction;
        }
      for (int j = 0; j <= kSide; ++j) {
        const int64_t line = y.first + j;
        if (line < 0 || line >= l.height) continue;
        float values[kSide + 1] = {};
        for (int i = 0; i < kSide; ++i) {
          values[i] += between[j][i] * (1 - x.fraction);
          values[i + 1] += between[j][i] * x.fraction;
        }
        float* target = gradient + l.offset + line * l.width;
        for (int i = 0; i <= kSide; ++i) {
          const int64_t column = x.first + i;
          if (column >= 0 && column < l.width) target[column] += values[i];
        }
      }
    }
  }
}

template <typename T>
void look_up(int64_t rows, int radius, const float* x, const float* y, const float* volume, int64_t stride,
             const Level* levels, void* result) {
  const auto of_radius = radius == 3 ? look_up_of<T, 3> : look_up_of<T, 4>;
  of_radius(rows, x, y, volume, stride, levels, static_cast<T*>(result));
}

template <typename T>
void look_up_backward(int64_t rows, int radius, const float* x, const float* y, const void* given,
                      int64_t stride, const Level* levels, float* gradient) {
  const auto of_radius = radius == 3 ? look_up_backward_of<T, 3> : look_up_backward_of<T, 4>;
  of_radius(rows, x, y, static_cast<const T*>(given), stride, levels, gradient);
}

#define REVERIE_NAME_OF(isa) REVERIE_TEXT_OF(isa)
#define REVERIE_TEXT_OF(isa) #isa

}  // namespace

extern const Kernels REVERIE_FOR_ISA(kernels);
const Kernels REVERIE_FOR_ISA(kernels) = {
    REVERIE_NAME_OF(REVERIE_ISA),
    {moments<float>, moments<BFloat16>},
    {affine<float>, affine<BFloat16>},
    {affine_moments<float>, affine_moments<BFloat16>},
    {affine_backward<float>, affine_backward<BFloat16>},
    {look_up<float>, look_up<BFloat16>},
    {look_up_backward<float>, look_up_backward<BFloat16>},
};

}  // namespace reverie::raft
