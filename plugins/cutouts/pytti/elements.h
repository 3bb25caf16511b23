#pragma once
// Augmented cutouts on a card: an element for each pass, over all cutouts at once (see reverie/device.h).
// Pictures are planar, [3, height, width]; `count` is that of cutouts. Indexes into a picture and a cutout's
// sides are 32-bit: kGreatestSide bounds both.
//
//   forward    PoolCutouts, AugmentPooled
//   backward   ColoursBackward, ScatterToPooled, GatherToPicture
//
// The pooled square is made first rather than within the sampling: each of its pixels is sampled four times.
// On the way back the sampling scatters, in fixed point so that the bytes are the same each time; the pooling
// gathers, each pixel of the picture from all cutouts in their order.

#include "pixels.h"

namespace reverie::pytti {

constexpr std::int64_t kGreatestSide = 1 << 15;  // of a picture
/// Of a cutout: the sums of its gradients must fit (see device::fixed_point_scale()).
constexpr std::int64_t kGreatestCutout = 1 << 10;

/// The place of a pixel among all cutouts.
struct PlaceInCutouts {
  std::int64_t cutout;
  std::int32_t row, column;
  REVERIE_DEVICE PlaceInCutouts(std::int64_t index, std::int32_t side) {
    const std::int64_t plane = std::int64_t{side} * side;
    cutout = index / plane;
    const auto rest = static_cast<std::int32_t>(index - cutout * plane);
    row = rest / side;
    column = rest - row * side;
  }
};

/// Red, green, blue and one that is unused: one load each.
template <typename Real>
struct alignas(4 * sizeof(Real)) Quad {
  Real v[4];
};

/// [count * side * side]: the means of the source's windows.
template <typename Real>
struct PoolCutouts {
  const AugmentedCutout* cutouts;
  std::int32_t side, height, width;  // of a cutout, and of the picture
  const Real* picture;
  Quad<Real>* pooled;  // [count, side, side]

  REVERIE_DEVICE void operator()(std::int64_t index) const {
    const PlaceInCutouts at(index, side);
    const AugmentedCutout& g = cutouts[at.cutout];
    const Window<std::int32_t> rows(at.row, static_cast<std::int32_t>(g.height), side);
    const Window<std::int32_t> columns(at.column, static_cast<std::int32_t>(g.width), side);
    const std::int64_t plane = std::int64_t{height} * width;
    const Real* first = picture + (g.y + rows.begin) * width + g.x + columns.begin;
    Quad<Real> result{};
    for (std::int32_t k = 0; k < columns.length(); ++k) {
      Real sum[3] = {};
      for (std::int32_t r = 0; r < rows.length(); ++r)
        for (int c = 0; c < 3; ++c) sum[c] += first[c * plane + std::int64_t{r} * width + k];
      for (int c = 0; c < 3; ++c) result.v[c] += sum[c];
    }
    for (int c = 0; c < 3; ++c) result.v[c] /= static_cast<Real>(rows.length() * columns.length());
    pooled[index] = result;
  }
};

/// Four neighbours in a pooled square and how far a point lies between them.
template <typename Real>
struct Neighbours {
  std::int64_t corner;  // the index of the upper left one among all cutouts
  std::int32_t step_x, step_y;
  Real right, down, inside;
  REVERIE_DEVICE Neighbours(const AugmentedCutout& g, const PlaceInCutouts& at, std::int32_t side) {
    const SourcePoint<device::Scalar<Real>> point = source_point<device::Scalar<Real>>(
        g, side, static_cast<Real>(at.column) + Real(0.5), static_cast<Real>(at.row) + Real(0.5));
    corner = (at.cutout * side + static_cast<std::int32_t>(point.top)) * side +
             static_cast<std::int32_t>(point.left);
    step_x = side > 1 ? 1 : 0;
    step_y = side > 1 ? side : 0;
    right = point.right;
    down = point.down;
    inside = point.inside;
  }
};

REVERIE_DEVICE inline bool is_erased(const AugmentedCutout& g, const PlaceInCutouts& at) {
  return at.column >= g.erased[0] && at.column < g.erased[2] && at.row >= g.erased[1] && at.row < g.erased[3];
}

/// [count * side * side]: warps, colours, erases and adds noise. `warped` keeps what the colours were before
/// jitter. Both results are [count, 3, side, side].
template <typename Real>
struct AugmentPooled {
  const AugmentedCutout* cutouts;
  std::int32_t side;
  const Quad<Real>* pooled;
  Real *warped, *out;

  REVERIE_DEVICE void operator()(std::int64_t index) const {
    const PlaceInCutouts at(index, side);
    const AugmentedCutout& g = cutouts[at.cutout];
    const Neighbours<Real> n(g, at, side);
    const Quad<Real> a = pooled[n.corner], b = pooled[n.corner + n.step_x], c = pooled[n.corner + n.step_y],
                     d = pooled[n.corner + n.step_y + n.step_x];
    const std::int64_t plane = std::int64_t{side} * side, place = index - at.cutout * plane;
    Colours<device::Scalar<Real>> colours;
    for (int i = 0; i < 3; ++i) {
      const Real upper = a.v[i] + (b.v[i] - a.v[i]) * n.right, lower = c.v[i] + (d.v[i] - c.v[i]) * n.right;
      colours.rgb[i] = (upper + (lower - upper) * n.down) * n.inside;
      warped[(3 * at.cutout + i) * plane + place] = colours.rgb[i];
    }
    if (changes_colours<Real>(g)) jitter<device::Scalar<Real>>(g, colours);
    const bool erased = is_erased(g, at);
    for (int i = 0; i < 3; ++i) {
      const auto counter = static_cast<std::uint32_t>(i * plane + place);
      const float noise = normal<device::Scalar<float>>(counter, g.noise_key) * g.noise;
      out[(3 * at.cutout + i) * plane + place] =
          (erased ? Real(0) : colours.rgb[i]) + static_cast<Real>(noise);
    }
  }
};

/// [count * side * side]: from the gradient of `out` to that of the sampled pixels, and its largest magnitude
/// in each cutout, which is 0 before (see device::keep_largest()).
template <typename Real>
struct ColoursBackward {
  const AugmentedCutout* cutouts;
  std::int32_t side;
  const Real *warped, *d_out;
  Quad<Real>* d_sampled;  // [count, side, side]
  std::int64_t* largest;  // [count]

