#pragma once
// The direct loss of a pixel and its gradient in one: an element for cards (see reverie/device.h). The
// formula is that of direct.cpp, whose operators need a pass over the picture for each step.

#include <cstdint>

#include "reverie/device.h"

namespace reverie::losses {

template <typename Real>
struct DirectElement {
  const Real *image, *target;  // [3, pixels]
  const Real* colour;          // [2, pixels], saturation and value of the target
  const Real* mask;            // [pixels], or null
  std::int64_t pixels;
  Real* value;     // [pixels], whose sum is the loss
  Real* gradient;  // [3, pixels], of the loss

  REVERIE_DEVICE void operator()(std::int64_t i) const {
    // Of reverie/colour.h: where the saturation is small for its divisor, and where its slope is held.
    constexpr Real kEpsilon = Real(1e-8), kLevel = Real(1.0 / 255);
    const Real share = Real(0.2) / static_cast<Real>(pixels), m = mask ? mask[i] : Real(1);
    Real rgb[3], d[3], high = image[i], low = image[i], total = 0;
    for (int c = 0; c < 3; ++c) {
      rgb[c] = image[c * pixels + i];
      high = rgb[c] > high ? rgb[c] : high;
      low = rgb[c] < low ? rgb[c] : low;
      const Real difference = (rgb[c] - target[c * pixels + i]) * m;
      total += difference * difference;
      d[c] = 2 * share * difference * m;
    }
    const Real divisor = high + kEpsilon, saturation = (high - low) / divisor;
    const Real by_saturation = (saturation - colour[i]) * m, by_value = (high - colour[pixels + i]) * m;
    total += by_saturation * by_saturation + by_value * by_value;
    value[i] = total * share;
    const Real by_range = 2 * share * by_saturation * m / (divisor < kLevel ? kLevel : divisor);
    const Real d_high = 2 * share * by_value * m - by_range * saturation + by_range;
    // Channels that tie share the gradient.
    int highest = 0, lowest = 0;
    for (int c = 0; c < 3; ++c) {
      highest += rgb[c] == high;
      lowest += rgb[c] == low;
    }
    for (int c = 0; c < 3; ++c) {
      if (rgb[c] == high) d[c] += d_high / static_cast<Real>(highest);
      if (rgb[c] == low) d[c] -= by_range / static_cast<Real>(lowest);
      gradient[c * pixels + i] = d[c];
    }
  }
};

}  // namespace reverie::losses
