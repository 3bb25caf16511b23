#pragma once
// The gradient of palette_colours() (see colours.h) on a card: an element (see reverie/device.h) for each
// pixel.

#include "reverie/device.h"

namespace reverie::limited_palette {

/// Each pixel adds to the gradients of few colours, so many would wait for each other: the sums are spread
/// over this many copies.
constexpr std::int64_t kCopies = 32;
/// Sums of more pixels might not fit (see device::fixed_point_scale()).
constexpr std::int64_t kMostPixels = 1 << 20;

template <typename Real>
REVERIE_DEVICE inline Real exponential(Real x) {
  return ::exp(x);
}
template <>
REVERIE_DEVICE inline float exponential(float x) {
  return ::expf(x);
}

/// [3 * pixels]: the largest magnitude of a gradient.
template <typename Real>
struct LargestElement {
  const Real* gradient;
  std::int64_t* largest;
  REVERIE_DEVICE void operator()(std::int64_t i) const {
    const auto value = static_cast<double>(gradient[i]);
    device::keep_largest(largest, value < 0 ? -value : value);
  }
};

/// [pixels]: sets what belongs to the pixel, and adds to the sums for the palette in units of
/// device::fixed_point_scale().
template <typename Real>
struct PaletteBackwardElement {
  std::int64_t pixels, palettes, shades;
  const Real* position;           // [pixels], brightness as 0..shades - 1
  const std::int64_t* shade;      // [pixels], the same rounded
  const std::int64_t* preferred;  // [pixels]
  const Real* logits;             // [palettes, pixels]
  const Real* palette;            // [shades, palettes, 3]
  const Real* gradient;           // [3, pixels], half of the colours'
  const std::int64_t* largest;
  Real *d_position, *d_logits;  // like position and logits
  std::int64_t* sums;           // [kCopies, shades, palettes, 3]

  REVERIE_DEVICE void add(std::int64_t* to, const Real* g, Real weight, Real scale) const {
    for (int c = 0; c < 3; ++c) {
      const std::int64_t whole = device::fixed_point(g[c] * weight, scale);
      if (whole != 0) device::add_in_any_order(to + c, whole);
    }
  }
  REVERIE_DEVICE static Real along(const Real* colour, const Real* g) {
    return colour[0] * g[0] + colour[1] * g[1] + colour[2] * g[2];
  }
  REVERIE_DEVICE void operator()(std::int64_t i) const {
    const Real g[3] = {gradient[i], gradient[pixels + i], gradient[2 * pixels + i]};
    const Real scale = device::fixed_point_scale<Real>(*largest);
    const bool finite = scale > 0;
    std::int64_t* copy = sums + i % kCopies * shades * palettes * 3;
    // On the brightest colour the slope is that from the one before it: clamped pixels can come back.
    auto low = static_cast<std::int64_t>(position[i]);
    if (low > shades - 2) low = shades > 1 ? shades - 2 : 0;
    const std::int64_t step = shades > 1 ? palettes * 3 : 0;
    const Real part = position[i] - static_cast<Real>(low);
    const Real* dark = palette + low * palettes * 3;
    Real high = logits[i], all = 0;
    for (std::int64_t p = 1; p < palettes; ++p)
      high = logits[p * pixels + i] > high ? logits[p * pixels + i] : high;
    for (std::int64_t p = 0; p < palettes; ++p) all += exponential(logits[p * pixels + i] - high);
    Real change = 0, mean = 0;
    for (std::int64_t p = 0; p < palettes; ++p) {
      const Real weight = exponential(logits[p * pixels + i] - high) / all;
      const Real from = along(dark + 3 * p, g), to = along(dark + step + 3 * p, g);
      change += weight * (to - from);
      mean += weight * (from + (to - from) * part);
      d_logits[p * pixels + i] = weight;
      if (finite) {
        add(copy + (low * palettes + p) * 3, g, weight * (1 - part), scale);
        add(copy + (low * palettes + p) * 3 + step, g, weight * part, scale);
      }
    }
    for (std::int64_t p = 0; p < palettes; ++p) {
      const Real from = along(dark + 3 * p, g), to = along(dark + step + 3 * p, g);
      d_logits[p * pixels + i] *= from + (to - from) * part - mean;
    }
    d_position[i] = change;
    if (finite) add(copy + (shade[i] * palettes + preferred[i]) * 3, g, 1, scale);
  }
};

/// [shades * palettes * 3]: adds up the copies.
template <typename Real>
struct PaletteSumElement {
  std::int64_t count;
  const std::int64_t *sums, *largest;
  Real* result;
  REVERIE_DEVICE void operator()(std::int64_t i) const {
    std::int64_t total = 0;
    for (std::int64_t k = 0; k < kCopies; ++k) total += sums[k * count + i];
    // NaN where the gradient was not finite.
    result[i] = static_cast<Real>(total) / device::fixed_point_scale<Real>(*largest);
  }
};

}  // namespace reverie::limited_palette
