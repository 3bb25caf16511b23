// Compiled once for each instruction set, with REVERIE_ISA naming it. Only headers without shared functions
// may be included here: see reverie/simd.h.

#include "kernels.h"

#include "reverie/simd.h"

namespace reverie::clip {
namespace {

using namespace simd;
using std::int64_t;

// Rows are handled a vector at a time; a last part that does not fill a vector goes through a buffer.
template <typename T>
Floats load_part(const T* from, int64_t count) {
  if (count >= kLanes) return load(from);
  T part[kLanes] = {};
  std::memcpy(part, from, static_cast<std::size_t>(count) * sizeof(T));
  return load(part);
}
template <typename T>
void store_part(T* to, Floats v, int64_t count) {
  if (count >= kLanes) return store(to, v);
  T part[kLanes];
  store(part, v);
  std::memcpy(to, part, static_cast<std::size_t>(count) * sizeof(T));
}

/// Visits the rows of pixels that patches are made of: f(pixels of the picture, values of the patch).
template <typename Visit>
void each_patch_row(int64_t grid, int64_t patch, Visit visit) {
  const int64_t side = grid * patch;
  for (int64_t gy = 0; gy < grid; ++gy)
    for (int64_t gx = 0; gx < grid; ++gx)
      for (int64_t c = 0; c < 3; ++c)
        for (int64_t y = 0; y < patch; ++y)
          visit((c * side + gy * patch + y) * side + gx * patch,
                (((gy * grid + gx) * 3 + c) * patch + y) * patch);
}

template <typename T>
void to_patches(int64_t grid, int64_t patch, const float* picture, void* patches) {
  each_patch_row(grid, patch, [=](int64_t pixel, int64_t value) {
    for (int64_t i = 0; i < patch; i += kLanes)
      store_part(static_cast<T*>(patches) + value + i, load_part(picture + pixel + i, patch - i), patch - i);
  });
}

template <typename T>
void from_patches(int64_t grid, int64_t patch, const void* patches, float* picture) {
  each_patch_row(grid, patch, [=](int64_t pixel, int64_t value) {
    for (int64_t i = 0; i < patch; i += kLanes)
      store_part(picture + pixel + i, load_part(static_cast<const T*>(patches) + value + i, patch - i),
                 patch - i);
  });
}

float reciprocal_root(float x) { return 1.0f / __builtin_sqrtf(x); }

template <typename T>
void add_norm(int64_t rows, int64_t width, float* x, const void* y_, void* z_, float* scale, float epsilon) {
  const T* y = static_cast<const T*>(y_);
  T* z = static_cast<T*>(z_);
  for (int64_t row = 0; row < rows; ++row, x += width, z += width) {
    Floats total{};
    for (int64_t i = 0; i < width; i += kLanes) {
      Floats v = load_part(x + i, width - i);
      if (y) {
        v += load_part(y + i, width - i);
        store_part(x + i, v, width - i);
      }
      total += v;
    }
    if (y) y += width;
    const float mean = sum(total) / static_cast<float>(width);
    Floats squares{};
    for (int64_t i = 0; i < width; i += kLanes) {
      Floats v = load_part(x + i, width - i) - mean;
      if (width - i < kLanes)
        for (int64_t k = width - i; k < kLanes; ++k) v[k] = 0;
      squares += v * v;
    }
    const float s = reciprocal_root(sum(squares) / static_cast<float>(width) + epsilon);
    scale[row] = s;
    for (int64_t i = 0; i < width; i += kLanes)
      store_part(z + i, (load_part(x + i, width - i) - mean) * s, width - i);
  }
}

template <typename T>
void norm_backward(int64_t rows, int64_t width, const void* dz_, const void* z_, const float* scale, float* g,
                   void* low_) {
  const T* dz = static_cast<const T*>(dz_);
  const T* z = static_cast<const T*>(z_);
  T* low = static_cast<T*>(low_);
  for (int64_t row = 0; row < rows; ++row, dz += width, z += width, g += width, low += width) {
    Floats total{}, product{};
    for (int64_t i = 0; i < width; i += kLanes) {
      const Floats d = load_part(dz + i, width - i);
      total += d;
      product += d * load_part(z + i, width - i);
    }
    const float mean = sum(total) / static_cast<float>(width);
    const float slope = sum(product) / static_cast<float>(width);
    for (int64_t i = 0; i < width; i += kLanes) {
      const Floats change =
          (load_part(dz + i, width - i) - mean - load_part(z + i, width - i) * slope) * scale[row];
      const Floats v = load_part(g + i, width - i) + change;
      store_part(g + i, v, width - i);
      store_part(low + i, v, width - i);
    }
  }
}

/// erf within 1.5e-7 (Abramowitz & Stegun 1964, 7.1.26), and e^(-x^2) on the way.
Floats erf(Floats x, Floats& gauss) {
  const Floats a = max(x, -x);
  const Floats t = 1.0f / (1.0f + 0.3275911f * a);
  Floats p = splat(1.061405429f);
  p = p * t - 1.453152027f;
  p = p * t + 1.421413741f;
  p = p * t - 0.284496736f;
  p = p * t + 0.254829592f;
  gauss = exp(-a * a);
  const Floats magnitude = 1.0f - p * t * gauss;
  return x < 0.0f ? -magnitude : magnitude;
}

Floats activate(bool quick, Floats h) {
  if (quick) return h / (1.0f + exp(h * -1.702f));
  Floats gauss;
  return 0.5f * h * (1.0f + erf(h * 0.70710678f, gauss));
}

Floats activation_slope(bool quick, Floats h) {
  if (quick) {
    const Floats s = 1.0f / (1.0f + exp(h * -1.702f));
    return s + 1.702f * h * s * (1.0f - s);
  }
  Floats gauss;
  const Floats e = erf(h * 0.70710678f, gauss);
  return 0.5f * (1.0f + e) + h * gauss * 0.39894228f;
}

template <typename T>
void activation(int64_t count, bool quick, const void* h_, void* a_) {
  const T* h = static_cast<const T*>(h_);
  T* a = static_cast<T*>(a_);
  for (int64_t i = 0; i < count; i += kLanes)
    store_part(a + i, activate(quick, load_part(h + i, count - i)), count - i);
}

template <typename T>
void activation_backward(int64_t count, bool quick, const void* h_, void* da_) {
  const T* h = static_cast<const T*>(h_);
  T* da = static_cast<T*>(da_);
  for (int64_t i = 0; i < count; i += kLanes)
    store_part(da + i, load_part(da + i, count - i) * activation_slope(quick, load_part(h + i, count - i)),
               count - i);
}

// --- Attention ---

constexpr int64_t kBlock = 64;  // queries handled together, so that their scores stay in the cache
constexpr int kRows = 4,
              kColumns = REVERIE_VECTOR_BYTES == 64 ? 4 : 2;  // vectors of a tile kept in registers

int64_t padded(int64_t n) { return (n + kLanes - 1) / kLanes * kLanes; }

template <int rows, int columns, bool accumulate>
void tile(int64_t depth, const float* a, int64_t a_row, int64_t a_column, const float* b, int64_t b_row,
          float* c, int64_t c_row) {
  Floats sums[rows][columns] = {};
  for (int64_t p = 0; p < depth; ++p) {
    Floats line[columns];
    for (int j = 0; j < columns; ++j) line[j] = load(b + p * b_row + j * kLanes);
    for (int i = 0; i < rows; ++i) {
      const float factor = a[i * a_row + p * a_column];
      for (int j = 0; j < columns; ++j) sums[i][j] += line[j] * factor;
    }
  }
  for (int i = 0; i < rows; ++i)
    for (int j = 0; j < columns; ++j) {
      float* to = c + i * c_row + j * kLanes;
      store(to, accumulate ? load(to) + sums[i][j] : sums[i][j]);
    }
}

template <int rows, bool accumulate>
void tile_row(int64_t width, int64_t depth, const float* a, int64_t a_row, int64_t a_column, const float* b,
              int64_t b_row, float* c, int64_t c_row) {
  int64_t j = 0;
  for (; j + kColumns * kLanes <= width; j += kColumns * kLanes)
    tile<rows, kColumns, accumulate>(depth, a, a_row, a_column, b + j, b_row, c + j, c_row);
  for (; j < width; j += kLanes)
    tile<rows, 1, accumulate>(depth, a, a_row, a_column, b + j, b_row, c + j, c_row);
}

/// c [m, width] (+)= a [m, depth] b [depth, width]. The element (i, p) of a is a[i * a_row + p * a_column]; b
/// and c have dense rows of `width`, a multiple of kLanes.
template <bool accumulate>
void multiply(int64_t m, int64_t width, int64_t depth, const float* a, int64_t a_row, int64_t a_column,
              const float* b, float* c) {
  int64_t i = 0;
  for (; i + kRows <= m; i += kRows)
    tile_row<kRows, accumulate>(width, depth, a + i * a_row, a_row, a_column, b, width, c + i * width, width);
  for (; i < m; ++i)
    tile_row<1, accumulate>(width, depth, a + i * a_row, a_row, a_column, b, width, c + i * width, width);
}

/// Rows of `width` values, `stride` apart, to dense rows padded with zeros.
template <typename T>
void gather(int64_t rows, int64_t width, const T* from, int64_t stride, float* to) {
  const int64_t line = padded(width);
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t i = 0; i < width; i += kLanes)
      store(to + r * line + i, load_part(from + r * stride + i, width - i));
}

template <typename T>
void scatter(int64_t rows, int64_t width, const float* from, T* to, int64_t stride) {
  const int64_t line = padded(width);
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t i = 0; i < width; i += kLanes)
      store_part(to + r * stride + i, load(from + r * line + i), width - i);
}

