// Compiled once for each instruction set, with REVERIE_ISA naming it. Only headers without shared functions
// may be included here: see reverie/simd.h.

#include "kernels.h"

#include "reverie/simd.h"

namespace reverie::pytti {
namespace {

using namespace simd;
using std::int64_t;

typedef float Pixel __attribute__((vector_size(16)));

Pixel pixel(const float* from) {
  Pixel p;
  std::memcpy(&p, from, sizeof p);
  return p;
}
void put(float* to, Pixel p) { std::memcpy(to, &p, sizeof p); }

constexpr int64_t kChunk = 64;  // pixels of a row that are worked on together; whole vectors on every machine

/// The source pixels that are averaged into pixel i of a side: adaptive average pooling.
struct Window {
  int64_t begin, end;
  Window(int64_t i, int64_t size, int64_t side)
      : begin(i * size / side), end(((i + 1) * size + side - 1) / side) {}
  int64_t length() const { return end - begin; }
};

void interleave(int64_t width, const float* red, const float* green, const float* blue, float* to) {
  for (int64_t i = 0; i < width; ++i) put(to + 4 * i, Pixel{red[i], green[i], blue[i], 0});
}

void separate(int64_t width, const float* from, float* red, float* green, float* blue) {
  for (int64_t i = 0; i < width; ++i) {
    red[i] = from[4 * i];
    green[i] = from[4 * i + 1];
    blue[i] = from[4 * i + 2];
  }
}

void pool(const AugmentedCutout& g, int64_t side, const float* source, int64_t source_width, float* line,
          float* pooled) {
  for (int64_t i = 0; i < side; ++i) {
    const Window rows(i, g.height, side);
    const float* from = source + ((g.y + rows.begin) * source_width + g.x) * 4;
    std::memcpy(line, from, static_cast<std::size_t>(g.width) * sizeof(Pixel));
    for (int64_t r = 1; r < rows.length(); ++r)
      for (int64_t k = 0; k < g.width; ++k)
        put(line + 4 * k, pixel(line + 4 * k) + pixel(from + 4 * (r * source_width + k)));
    for (int64_t j = 0; j < side; ++j) {
      const Window columns(j, g.width, side);
      Pixel sum = pixel(line + 4 * columns.begin);
      for (int64_t k = columns.begin + 1; k < columns.end; ++k) sum += pixel(line + 4 * k);
      put(pooled + 4 * (i * side + j), sum / static_cast<float>(rows.length() * columns.length()));
    }
  }
}

/// Where the pixels of a chunk come from in the pooled square.
struct Taps {
  std::int32_t x[kChunk], y[kChunk];  // the upper left of four neighbours
  float right[kChunk], down[kChunk];  // how far the point lies towards the others
  float inside[kChunk];               // 0 where the perspective shows what is beyond the edge, else 1
};

Floats floor_of(Floats v) {
  const Floats whole = __builtin_convertvector(__builtin_convertvector(v, Ints), Floats);
  return whole > v ? whole - 1.0f : whole;
}

void find_taps(const AugmentedCutout& g, int64_t side, int64_t row, int64_t first, Taps& taps) {
  const float scale = 2.0f / static_cast<float>(side), half = 0.5f * static_cast<float>(side);
  const float y = (static_cast<float>(row) + 0.5f) * scale - 1.0f;
  const float* p = g.perspective;
  const float* a = g.affine;
  Floats lane;
  for (int i = 0; i < kLanes; ++i) lane[i] = static_cast<float>(i) + 0.5f;
  const Floats last = splat(static_cast<float>(side - 1));
  for (int64_t i = 0; i < kChunk; i += kLanes) {
    const Floats x = (lane + static_cast<float>(first + i)) * scale - 1.0f;
    const Floats w = 1.0f / (p[6] * x + (p[7] * y + p[8]));
    const Floats u = (p[0] * x + (p[1] * y + p[2])) * w;
    const Floats v = (p[3] * x + (p[4] * y + p[5])) * w;
    // The signs agree with the comparison that defines the edge: a point on it is inside.
    const Ints in = (u <= 1.0f) & (u >= -1.0f) & (v <= 1.0f) & (v >= -1.0f);
    store(taps.inside + i, in ? splat(1.0f) : splat(0.0f));
    const Floats sx = (a[0] * u + a[1] * v + a[2] + 1.0f) * half - 0.5f;
    const Floats sy = (a[3] * u + a[4] * v + a[5] + 1.0f) * half - 0.5f;
    // Beyond the edge the outermost pixels repeat. The last column and row are reached from the one before.
    const Floats cx = min(max(sx, splat(0.0f)), last), cy = min(max(sy, splat(0.0f)), last);
    const Floats left = max(min(floor_of(cx), last - 1.0f), splat(0.0f));
    const Floats top = max(min(floor_of(cy), last - 1.0f), splat(0.0f));
    store(taps.right + i, cx - left);
    store(taps.down + i, cy - top);
    const Ints ix = __builtin_convertvector(left, Ints), iy = __builtin_convertvector(top, Ints);
    std::memcpy(taps.x + i, &ix, sizeof ix);
    std::memcpy(taps.y + i, &iy, sizeof iy);
  }
}

/// What a chunk's colours become. Hue is counted in sixths of the circle (Smith 1978).
struct Colours {
  Floats rgb[3];
};

/// The share of the chroma that is missing from the channel with offset n (5, 3, 1 for red, green, blue) at a
/// hue, and its derivative.
Floats missing_chroma(Floats hue, float n, Floats& slope) {
  Floats k = hue + n;  // in -1.2..10.2
  k = k >= 6.0f ? k - 6.0f : k;
  k = k >= 6.0f ? k - 6.0f : k;
  k = k < 0.0f ? k + 6.0f : k;
  const Floats zero{}, one = splat(1.0f);
  slope = (k < 1.0f) ? one : ((k > 3.0f) & (k < 4.0f)) ? -one : zero;
  return max(min(min(k, 4.0f - k), one), zero);
}

struct Hsv {
  Floats value, low, chroma, safe, hue;
  Ints red_highest, green_highest;
};

Hsv analyse(const Colours& c) {
  const Floats &r = c.rgb[0], &g = c.rgb[1], &b = c.rgb[2];
  Hsv h;
  h.value = max(max(r, g), b);
  h.low = min(min(r, g), b);
  h.chroma = h.value - h.low;
  h.safe = max(h.chroma, splat(1e-6f));
  h.red_highest = r == h.value;
  h.green_highest = ~h.red_highest & (g == h.value);
  h.hue = (h.red_highest     ? g - b
           : h.green_highest ? b - r
                             : r - g) /
              h.safe +
          (h.red_highest     ? splat(0.0f)
           : h.green_highest ? splat(2.0f)
                             : splat(4.0f));
  return h;
}

void jitter(const AugmentedCutout& g, Colours& c) {
  const Hsv h = analyse(c);
  const Floats chroma = min(h.chroma * g.saturation, h.value);
  Floats unused;
  for (int i = 0; i < 3; ++i)
    c.rgb[i] = h.value - chroma * missing_chroma(h.hue + 6.0f * g.hue, static_cast<float>(5 - 2 * i), unused);
}

/// `d` holds the gradient of the result and becomes that of the colours `c`.
void jitter_backward(const AugmentedCutout& g, const Colours& c, Colours& d) {
  const Hsv h = analyse(c);
  const Floats wanted = h.chroma * g.saturation;
  const Ints full = wanted >= h.value;  // saturation cannot pass 1
  const Floats chroma = full ? h.value : wanted;
  Floats d_value{}, d_chroma{}, d_hue{};
  for (int i = 0; i < 3; ++i) {
    Floats slope;
    const Floats share = missing_chroma(h.hue + 6.0f * g.hue, static_cast<float>(5 - 2 * i), slope);
    d_value += d.rgb[i];
    d_chroma -= d.rgb[i] * share;
    d_hue -= d.rgb[i] * chroma * slope;
  }
  d_value += full ? d_chroma : splat(0.0f);
  Floats d_range = full ? splat(0.0f) : d_chroma * g.saturation;
  // hue = (a - b) / chroma + constant, a and b being the channels that are not the highest one.
  const Floats d_difference = d_hue / h.safe;
  const Floats difference = h.hue - (h.red_highest     ? splat(0.0f)
                                     : h.green_highest ? splat(2.0f)
                                                       : splat(4.0f));
  d_range -= h.chroma > 1e-6f ? d_difference * difference : splat(0.0f);
  d_value += d_range;
  const Floats zero{};
  const Floats &r = c.rgb[0], &gr = c.rgb[1];
  const Ints red = h.red_highest, green = h.green_highest, blue = ~(red | green);
  const Ints red_low = r == h.low, green_low = ~red_low & (gr == h.low), blue_low = ~(red_low | green_low);
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
Words scramble(Words x) {
  x ^= x >> 16;
  x *= 0x7FEB352Du;
  x ^= x >> 15;
  x *= 0x846CA68Bu;
  x ^= x >> 16;
  return x;
}

/// ln(x) for x in 0..1, without 0: the mantissa's logarithm by the series of atanh.
Floats log(Floats x) {
  const Words bits = (Words)x;
  Ints exponent = (Ints)(bits >> 23) - 127;
  Floats m = (Floats)((bits & 0x7FFFFFu) | 0x3F800000u);
  const Ints large = m > 1.41421356f;
  m = large ? m * 0.5f : m;
  exponent -= large;  // a true comparison is -1
  const Floats s = (m - 1.0f) / (m + 1.0f), q = s * s;
  const Floats series = 2.0f * s * (1.0f + q * (1.0f / 3 + q * (1.0f / 5 + q * (1.0f / 7 + q * (1.0f / 9)))));
  return __builtin_convertvector(exponent, Floats) * 0.69314718f + series;
}

/// Standard normal numbers, one for each counter: uniform words through the inverse of the distribution
/// (M. Giles, "Approximating the erfinv function", 2012, single precision).
Floats normal(Words counter, const std::uint32_t key[2]) {
  const Words bits = scramble(scramble(counter + key[0]) ^ key[1]);
  // The middles of 2^23 intervals of -1..1, each exact in a float.
  const Floats x = (__builtin_convertvector((Ints)(bits >> 9), Floats) + 0.5f) * (1.0f / 4194304) - 1.0f;
  const Floats w = -log((1.0f - x) * (1.0f + x));
  const Floats near = w - 2.5f;
  Floats p = splat(2.81022636e-08f);
  p = p * near + 3.43273939e-07f;
  p = p * near - 3.5233877e-06f;
  p = p * near - 4.39150654e-06f;
  p = p * near + 0.00021858087f;
  p = p * near - 0.00125372503f;
  p = p * near - 0.00417768164f;
  p = p * near + 0.246640727f;
  p = p * near + 1.50140941f;
  Floats root;
  for (int i = 0; i < kLanes; ++i) root[i] = __builtin_sqrtf(w[i]);
  const Floats far = root - 3.0f;
  Floats t = splat(-0.000200214257f);
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

/// The part of a chunk that is erased: 0 there, else 1.
Floats kept(const AugmentedCutout& g, int64_t row, int64_t first) {
  if (row < g.erased[1] || row >= g.erased[3]) return splat(1.0f);
  Floats result;
  for (int i = 0; i < kLanes; ++i)
    result[i] = first + i >= g.erased[0] && first + i < g.erased[2] ? 0.0f : 1.0f;
  return result;
}

bool changes_colours(const AugmentedCutout& g) { return g.hue != 0 || g.saturation != 1; }

void forward(const AugmentedCutout& g, int64_t side, const float* source, int64_t source_width, float* pooled,
             float* line, float* warped, float* out) {
  pool(g, side, source, source_width, line, pooled);
  const int64_t plane = side * side;
  const int64_t step_x = side > 1 ? 4 : 0, step_y = side > 1 ? 4 * side : 0;
  Words lane;
  for (int i = 0; i < kLanes; ++i) lane[i] = static_cast<std::uint32_t>(i);
  Taps taps;
  float chunk[3][kChunk];
  for (int64_t row = 0; row < side; ++row)
    for (int64_t first = 0; first < side; first += kChunk) {
      const int64_t count = side - first < kChunk ? side - first : kChunk;
      find_taps(g, side, row, first, taps);
      for (int64_t i = 0; i < count; ++i) {
        const float* corner = pooled + 4 * (taps.y[i] * side + taps.x[i]);
        const Pixel upper = pixel(corner) + (pixel(corner + step_x) - pixel(corner)) * taps.right[i];
        const float* below = corner + step_y;
        const Pixel lower = pixel(below) + (pixel(below + step_x) - pixel(below)) * taps.right[i];
        const Pixel p = (upper + (lower - upper) * taps.down[i]) * taps.inside[i];
        for (int c = 0; c < 3; ++c) chunk[c][i] = p[c];
      }
      for (int64_t i = count; i < kChunk; ++i) chunk[0][i] = chunk[1][i] = chunk[2][i] = 0;
      const int64_t place = row * side + first;
      for (int c = 0; c < 3; ++c)
        std::memcpy(warped + c * plane + place, chunk[c], static_cast<std::size_t>(count) * sizeof(float));
      for (int64_t i = 0; i < count; i += kLanes) {
        Colours colours{{load(chunk[0] + i), load(chunk[1] + i), load(chunk[2] + i)}};
        if (changes_colours(g)) jitter(g, colours);
        const Floats mask = kept(g, row, first + i);
        for (int c = 0; c < 3; ++c) {
          const Words counter = lane + static_cast<std::uint32_t>(c * plane + place + i);
          store(chunk[c] + i, colours.rgb[c] * mask + normal(counter, g.noise_key) * g.noise);
        }
      }
      for (int c = 0; c < 3; ++c)
        std::memcpy(out + c * plane + place, chunk[c], static_cast<std::size_t>(count) * sizeof(float));
    }
}

void backward(const AugmentedCutout& g, int64_t side, const float* warped, const float* d_out,
              float* d_pooled) {
  const int64_t plane = side * side;
  const int64_t step_x = side > 1 ? 4 : 0, step_y = side > 1 ? 4 * side : 0;
  std::memset(d_pooled, 0, static_cast<std::size_t>(plane) * sizeof(Pixel));
  Taps taps;
  float chunk[3][kChunk], before[3][kChunk];
  for (int64_t row = 0; row < side; ++row)
    for (int64_t first = 0; first < side; first += kChunk) {
      const int64_t count = side - first < kChunk ? side - first : kChunk, place = row * side + first;
      for (int c = 0; c < 3; ++c) {
        std::memset(chunk[c], 0, sizeof chunk[c]);
        std::memset(before[c], 0, sizeof before[c]);
        std::memcpy(chunk[c], d_out + c * plane + place, static_cast<std::size_t>(count) * sizeof(float));
        std::memcpy(before[c], warped + c * plane + place, static_cast<std::size_t>(count) * sizeof(float));
      }
      find_taps(g, side, row, first, taps);
      for (int64_t i = 0; i < count; i += kLanes) {
        const Floats mask = kept(g, row, first + i);
        Colours d{{load(chunk[0] + i) * mask, load(chunk[1] + i) * mask, load(chunk[2] + i) * mask}};
        if (changes_colours(g))
          jitter_backward(g, {{load(before[0] + i), load(before[1] + i), load(before[2] + i)}}, d);
        for (int c = 0; c < 3; ++c) store(chunk[c] + i, d.rgb[c]);
      }
      for (int64_t i = 0; i < count; ++i) {
        const Pixel p = Pixel{chunk[0][i], chunk[1][i], chunk[2][i], 0} * taps.inside[i];
        float* corner = d_pooled + 4 * (taps.y[i] * side + taps.x[i]);
        float* below = corner + step_y;
        const Pixel lower = p * taps.down[i], upper = p - lower;
        const Pixel upper_right = upper * taps.right[i], lower_right = lower * taps.right[i];
        put(corner, pixel(corner) + (upper - upper_right));
        put(corner + step_x, pixel(corner + step_x) + upper_right);
        put(below, pixel(below) + (lower - lower_right));
        put(below + step_x, pixel(below + step_x) + lower_right);
      }
    }
}

void backward_pooling(const AugmentedCutout& g, int64_t side, const float* d_pooled, int64_t first,
                      int64_t last, int64_t source_width, float* line, float* d_source) {
  for (int64_t i = 0; i < side; ++i) {
    const Window rows(i, g.height, side);
    const int64_t begin = g.y + rows.begin > first ? g.y + rows.begin : first;
    const int64_t end = g.y + rows.end < last ? g.y + rows.end : last;
    if (begin >= end) continue;
    std::memset(line, 0, static_cast<std::size_t>(g.width) * sizeof(Pixel));
    for (int64_t j = 0; j < side; ++j) {
      const Window columns(j, g.width, side);
      const Pixel share =
          pixel(d_pooled + 4 * (i * side + j)) / static_cast<float>(rows.length() * columns.length());
      for (int64_t k = columns.begin; k < columns.end; ++k) put(line + 4 * k, pixel(line + 4 * k) + share);
    }
    for (int64_t r = begin; r < end; ++r) {
      float* to = d_source + ((r - first) * source_width + g.x) * 4;
      for (int64_t k = 0; k < g.width; ++k) put(to + 4 * k, pixel(to + 4 * k) + pixel(line + 4 * k));
    }
  }
}

}  // namespace

extern const CutoutKernels REVERIE_FOR_ISA(cutout_kernels);
const CutoutKernels REVERIE_FOR_ISA(cutout_kernels) = {&interleave, &separate, &forward, &backward,
                                                       &backward_pooling};

}  // namespace reverie::pytti
