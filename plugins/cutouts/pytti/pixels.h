#pragma once
// What happens to a pixel of an augmented cutout, for one pixel or a vector of them: A is
// device::Scalar<float> or <double>, or the vectors of kernels.cpp. The one place of this arithmetic.
//
// Only templates may stand here, all of them over A: kernels.cpp is compiled once for each instruction set,
// and the linker must not take one set's copy for another's.

#include "kernels.h"
#include "reverie/device.h"

namespace reverie::pytti {

/// The source pixels that are averaged into pixel i of a side: adaptive average pooling.
template <typename Int>
struct Window {
  Int begin, end;
  REVERIE_DEVICE Window(Int i, Int size, Int side)
      : begin(i * size / side), end(((i + 1) * size + side - 1) / side) {}
  REVERIE_DEVICE Int length() const { return end - begin; }
};

/// Where a pixel comes from in the pooled square.
template <typename A>
struct SourcePoint {
  typename A::Floats left, top;    ///< the upper left of four neighbours
  typename A::Floats right, down;  ///< how far the point lies towards the others
  typename A::Floats inside;       ///< 0 where the perspective shows what is beyond the edge, else 1
};

/// `column` and `row` are those of the pixel's centre: its number + 0.5.
template <typename A>
REVERIE_DEVICE SourcePoint<A> source_point(const AugmentedCutout& g, std::int64_t side,
                                           typename A::Floats column, typename A::Real row) {
  using Real = typename A::Real;
  using Floats = typename A::Floats;
  const Real scale = Real(2) / static_cast<Real>(side), half = Real(0.5) * static_cast<Real>(side);
  const Real y = row * scale - Real(1);
  const float* p = g.perspective;
  const float* a = g.affine;
  const Floats last = A::splat(static_cast<Real>(side - 1)), zero = A::splat(0);
  const Floats x = column * scale - Real(1);
  const Floats w = Real(1) / (p[6] * x + (p[7] * y + p[8]));
  const Floats u = (p[0] * x + (p[1] * y + p[2])) * w;
  const Floats v = (p[3] * x + (p[4] * y + p[5])) * w;
  SourcePoint<A> point;
  // The signs agree with the comparison that defines the edge: a point on it is inside.
  const auto in = (u <= Real(1)) & (u >= Real(-1)) & (v <= Real(1)) & (v >= Real(-1));
  point.inside = in ? A::splat(1) : zero;
  const Floats sx = (a[0] * u + a[1] * v + a[2] + Real(1)) * half - Real(0.5);
  const Floats sy = (a[3] * u + a[4] * v + a[5] + Real(1)) * half - Real(0.5);
  // Beyond the edge the outermost pixels repeat. The last column and row are reached from the one before.
  const Floats cx = A::min(A::max(sx, zero), last), cy = A::min(A::max(sy, zero), last);
  point.left = A::max(A::min(A::floor(cx), last - Real(1)), zero);
  point.top = A::max(A::min(A::floor(cy), last - Real(1)), zero);
  point.right = cx - point.left;
  point.down = cy - point.top;
  return point;
}

template <typename A>
struct Colours {
  typename A::Floats rgb[3];
};

/// The share of the chroma that is missing from the channel with offset n (5, 3, 1 for red, green, blue) at a
/// hue, and its derivative. Hue is counted in sixths of the circle (Smith 1978).
template <typename A>
REVERIE_DEVICE typename A::Floats missing_chroma(typename A::Floats hue, float n, typename A::Floats& slope) {
  using Floats = typename A::Floats;
  using Real = typename A::Real;
  Floats k = hue + n;  // in -1.2..10.2
  k = k >= Real(6) ? k - Real(6) : k;
  k = k >= Real(6) ? k - Real(6) : k;
  k = k < Real(0) ? k + Real(6) : k;
  const Floats zero = A::splat(0), one = A::splat(1);
  slope = (k < Real(1)) ? one : ((k > Real(3)) & (k < Real(4))) ? -one : zero;
  return A::max(A::min(A::min(k, Real(4) - k), one), zero);
}

template <typename A>
struct Hsv {
  typename A::Floats value, low, chroma, safe, hue;
  typename A::Mask red_highest, green_highest;
};

template <typename A>
REVERIE_DEVICE Hsv<A> analyse(const Colours<A>& c) {
  const typename A::Floats &r = c.rgb[0], &g = c.rgb[1], &b = c.rgb[2];
  Hsv<A> h;
  h.value = A::max(A::max(r, g), b);
  h.low = A::min(A::min(r, g), b);
  h.chroma = h.value - h.low;
  h.safe = A::max(h.chroma, A::splat(1e-6f));
  h.red_highest = r == h.value;
  h.green_highest = (!h.red_highest) & (g == h.value);
  h.hue = (h.red_highest     ? g - b
           : h.green_highest ? b - r
                             : r - g) /
              h.safe +
          (h.red_highest     ? A::splat(0)
           : h.green_highest ? A::splat(2)
                             : A::splat(4));
  return h;
}

template <typename A>
REVERIE_DEVICE void jitter(const AugmentedCutout& g, Colours<A>& c) {
  const Hsv<A> h = analyse<A>(c);
  const typename A::Floats chroma = A::min(h.chroma * g.saturation, h.value);
  typename A::Floats unused;
  for (int i = 0; i < 3; ++i)
    c.rgb[i] =
        h.value - chroma * missing_chroma<A>(h.hue + 6.0f * g.hue, static_cast<float>(5 - 2 * i), unused);
}

/// `d` holds the gradient of the result and becomes that of the colours `c`.
template <typename A>
REVERIE_DEVICE void jitter_backward(const AugmentedCutout& g, const Colours<A>& c, Colours<A>& d) {
  using Floats = typename A::Floats;
  const Hsv<A> h = analyse<A>(c);
  const Floats zero = A::splat(0), wanted = h.chroma * g.saturation;
  const typename A::Mask full = wanted >= h.value;  // saturation cannot pass 1
  const Floats chroma = full ? h.value : wanted;
  Floats d_value = zero, d_chroma = zero, d_hue = zero;
  for (int i = 0; i < 3; ++i) {
    Floats slope;
    const Floats share = missing_chroma<A>(h.hue + 6.0f * g.hue, static_cast<float>(5 - 2 * i), slope);
    d_value += d.rgb[i];
    d_chroma -= d.rgb[i] * share;
    d_hue -= d.rgb[i] * chroma * slope;
  }
  d_value += full ? d_chroma : zero;
  Floats d_range = full ? zero : d_chroma * g.saturation;
  // hue = (a - b) / chroma + constant, a and b being the channels that are not the highest one.
  const Floats d_difference = d_hue / h.safe;
  const Floats difference = h.hue - (h.red_highest ? zero : h.green_highest ? A::splat(2) : A::splat(4));
  d_range -= h.chroma > 1e-6f ? d_difference * difference : zero;
  d_value += d_range;
  const Floats &r = c.rgb[0], &gr = c.rgb[1];
  const typename A::Mask red = h.red_highest, green = h.green_highest, blue = !(red | green);
  const typename A::Mask red_low = r == h.low, green_low = (!red_low) & (gr == h.low),
                         blue_low = !(red_low | green_low);
  d.rgb[0] = (red ? d_value : zero) - (red_low ? d_range : zero) +
             (green  ? -d_difference
              : blue ? d_difference
                     : zero);
  d.rgb[1] = (green ? d_value : zero) - (green_low ? d_range : zero) +
             (red    ? d_difference
              : blue ? -d_difference
                     : zero);
  d.rgb[2] = (blue ? d_value : zero) - (blue_low ? d_range : zero) +
             (red     ? -d_difference
              : green ? d_difference
                      : zero);
}

/// A bijection of 32-bit words that leaves no visible structure (C. Wellons, "Prospecting for Hash
/// Functions", 2018: lowbias32).
template <typename A>
REVERIE_DEVICE typename A::Words scramble(typename A::Words x) {
  x ^= x >> 16;
  x *= 0x7FEB352Du;
  x ^= x >> 15;
  x *= 0x846CA68Bu;
  x ^= x >> 16;
  return x;
}

/// ln(x) for x in 0..1, without 0: the mantissa's logarithm by the series of atanh.
template <typename A>
REVERIE_DEVICE typename A::Floats log_of(typename A::Floats x) {
  const typename A::Words bits = A::bits(x);
  typename A::Ints exponent = (typename A::Ints)(bits >> 23) - 127;
  typename A::Floats m = A::from_bits((bits & 0x7FFFFFu) | 0x3F800000u);
  const typename A::Mask large = m > 1.41421356f;
  m = large ? m * 0.5f : m;
  exponent = large ? exponent + 1 : exponent;
  const typename A::Floats s = (m - 1.0f) / (m + 1.0f), q = s * s;
  const typename A::Floats series =
      2.0f * s * (1.0f + q * (1.0f / 3 + q * (1.0f / 5 + q * (1.0f / 7 + q * (1.0f / 9)))));
  return A::from_ints(exponent) * 0.69314718f + series;
}

/// Standard normal numbers, one for each counter: uniform words through the inverse of the distribution
/// (M. Giles, "Approximating the erfinv function", 2012, single precision). A counts in float.
template <typename A>
REVERIE_DEVICE typename A::Floats normal(typename A::Words counter, const std::uint32_t* key) {
  using Floats = typename A::Floats;
  const typename A::Words bits = scramble<A>(scramble<A>(counter + key[0]) ^ key[1]);
  // The middles of 2^23 intervals of -1..1, each exact in a float.
  const Floats x = (A::from_ints((typename A::Ints)(bits >> 9)) + 0.5f) * (1.0f / 4194304) - 1.0f;
  const Floats w = -log_of<A>((1.0f - x) * (1.0f + x));
  const Floats near = w - 2.5f;
  Floats p = A::splat(2.81022636e-08f);
  p = p * near + 3.43273939e-07f;
  p = p * near - 3.5233877e-06f;
  p = p * near - 4.39150654e-06f;
  p = p * near + 0.00021858087f;
  p = p * near - 0.00125372503f;
  p = p * near - 0.00417768164f;
  p = p * near + 0.246640727f;
  p = p * near + 1.50140941f;
  const Floats far = A::sqrt(w) - 3.0f;
  Floats t = A::splat(-0.000200214257f);
  t = t * far + 0.000100950558f;
  t = t * far + 0.00134934322f;
  t = t * far - 0.00367342844f;
  t = t * far + 0.00573950773f;
  t = t * far - 0.0076224613f;
  t = t * far + 0.00943887047f;
  t = t * far + 1.00167406f;
  t = t * far + 2.83297682f;
  return (w < 5.0f ? p : t) * x * 1.41421356f;
}

template <typename A>
REVERIE_DEVICE bool changes_colours(const AugmentedCutout& g) {
  return g.hue != 0 || g.saturation != 1;
}

}  // namespace reverie::pytti
