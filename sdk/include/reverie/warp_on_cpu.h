#pragma once
// The arithmetic of reverie/warp.h for float pictures on the CPU: one pass over the pixels, four channels at
// a time.

#include <ATen/Parallel.h>

#include <algorithm>
#include <cstdint>

#include "reverie/warp_element.h"

namespace reverie {

namespace detail {

typedef float FourFloats __attribute__((vector_size(16)));

/// The pixels along one axis that make up a place, as offsets into memory with `step` from one to the next,
/// and their shares.
template <Sampling kSampling>
struct Taps {
  static constexpr int kCount = AxisPlace<kSampling>::kCount;

  std::int64_t offset[kCount];
  FourFloats weight;  // the first kCount

  Taps(float where, std::int64_t size, std::int64_t step, Infill infill) {
    const AxisPlace<kSampling> place(where);
    const std::int64_t first = place.first;
    const float t = place.t;
    if constexpr (kSampling == Sampling::nearest) {
      weight = FourFloats{1};
    } else if constexpr (kSampling == Sampling::bilinear) {
      weight = FourFloats{1 - t, t};
    } else {
      // tap_share() of all four.
      constexpr auto all = [](int power) {
        return FourFloats{keys_coefficient(power, 0), keys_coefficient(power, 1), keys_coefficient(power, 2),
                          keys_coefficient(power, 3)};
      };
      weight = ((all(3) * t + all(2)) * t + all(1)) * t + all(0);
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
