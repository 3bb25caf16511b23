#pragma once
// The arithmetic of reverie/warp.h for float pictures on the CPU: one pass over the pixels, four channels at
// a time.

#include <ATen/Parallel.h>

#include <algorithm>
#include <cstdint>

namespace reverie {

/// How values between pixels come about.
enum class Sampling { nearest, bilinear, bicubic };

/// What lies outside a picture.
enum class Infill {
  mirror,  ///< its reflection in its outermost pixels, which are not repeated
  wrap,    ///< the picture again, like tiles: the first column follows the last
  black,   ///< zeros
  smear,   ///< its outermost pixels
};

namespace detail {

inline constexpr double kKeys = -0.75;  // the slope of Keys' cubic at its first zero
/// Places are limited to this: farther out a float has no fractions left.
inline constexpr float kFarthestPlace = 1 << 22;

/// The pixel that stands at `i` in a row of `size`, or -1 for none.
inline std::int64_t infill_index(std::int64_t i, std::int64_t size, Infill infill) {
  if (i >= 0 && i < size) return i;
  switch (infill) {
    case Infill::black:
      return -1;
    case Infill::smear:
      return i < 0 ? 0 : size - 1;
    case Infill::wrap:
      i %= size;
      return i < 0 ? i + size : i;
    case Infill::mirror: {
      const std::int64_t period = std::max<std::int64_t>(1, 2 * (size - 1));
      i = (i < 0 ? -i : i) % period;
      return std::min(i, period - i);
    }
  }
  return -1;
}

typedef float FourFloats __attribute__((vector_size(16)));

/// The pixels along one axis that make up a place, as offsets into memory with `step` from one to the next,
/// and their shares.
template <Sampling kSampling>
struct Taps {
  static constexpr int kCount = kSampling == Sampling::nearest ? 1 : kSampling == Sampling::bilinear ? 2 : 4;

  std::int64_t offset[kCount];
  FourFloats weight;  // the first kCount

  Taps(float place, std::int64_t size, std::int64_t step, Infill infill) {
    place = place > -kFarthestPlace ? std::min(place, kFarthestPlace) : -kFarthestPlace;  // also if it is NaN
    auto first = static_cast<std::int64_t>(place);
    first -= static_cast<float>(first) > place;
    const float t = place - static_cast<float>(first);
    if constexpr (kSampling == Sampling::nearest) {
      first += t >= 0.5f;
      weight = FourFloats{1};
    } else if constexpr (kSampling == Sampling::bilinear) {
      weight = FourFloats{1 - t, t};
    } else {
      // Keys' cubic at the distances 1 + t, t, 1 - t and 2 - t. Exactly 0, 1, 0, 0 where t is 0.
      first -= 1;
      constexpr auto a = static_cast<float>(kKeys);
      constexpr FourFloats third{a, a + 2, -a - 2, -a}, second{-2 * a, -a - 3, 2 * a + 3, a},
          once{a, 0, -a, 0}, constant{0, 1, 0, 0};
      weight = ((third * t + second) * t + once) * t + constant;
    }
    if (first >= 0 && first + kCount <= size) {
      for (int i = 0; i < kCount; ++i) offset[i] = (first + i) * step;
      return;
    }
    for (int i = 0; i < kCount; ++i) {
      const std::int64_t index = infill_index(first + i, size, infill);
      offset[i] = std::max<std::int64_t>(index, 0) * step;
      if (index < 0) weight[i] = 0;
    }
  }
};

struct PlanarPicture {
  const float* values;  // [channels, height, width]
  std::int64_t channels, height, width;
};

/// To [height, width, quads] of four channels each. Where the last has less than four, it repeats its first.
inline void interleave(const PlanarPicture& picture, FourFloats* quads) {
  const std::int64_t plane = picture.height * picture.width, stride = (picture.channels + 3) / 4;
  at::parallel_for(0, plane, 1 << 14, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t quad = 0; quad < stride; ++quad) {
      const std::int64_t present = std::min<std::int64_t>(4, picture.channels - 4 * quad);
      const float* from = picture.values + 4 * quad * plane;
      const std::int64_t second = present > 1 ? plane : 0, third = present > 2 ? 2 * plane : 0,
                         fourth = present > 3 ? 3 * plane : 0;
      for (std::int64_t i = begin; i < end; ++i)
        quads[i * stride + quad] = FourFloats{from[i], from[i + second], from[i + third], from[i + fourth]};
    }
  });
}

template <Sampling kSampling>
void warp_quads(const FourFloats* quads, const PlanarPicture& picture, const float* places,
                std::int64_t count, Infill infill, float* out) {
  const std::int64_t stride = (picture.channels + 3) / 4;
  at::parallel_for(0, count, 1 << 12, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t place = begin; place < end; ++place) {
      const Taps<kSampling> across(places[place], picture.width, stride, infill);
      const Taps<kSampling> down(places[count + place], picture.height, picture.width * stride, infill);
      for (std::int64_t quad = 0; quad < stride; ++quad) {
        FourFloats sum;
        for (int j = 0; j < down.kCount; ++j) {
          const FourFloats* from = quads + down.offset[j] + quad;
          FourFloats row = from[across.offset[0]] * across.weight[0];
          for (int i = 1; i < across.kCount; ++i) row += from[across.offset[i]] * across.weight[i];
          sum = j == 0 ? row * down.weight[j] : sum + row * down.weight[j];
        }
        const std::int64_t present = std::min<std::int64_t>(4, picture.channels - 4 * quad);
        for (int c = 0; c < present; ++c) out[(4 * quad + c) * count + place] = sum[c];
      }
    }
  });
}

/// `places` are `count` x coordinates, then as many y coordinates; `out` is [channels, count]. `quads` is
/// working memory for four floats for each of the picture's pixels and four channels begun.
inline void warp_floats(const PlanarPicture& picture, const float* places, std::int64_t count,
                        Sampling sampling, Infill infill, FourFloats* quads, float* out) {
  interleave(picture, quads);
  const auto chosen = sampling == Sampling::nearest    ? &warp_quads<Sampling::nearest>
                      : sampling == Sampling::bilinear ? &warp_quads<Sampling::bilinear>
                                                       : &warp_quads<Sampling::bicubic>;
  chosen(quads, picture, places, count, infill, out);
}

}  // namespace detail
}  // namespace reverie