/// Dense rows [rows, padded(width)] to [width, padded(rows)].
void transpose(int64_t rows, int64_t width, const float* from, float* to) {
  const int64_t in = padded(width), out = padded(rows);
  for (int64_t i = 0; i < width; ++i) {
    for (int64_t r = 0; r < rows; ++r) to[i * out + r] = from[r * in + i];
    for (int64_t r = rows; r < out; ++r) to[i * out + r] = 0;
  }
}

/// Softmax over the first `keys` values of each row; the padding becomes 0.
void softmax(int64_t rows, int64_t keys, float* scores) {
  const int64_t line = padded(keys);
  for (int64_t r = 0; r < rows; ++r, scores += line) {
    for (int64_t i = keys; i < line; ++i) scores[i] = -1e30f;
    Floats highest = load(scores);
    for (int64_t i = kLanes; i < line; i += kLanes) highest = max(highest, load(scores + i));
    float top = highest[0];
    for (int i = 1; i < kLanes; ++i) top = highest[i] > top ? highest[i] : top;
    Floats total{};
    for (int64_t i = 0; i < line; i += kLanes) {
      const Floats e = exp(load(scores + i) - top);
      store(scores + i, e);
      total += e;
    }
    for (int64_t i = keys; i < line; ++i) total[(i % kLanes)] -= scores[i], scores[i] = 0;
    const float factor = 1.0f / sum(total);
    for (int64_t i = 0; i < line; i += kLanes) store(scores + i, load(scores + i) * factor);
  }
}

