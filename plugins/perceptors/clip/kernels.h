#pragma once
// The parts of a transformer between its matrix products, each in one pass over memory. Rows are tokens; all
// arrays are dense unless a stride is named. T is float or bfloat16 (as raw bits); sums are always float.
//
// No LibTorch here: the implementation is compiled once for each instruction set (see reverie/simd.h).

#include <cstdint>

namespace reverie::clip {

/// Where the queries, keys and values of one attention lie. Strides count elements. A head's values are
/// adjacent, heads follow each other.
struct Attention {
  std::int64_t heads, head_width;
  std::int64_t queries, keys;           ///< tokens of a picture that ask, and that answer
  std::int64_t query_row, query_batch;  ///< from a token to the next, from a picture to the next
  std::int64_t key_row, key_batch;      ///< the same of keys and values
};

struct Kernels {
  const char* name;  ///< of the instruction set

  /// One picture's float channels [3, side, side] to its patches [grid * grid, 3 * patch * patch], row by
  /// row.
  void (*to_patches[2])(std::int64_t grid, std::int64_t patch, const float* picture, void* patches);
  void (*from_patches[2])(std::int64_t grid, std::int64_t patch, const void* patches, float* picture);

  /// x += y (where y is not null); z = (x - mean) / sqrt(variance + epsilon) by rows; scale = 1 / sqrt(...).
  void (*add_norm[2])(std::int64_t rows, std::int64_t width, float* x, const void* y, void* z, float* scale,
                      float epsilon);
  /// The gradient of the same: g += scale * (dz - mean(dz) - z * mean(dz * z)), and low = T(g).
  void (*norm_backward[2])(std::int64_t rows, std::int64_t width, const void* dz, const void* z,
                           const float* scale, float* g, void* low);
  /// a = f(h); QuickGELU is h * sigmoid(1.702 h) (Radford et al. 2021), GELU h * Phi(h) (Hendrycks & Gimpel
  /// 2016).
  void (*activation[2])(std::int64_t count, bool quick, const void* h, void* a);
  /// da *= f'(h).
  void (*activation_backward[2])(std::int64_t count, bool quick, const void* h, void* da);

  /// Floats that the attention kernels need as working memory.
  std::int64_t (*attention_scratch)(const Attention& shape);
  /// One head of one picture: out = softmax(q k^T) v. The pointers are at the head's first value of the
  /// picture's first token. Queries are scaled already.
  void (*attend[2])(const Attention& shape, const void* q, const void* k, const void* v, void* out,
                    std::int64_t out_row, float* scratch);
  /// Its gradients with respect to q, k and v, which lie as q, k and v do.
  void (*attend_backward[2])(const Attention& shape, const void* q, const void* k, const void* v,
                             const void* d_out, std::int64_t out_row, void* dq, void* dk, void* dv,
                             float* scratch);
};

/// The fastest that this processor runs.
const Kernels& kernels();

}  // namespace reverie::clip
