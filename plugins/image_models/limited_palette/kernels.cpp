// Compiled once for each instruction set, with REVERIE_ISA naming it. Only headers without shared functions
// may be included here: see reverie/simd.h.

#include "kernels.h"

#include "reverie/simd.h"

namespace reverie::limited_palette {
namespace {

using namespace simd;
using std::int64_t;

constexpr int64_t kTile = PaletteKernels::kTile;

/// Reduces a vector by halves: log2 of its length in steps.
template <int kBytes, typename Vector, typename Join>
float reduce(Vector v, const Join& join) {
  if constexpr (kBytes == 4) {
    return v[0];
  } else {
    typedef float Half __attribute__((vector_size(kBytes / 2)));
    Half low, high;
    std::memcpy(&low, &v, sizeof low);
    std::memcpy(&high, reinterpret_cast<const char*>(&v) + sizeof low, sizeof high);
    return reduce<kBytes / 2>(join(low, high), join);
  }
}
float total(Floats v) {
  return reduce<sizeof v>(v, [](auto a, auto b) { return a + b; });
}

void add(float* to, Floats v) { store(to, load(to) + v); }

/// Softmax of `count` pixels from `first` on, a row of `padded` each: worked out with a pixel in each lane,
/// then turned. What is beyond the palettes is 0.
void softmax_rows(PaletteShape s, int64_t first, int64_t count, const float* logits, float* rows) {
  float* planes = rows + kTile * s.padded;
  Floats high[kTile / kLanes], all[kTile / kLanes];
  for (int64_t p = 0; p < s.palettes; ++p) {
    float* plane = planes + p * kTile;
    const float* from = logits + p * s.pixels + first;
    if (count == kTile)
      std::memcpy(plane, from, kTile * sizeof(float));
    else
      for (int64_t i = 0; i < kTile; ++i) plane[i] = i < count ? from[i] : 0;
    for (int64_t v = 0; v < kTile / kLanes; ++v) {
      const Floats x = load(plane + v * kLanes);
      high[v] = p == 0 ? x : max(high[v], x);
    }
  }
  for (Floats& v : all) v = Floats{};
  for (int64_t p = 0; p < s.palettes; ++p)
    for (int64_t v = 0; v < kTile / kLanes; ++v) {
      float* place = planes + p * kTile + v * kLanes;
      const Floats share = exp(load(place) - high[v]);
      store(place, share);
      all[v] += share;
    }
  float scale[kTile];
  for (int64_t v = 0; v < kTile / kLanes; ++v) store(scale + v * kLanes, 1.0f / all[v]);
  for (int64_t i = 0; i < count; ++i) {
    float* row = rows + i * s.padded;
    for (int64_t p = 0; p < s.palettes; ++p) row[p] = planes[p * kTile + i] * scale[i];
    for (int64_t p = s.palettes; p < s.padded; ++p) row[p] = 0;
  }
}

/// The other way round, for results.
void put_rows(PaletteShape s, int64_t first, int64_t count, const float* rows, float* planes) {
  for (int64_t p = 0; p < s.palettes; ++p)
    for (int64_t i = 0; i < count; ++i) planes[p * s.pixels + first + i] = rows[i * s.padded + p];
}

template <typename Work>
void tiles(int64_t first, int64_t last, const Work& work) {
  for (; first < last; first += kTile) work(first, last - first < kTile ? last - first : kTile);
}

void prefer(PaletteShape s, int64_t first, int64_t last, const float* logits, int64_t* preferred) {
  int64_t i = first;
  for (; i + kLanes <= last; i += kLanes) {
    Floats best = load(logits + i);
    Ints index{};
    for (int64_t p = 1; p < s.palettes; ++p) {
      const Floats other = load(logits + p * s.pixels + i);
      const Ints better = other > best;
      best = better ? other : best;
      index = better ? Ints{} + static_cast<std::int32_t>(p) : index;
    }
    for (int lane = 0; lane < kLanes; ++lane) preferred[i + lane] = index[lane];
  }
  for (; i < last; ++i) {
    preferred[i] = 0;
    for (int64_t p = 1; p < s.palettes; ++p)
      if (logits[p * s.pixels + i] > logits[preferred[i] * s.pixels + i]) preferred[i] = p;
  }
}

void colours_backward(PaletteShape s, int64_t first, int64_t last, const float* position,
                      const int64_t* shade, const int64_t* preferred, const float* logits,
                      const float* colours, const float* gradient, float* d_position, float* d_logits,
                      float* d_colours, float* rows) {
  const int64_t width = s.padded, colour = 3 * width;
  float* by_weight = rows + 2 * kTile * width;
  tiles(first, last, [&](int64_t start, int64_t count) {
    softmax_rows(s, start, count, logits, rows);
    for (int64_t i = 0; i < count; ++i) {
      const int64_t at = start + i;
      const float g[3] = {gradient[at], gradient[s.pixels + at], gradient[2 * s.pixels + at]};
      // On the brightest colour the slope is that from the one before it: clamped pixels can come back.
      int64_t low = static_cast<int64_t>(position[at]);
      if (low > s.shades - 2) low = s.shades > 1 ? s.shades - 2 : 0;
      const int64_t step = s.shades > 1 ? colour : 0;
      const float part = position[at] - static_cast<float>(low);
      const float* dark = colours + low * colour;
      float* d_dark = d_colours + low * colour;
      float* row = rows + i * width;
      Floats along{}, mean{};
      for (int64_t p = 0; p < width; p += kLanes) {
        const Floats weight = load(row + p), darker = weight * (1 - part), brighter = weight * part;
        Floats from{}, to{};
        for (int c = 0; c < 3; ++c) {
          const int64_t channel = c * width + p;
          from += g[c] * load(dark + channel);
          to += g[c] * load(dark + step + channel);
          add(d_dark + channel, g[c] * darker);
          add(d_dark + step + channel, g[c] * brighter);
        }
        const Floats change = to - from, blend = from + change * part;
        store(by_weight + p, blend);
        along += weight * change;
        mean += weight * blend;
      }
      const float average = total(mean);
      for (int64_t p = 0; p < width; p += kLanes)
        store(row + p, load(row + p) * (load(by_weight + p) - average));
      d_position[at] = total(along);
      float* chosen = d_colours + shade[at] * colour + preferred[at];
      for (int c = 0; c < 3; ++c) chosen[c * width] += g[c];
    }
    put_rows(s, start, count, rows, d_logits);
  });
}

void moments(PaletteShape s, int64_t first, int64_t last, const float* logits, float* sums, float* rows) {
  const float mean = 1 / static_cast<float>(s.palettes);
  tiles(first, last, [&](int64_t start, int64_t count) {
    softmax_rows(s, start, count, logits, rows);
    for (int64_t i = 0; i < count; ++i) {
      float* row = rows + i * s.padded;
      for (int64_t q = 0; q < s.padded; q += kLanes) {
        const Floats x = load(row + q) - mean;
        store(row + q, x);
        add(sums + q, x);
      }
      for (int64_t p = 0; p < s.palettes; ++p) {
        float* products = sums + (p + 1) * s.padded;
        for (int64_t q = p / kLanes * kLanes; q < s.padded; q += kLanes)
          add(products + q, row[p] * load(row + q));
      }
    }
  });
}

void moments_backward(PaletteShape s, int64_t first, int64_t last, const float* logits, const float* slope,
                      const float* centre, float* d_logits, float* rows) {
  float* gradient = rows + 2 * kTile * s.padded;
  tiles(first, last, [&](int64_t start, int64_t count) {
    softmax_rows(s, start, count, logits, rows);
    for (int64_t i = 0; i < count; ++i) {
      float* row = rows + i * s.padded;
      Floats mean{};
      for (int64_t q = 0; q < s.padded; q += kLanes) {
        Floats all{};
        for (int64_t p = 0; p < s.palettes; ++p) all += (row[p] - centre[p]) * load(slope + p * s.padded + q);
        store(gradient + q, all);
        mean += all * load(row + q);
      }
      const float average = total(mean);
      for (int64_t q = 0; q < s.padded; q += kLanes)
        store(row + q, load(row + q) * (load(gradient + q) - average));
    }
    put_rows(s, start, count, rows, d_logits);
  });
}

}  // namespace

extern const PaletteKernels REVERIE_FOR_ISA(palette_kernels);
const PaletteKernels REVERIE_FOR_ISA(palette_kernels) = {kLanes, &prefer, &colours_backward, &moments,
                                                         &moments_backward};

}  // namespace reverie::limited_palette