/// Hands out parts of the scratch memory.
struct Arena {
  float* next;
  float* take(int64_t rows, int64_t width) {
    float* result = next;
    next += rows * padded(width);
    return result;
  }
};

int64_t attention_scratch(const Attention& s) {
  const int64_t block = s.queries < kBlock ? s.queries : kBlock;
  return 2 * s.head_width * padded(s.keys) + 4 * s.keys * padded(s.head_width) +
         3 * block * padded(s.head_width) + 2 * block * padded(s.keys);
}

template <typename T>
void attend(const Attention& s, const void* q_, const void* k_, const void* v_, void* out_, int64_t out_row,
            float* scratch) {
  Arena arena{scratch};
  float* keys = arena.take(s.keys, s.head_width);
  float* keys_t = arena.take(s.head_width, s.keys);
  float* values = arena.take(s.keys, s.head_width);
  float* queries = arena.take(kBlock < s.queries ? kBlock : s.queries, s.head_width);
  float* scores = arena.take(kBlock < s.queries ? kBlock : s.queries, s.keys);
  float* out = arena.take(kBlock < s.queries ? kBlock : s.queries, s.head_width);
  gather(s.keys, s.head_width, static_cast<const T*>(k_), s.key_row, keys);
  gather(s.keys, s.head_width, static_cast<const T*>(v_), s.key_row, values);
  transpose(s.keys, s.head_width, keys, keys_t);
  const int64_t width = padded(s.head_width), line = padded(s.keys);
  for (int64_t first = 0; first < s.queries; first += kBlock) {
    const int64_t count = s.queries - first < kBlock ? s.queries - first : kBlock;
    gather(count, s.head_width, static_cast<const T*>(q_) + first * s.query_row, s.query_row, queries);
    multiply<false>(count, line, s.head_width, queries, width, 1, keys_t, scores);
    softmax(count, s.keys, scores);
    multiply<false>(count, width, s.keys, scores, line, 1, values, out);
    scatter(count, s.head_width, out, static_cast<T*>(out_) + first * out_row, out_row);
  }
}

