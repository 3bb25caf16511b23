// Compiled once for each instruction set, with REVERIE_ISA naming it. Only headers without shared functions
// may be included here: see reverie/simd.h.

#include "kernels.h"

#include "pixels.h"
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

/// What pixels.h needs.
struct Vectors {
  using Real = float;
  using Floats = simd::Floats;
  using Ints = simd::Ints;
  using Words = simd::Words;
  using Mask = simd::Ints;

  static Floats splat(float value) { return simd::splat(value); }
  static Floats min(Floats a, Floats b) { return simd::min(a, b); }
  static Floats max(Floats a, Floats b) { return simd::max(a, b); }
  static Floats from_ints(Ints i) { return __builtin_convertvector(i, Floats); }
  static Floats floor(Floats v) {
    const Floats whole = from_ints(__builtin_convertvector(v, Ints));
    return whole > v ? whole - 1.0f : whole;
  }
  static Floats sqrt(Floats v) {
    Floats root;
    for (int i = 0; i < kLanes; ++i) root[i] = __builtin_sqrtf(v[i]);
    return root;
  }
  static Words bits(Floats v) { return (Words)v; }
  static Floats from_bits(Words w) { return (Floats)w; }
};

constexpr int64_t kChunk = 64;  // pixels of a row that are worked on together; whole vectors on every machine

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
    const Window<int64_t> rows(i, g.height, side);
    const float* from = source + ((g.y + rows.begin) * source_width + g.x) * 4;
    std::memcpy(line, from, static_cast<std::size_t>(g.width) * sizeof(Pixel));
    for (int64_t r = 1; r < rows.length(); ++r)
      for (int64_t k = 0; k < g.width; ++k)
        put(line + 4 * k, pixel(line + 4 * k) + pixel(from + 4 * (r * source_width + k)));
    for (int64_t j = 0; j < side; ++j) {
      const Window<int64_t> columns(j, g.width, side);
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

void find_taps(const AugmentedCutout& g, int64_t side, int64_t row, int64_t first, Taps& taps) {
  Floats lane;
  for (int i = 0; i < kLanes; ++i) lane[i] = static_cast<float>(i) + 0.5f;
  for (int64_t i = 0; i < kChunk; i += kLanes) {
    const SourcePoint<Vectors> point =
        source_point<Vectors>(g, side, lane + static_cast<float>(first + i), static_cast<float>(row) + 0.5f);
    store(taps.inside + i, point.inside);
    store(taps.right + i, point.right);
    store(taps.down + i, point.down);
    const Ints ix = __builtin_convertvector(point.left, Ints), iy = __builtin_convertvector(point.top, Ints);
    std::memcpy(taps.x + i, &ix, sizeof ix);
    std::memcpy(taps.y + i, &iy, sizeof iy);
  }
}

/// The part of a chunk that is erased: 0 there, else 1.
Floats kept(const AugmentedCutout& g, int64_t row, int64_t first) {
  if (row < g.erased[1] || row >= g.erased[3]) return splat(1.0f);
  Floats result;
  for (int i = 0; i < kLanes; ++i)
    result[i] = first + i >= g.erased[0] && first + i < g.erased[2] ? 0.0f : 1.0f;
  return result;
}

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
        Colours<Vectors> colours{{load(chunk[0] + i), load(chunk[1] + i), load(chunk[2] + i)}};
        if (changes_colours<Vectors>(g)) jitter<Vectors>(g, colours);
        const Floats mask = kept(g, row, first + i);
        for (int c = 0; c < 3; ++c) {
          const Words counter = lane + static_cast<std::uint32_t>(c * plane + place + i);
          store(chunk[c] + i, colours.rgb[c] * mask + normal<Vectors>(counter, g.noise_key) * g.noise);
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
        Colours<Vectors> d{{load(chunk[0] + i) * mask, load(chunk[1] + i) * mask, load(chunk[2] + i) * mask}};
        if (changes_colours<Vectors>(g))
          jitter_backward<Vectors>(g, {{load(before[0] + i), load(before[1] + i), load(before[2] + i)}}, d);
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
    const Window<int64_t> rows(i, g.height, side);
    const int64_t begin = g.y + rows.begin > first ? g.y + rows.begin : first;
    const int64_t end = g.y + rows.end < last ? g.y + rows.end : last;
    if (begin >= end) continue;
    std::memset(line, 0, static_cast<std::size_t>(g.width) * sizeof(Pixel));
    for (int64_t j = 0; j < side; ++j) {
      const Window<int64_t> columns(j, g.width, side);
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
