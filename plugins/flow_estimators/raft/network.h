#pragma once
// RAFT (Teed & Deng 2020) and GMA (Jiang et al. 2021): flow by refinements, each from looking up how alike
// the pictures are around where the flow points so far.

#include <ATen/core/Tensor.h>

#include "encoder.h"
#include "layers.h"
#include "update.h"

namespace reverie::raft {

/// A trained network of any of the family's layouts. Immutable and thread-safe; differentiable with respect
/// to the pictures. As published, a refinement passes no gradient to the flow that it starts from.
class Network {
 public:
  /// Lower precision than float is for convolutions and attention only. Throws Error(model) naming the tensor
  /// that is absent or of another shape.
  Network(const Weights& weights, c10::Device device, at::ScalarType dtype);

  Variant variant() const { return variant_; }

  /// Of one picture, what it takes to estimate flows to it and, with the context, from it.
  struct Seen {
    at::Tensor features;         // [1, C, h, w], float
    at::Tensor hidden, context;  // undefined without context
  };

  /// `picture` [1, 3, H, W] 0..1, sides multiples of 8 and at least 128.
  Seen look_at(const at::Tensor& picture, bool with_context) const;

  /// The flow [1, 2, H, W] from one picture, seen with context, to another.
  at::Tensor flow(const Seen& from, const Seen& to, std::int64_t refinements) const;

 private:
  explicit Network(const Source& source);

  Variant variant_;
  Widths widths_;
  at::ScalarType dtype_;
  Encoder features_, context_;
  Update update_;
};

}  // namespace reverie::raft
