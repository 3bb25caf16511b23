#pragma once
// The arithmetic of reverie/warp.h: which pixels make up a place, and by how much. The processor's loop over
// the places and a card's threads use the same.

#include <cstdint>

#include "reverie/device.h"

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

constexpr double kKeys = -0.75;  // the slope of Keys' cubic at its first zero
/// Places are limited to this: farther out a float has no fractions left.
constexpr float kFarthestPlace = 1 << 22;

/// The pixel that stands at `i` in a row of `size`, or -1 for none.
REVERIE_DEVICE inline std::int64_t infill_index(std::int64_t i, std::int64_t size, Infill infill) {
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
      const std::int64_t period = 2 * (size - 1) > 1 ? 2 * (size - 1) : 1;
      i = (i < 0 ? -i : i) % period;
      return period - i < i ? period - i : i;
    }
  }
  return -1;
}

/// The pixels along one axis that make up a place: `first` and those after it, kCount in all. `t` says how
/// far the place lies from one of them towards the next.
template <Sampling kSampling>
struct AxisPlace {
  static constexpr int kCount = kSampling == Sampling::nearest ? 1 : kSampling == Sampling::bilinear ? 2 : 4;

  std::int64_t first;
  float t;

  REVERIE_DEVICE explicit AxisPlace(float place) {
    if (!(place > -kFarthestPlace)) place = -kFarthestPlace;  // also if it is NaN
    if (place > kFarthestPlace) place = kFarthestPlace;
    first = static_cast<std::int64_t>(place);
    first -= static_cast<float>(first) > place;
    t = place - static_cast<float>(first);
    if constexpr (kSampling == Sampling::nearest)
      first += t >= 0.5f;
    else if constexpr (kSampling == Sampling::bicubic)
      first -= 1;
  }
};

/// Keys' cubic at the distances 1 + t, t, 1 - t and 2 - t from four pixels, as polynomials in t: the
/// coefficient of t^power of pixel i. Exactly 0, 1, 0, 0 where t is 0.
REVERIE_DEVICE constexpr float keys_coefficient(int power, int i) {
  constexpr auto a = static_cast<float>(kKeys);
  if (power == 3) return i == 0 ? a : i == 1 ? a + 2 : i == 2 ? -a - 2 : -a;
  if (power == 2) return i == 0 ? -2 * a : i == 1 ? -a - 3 : i == 2 ? 2 * a + 3 : a;
  if (power == 1) return i == 0 ? a : i == 2 ? -a : 0;
  return i == 1 ? 1 : 0;
}

/// The share of pixel `first` + i.
template <Sampling kSampling>
REVERIE_DEVICE float tap_share(float t, int i) {
  if constexpr (kSampling == Sampling::nearest) return 1;
  if constexpr (kSampling == Sampling::bilinear) return i == 0 ? 1 - t : t;
  return ((keys_coefficient(3, i) * t + keys_coefficient(2, i)) * t + keys_coefficient(1, i)) * t +
         keys_coefficient(0, i);
}

/// One place of all, in all channels: an element (see reverie/device.h).
template <Sampling kSampling>
struct WarpElement {
  const float* canvas;  // [channels, height, width]
  std::int64_t channels, height, width;
  const float* places;  // [2, count], x, then y
  std::int64_t count;
  Infill infill;
  float* out;  // [channels, count]

  REVERIE_DEVICE void operator()(std::int64_t place) const {
    constexpr int kCount = AxisPlace<kSampling>::kCount;
    const AxisPlace<kSampling> across(places[place]), down(places[count + place]);
    std::int64_t column[kCount], line[kCount];
    float across_share[kCount], down_share[kCount];
    for (int i = 0; i < kCount; ++i) {
      column[i] = infill_index(across.first + i, width, infill);
      line[i] = infill_index(down.first + i, height, infill);
      across_share[i] = column[i] < 0 ? 0 : tap_share<kSampling>(across.t, i);
      down_share[i] = line[i] < 0 ? 0 : tap_share<kSampling>(down.t, i);
      if (column[i] < 0) column[i] = 0;
      line[i] = line[i] < 0 ? 0 : line[i] * width;
    }
    for (std::int64_t c = 0; c < channels; ++c) {
      const float* plane = canvas + c * height * width;
      float sum = 0;
      for (int j = 0; j < kCount; ++j) {
        float row = plane[line[j] + column[0]] * across_share[0];
        for (int i = 1; i < kCount; ++i) row += plane[line[j] + column[i]] * across_share[i];
        sum = j == 0 ? row * down_share[j] : sum + row * down_share[j];
      }
      out[c * count + place] = sum;
    }
  }
};

}  // namespace detail
}  // namespace reverie