  REVERIE_DEVICE void operator()(std::int64_t index) const {
    const PlaceInCutouts at(index, side);
    const AugmentedCutout& g = cutouts[at.cutout];
    const Neighbours<Real> n(g, at, side);
    const std::int64_t plane = std::int64_t{side} * side, place = index - at.cutout * plane;
    Colours<device::Scalar<Real>> before, d;
    const bool erased = is_erased(g, at);
    for (int i = 0; i < 3; ++i) {
      const std::int64_t from = (3 * at.cutout + i) * plane + place;
      before.rgb[i] = warped[from];
      d.rgb[i] = erased ? Real(0) : d_out[from];
    }
    if (changes_colours<Real>(g)) jitter_backward<device::Scalar<Real>>(g, before, d);
    Quad<Real> result{};
    Real magnitude = 0;
    for (int i = 0; i < 3; ++i) {
      result.v[i] = d.rgb[i] * n.inside;
      const Real size = result.v[i] < 0 ? -result.v[i] : result.v[i];
      if (!(size <= magnitude)) magnitude = size;  // also if it is NaN
    }
    d_sampled[index] = result;
    device::keep_largest(largest + at.cutout, static_cast<double>(magnitude));
  }
};

/// [count * side * side]: adds each sampled pixel's gradient to its four neighbours', in units of
/// device::fixed_point_scale().
template <typename Real>
struct ScatterToPooled {
  const AugmentedCutout* cutouts;
  std::int32_t side;
  const Quad<Real>* d_sampled;
  const std::int64_t* largest;
  std::int64_t* sums;  // [count, side, side, 3]

  REVERIE_DEVICE void add(std::int64_t pixel, int channel, Real value, Real scale) const {
    const std::int64_t whole = device::fixed_point(value, scale);
    if (whole != 0) device::add_in_any_order(sums + 3 * pixel + channel, whole);
  }
  REVERIE_DEVICE void operator()(std::int64_t index) const {
    const PlaceInCutouts at(index, side);
    const Real scale = device::fixed_point_scale<Real>(largest[at.cutout]);
    if (!(scale > 0)) return;
    const Neighbours<Real> n(cutouts[at.cutout], at, side);
    const Quad<Real> d = d_sampled[index];
    for (int i = 0; i < 3; ++i) {
      if (d.v[i] == 0) continue;
      const Real lower = d.v[i] * n.down, upper = d.v[i] - lower;
      const Real upper_right = upper * n.right, lower_right = lower * n.right;
      add(n.corner, i, upper - upper_right, scale);
      add(n.corner + n.step_x, i, upper_right, scale);
      add(n.corner + n.step_y, i, lower - lower_right, scale);
      add(n.corner + n.step_y + n.step_x, i, lower_right, scale);
    }
  }
};

/// [height * width]: the picture's gradient, from all cutouts that show a pixel, in their order.
template <typename Real>
struct GatherToPicture {
  const AugmentedCutout* cutouts;
  std::int32_t count, side, height, width;
  const std::int64_t* sums;
  const std::int64_t* largest;
  Real* d_picture;

  REVERIE_DEVICE void operator()(std::int64_t index) const {
    const auto row = static_cast<std::int32_t>(index / width);
    const auto column = static_cast<std::int32_t>(index - std::int64_t{row} * width);
    Real total[3] = {};
    for (std::int32_t n = 0; n < count; ++n) {
      const AugmentedCutout& g = cutouts[n];
      const auto y = static_cast<std::int32_t>(row - g.y), x = static_cast<std::int32_t>(column - g.x);
      const auto h = static_cast<std::int32_t>(g.height), w = static_cast<std::int32_t>(g.width);
      if (y < 0 || x < 0 || y >= h || x >= w) continue;
      // The windows that hold a pixel: the first ends behind it, the last begins before or at it.
      const std::int32_t top = y * side / h, bottom = ((y + 1) * side + h - 1) / h;
      const std::int32_t left = x * side / w, right = ((x + 1) * side + w - 1) / w;
      Real sum[3] = {};
      for (std::int32_t i = top; i < bottom; ++i) {
        const Window<std::int32_t> rows(i, h, side);
        for (std::int32_t j = left; j < right; ++j) {
          const Window<std::int32_t> columns(j, w, side);
          const Real share = Real(1) / static_cast<Real>(rows.length() * columns.length());
          const std::int64_t* from = sums + ((std::int64_t{n} * side + i) * side + j) * 3;
          for (int c = 0; c < 3; ++c) sum[c] += static_cast<Real>(from[c]) * share;
        }
      }
      // NaN where the cutout's gradient was not finite.
      const Real unit = 1 / device::fixed_point_scale<Real>(largest[n]);
      for (int c = 0; c < 3; ++c) total[c] += sum[c] * unit;
    }
    for (int c = 0; c < 3; ++c) d_picture[c * std::int64_t{height} * width + index] = total[c];
  }
};

}  // namespace reverie::pytti