template <typename T>
void attend_backward(const Attention& s, const void* q_, const void* k_, const void* v_, const void* d_out_,
                     int64_t out_row, void* dq_, void* dk_, void* dv_, float* scratch) {
  const int64_t block = kBlock < s.queries ? kBlock : s.queries;
  const int64_t width = padded(s.head_width), line = padded(s.keys);
  Arena arena{scratch};
  float* keys = arena.take(s.keys, s.head_width);
  float* values = arena.take(s.keys, s.head_width);
  float* keys_t = arena.take(s.head_width, s.keys);
  float* values_t = arena.take(s.head_width, s.keys);
  float* d_keys = arena.take(s.keys, s.head_width);
  float* d_values = arena.take(s.keys, s.head_width);
  float* queries = arena.take(block, s.head_width);
  float* d_queries = arena.take(block, s.head_width);
  float* d_out = arena.take(block, s.head_width);
  float* scores = arena.take(block, s.keys);
  float* d_scores = arena.take(block, s.keys);
  gather(s.keys, s.head_width, static_cast<const T*>(k_), s.key_row, keys);
  gather(s.keys, s.head_width, static_cast<const T*>(v_), s.key_row, values);
  transpose(s.keys, s.head_width, keys, keys_t);
  transpose(s.keys, s.head_width, values, values_t);
  std::memset(d_keys, 0, static_cast<std::size_t>(s.keys * width) * sizeof(float));
  std::memset(d_values, 0, static_cast<std::size_t>(s.keys * width) * sizeof(float));
  for (int64_t first = 0; first < s.queries; first += kBlock) {
    const int64_t count = s.queries - first < kBlock ? s.queries - first : kBlock;
    gather(count, s.head_width, static_cast<const T*>(q_) + first * s.query_row, s.query_row, queries);
    gather(count, s.head_width, static_cast<const T*>(d_out_) + first * out_row, out_row, d_out);
    multiply<false>(count, line, s.head_width, queries, width, 1, keys_t, scores);
    softmax(count, s.keys, scores);
    multiply<true>(s.keys, width, count, scores, 1, line, d_out, d_values);
    multiply<false>(count, line, s.head_width, d_out, width, 1, values_t, d_scores);
    for (int64_t r = 0; r < count; ++r) {
      float* p = scores + r * line;
      float* dp = d_scores + r * line;
      Floats total{};
      for (int64_t i = 0; i < line; i += kLanes) total += load(p + i) * load(dp + i);
      const float mean = sum(total);
      for (int64_t i = 0; i < line; i += kLanes) store(dp + i, load(p + i) * (load(dp + i) - mean));
    }
    multiply<false>(count, width, s.keys, d_scores, line, 1, keys, d_queries);
    multiply<true>(s.keys, width, count, d_scores, 1, line, queries, d_keys);
    scatter(count, s.head_width, d_queries, static_cast<T*>(dq_) + first * s.query_row, s.query_row);
  }
  scatter(s.keys, s.head_width, d_keys, static_cast<T*>(dk_), s.key_row);
  scatter(s.keys, s.head_width, d_values, static_cast<T*>(dv_), s.key_row);
}

#define REVERIE_TEXT2(x) #x
#define REVERIE_TEXT(x) REVERIE_TEXT2(x)

}  // namespace

extern const Kernels REVERIE_FOR_ISA(kernels);
const Kernels REVERIE_FOR_ISA(kernels) = {REVERIE_TEXT(REVERIE_ISA),
                                          {&to_patches<float>, &to_patches<BFloat16>},
                                          {&from_patches<float>, &from_patches<BFloat16>},
                                          {&add_norm<float>, &add_norm<BFloat16>},
                                          {&norm_backward<float>, &norm_backward<BFloat16>},
                                          {&activation<float>, &activation<BFloat16>},
                                          {&activation_backward<float>, &activation_backward<BFloat16>},
                                          &attention_scratch,
                                          {&attend<float>, &attend<BFloat16>},
                                          {&attend_backward<float>, &attend_backward<BFloat16>}};

}  // namespace reverie::clip
