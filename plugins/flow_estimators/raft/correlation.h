#pragma once
// How alike the pictures are, between all places of one and all of the other: Teed & Deng (2020), "RAFT:
// Recurrent All-Pairs Field Transforms for Optical Flow", section 3.2.

#include <ATen/core/Tensor.h>

#include <vector>

#include "kernels.h"

namespace reverie::raft {

/// Products of features at all pairs of places, over the square root of their number, on four levels: on each
/// the second picture has half the sides of the level before, averaged over 2 x 2. Takes (h w)^2 * 4/3 floats
/// for each pair, and as many again once there are gradients.
class Correlation {
 public:
  /// Features [N, C, h, w], float or double; h and w at least 8. `radius` is 3 or 4. Differentiable.
  Correlation(const at::Tensor& from, const at::Tensor& to, std::int64_t radius);
  ~Correlation();

  /// What the places of `from` have in common with those around `places` [N, 2, h, w], x then y, in pixels of
  /// `to`: [N, 4 * (2r + 1)^2, h, w] in `dtype`. By level, then by steps in x, then by those in y; bilinear
  /// between pixels, 0 outside. The places have no gradient.
  at::Tensor look_up(const at::Tensor& places, at::ScalarType dtype) const;

 private:
  struct Volume;
  at::Tensor look_up_by_operators(const at::Tensor& places) const;

  std::int64_t radius_;
  std::vector<Level> levels_;
  c10::intrusive_ptr<Volume> volume_;
  at::Tensor token_;              // stands for the volume in the graph
  std::vector<at::Tensor> maps_;  // where there are no kernels: [N h w, 1, height, width] of each level
};

}  // namespace reverie::raft
