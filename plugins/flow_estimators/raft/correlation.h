#pragma once
// How alike the pictures are, between all places of one and all of the other: Teed & Deng (2020), "RAFT:
// Recurrent All-Pairs Field Transforms for Optical Flow", section 3.2.

#include <ATen/core/Tensor.h>

#include <vector>

#include "kernels.h"
#include "reverie/card_kernels.h"

namespace reverie::raft {

/// Products of features at all pairs of places, over the square root of their number, on four levels: on each
/// the second picture has half the sides of the level before, averaged over 2 x 2. Takes (h w)^2 * 4/3 floats
/// for each pair, and as many again once there are gradients.
class Correlation {
 public:
  /// Who looks up: `choose` is the CPU's kernels for floats there, the card's for floats on a card where they
  /// are usable, and LibTorch's operators otherwise.
  enum class By { choose, card_kernels, operators };

  /// Features [N, C, h, w], float or double; h and w at least 8. `radius` is 3 or 4. Differentiable.
  Correlation(const at::Tensor& from, const at::Tensor& to, std::int64_t radius, By by = By::choose);
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
  bool by_card_kernels_ = false;
  at::Tensor token_;              // stands for the volume in the graph
  std::vector<at::Tensor> maps_;  // where there are no kernels: [N h w, 1, height, width] of each level
};

/// Compares the card's kernels with LibTorch's operators.
bool look_up_kernels_agree(c10::Device device);

/// The operators `reverie::raft_look_up` and its gradient.
CardKernels& look_up_kernels_for_cards();

}  // namespace reverie::raft
