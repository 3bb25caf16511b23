#pragma once
// The operators of elements.h, for whatever walks over the elements: a card's grid (cuda/), or a test's loop.

#include <ATen/ATen.h>

#include "elements.h"

namespace reverie::raft {

inline constexpr const char* kLookUpSchemas[] = {
    "raft_look_up(Tensor volume, Tensor places, int[] levels, int radius) -> Tensor",
    "raft_look_up_backward(Tensor(a!) gradient, Tensor places, Tensor given, int[] levels, int radius) -> "
    "()"};

/// `levels` are offset, height and width of each.
inline LookUpShape shape_of(const at::Tensor& volume, const at::Tensor& places, at::IntArrayRef levels,
                            std::int64_t radius) {
  TORCH_CHECK(levels.size() == 3 * kLevels && places.is_contiguous() && volume.is_contiguous(),
              "correlations to look up must be dense, on ", kLevels, " levels");
  LookUpShape shape{
      volume.size(1), volume.size(2), static_cast<int>(radius), {}, places.const_data_ptr<float>()};
  for (std::size_t i = 0; i < kLevels; ++i)
    shape.levels[i] = {levels[3 * i], levels[3 * i + 1], levels[3 * i + 2]};
  return shape;
}

/// `volume` [N, rows, stride], `places` [N, 2, rows], all float: [N, rows, kLevels * (2 radius + 1)^2].
template <typename Walk>
at::Tensor raft_look_up(const at::Tensor& volume, const at::Tensor& places, at::IntArrayRef levels,
                        std::int64_t radius) {
  const Walk walk(volume.device());
  const LookUpShape shape = shape_of(volume, places, levels, radius);
  const std::int64_t width = kLevels * (2 * radius + 1) * (2 * radius + 1);
  const at::Tensor result = at::empty({volume.size(0), volume.size(1), width}, volume.options());
  walk(LookUpElement{shape, volume.const_data_ptr<float>(), result.mutable_data_ptr<float>()},
       result.numel());
  return result;
}

/// Adds to `gradient`, shaped as the volume, that of the result.
template <typename Walk>
void raft_look_up_backward(at::Tensor& gradient, const at::Tensor& places, const at::Tensor& given,
                           at::IntArrayRef levels, std::int64_t radius) {
  const Walk walk(gradient.device());
  const at::Tensor of_result = given.contiguous();
  const std::int64_t wide = 2 * radius + 2;
  walk(LookUpBackwardElement{shape_of(gradient, places, levels, radius), of_result.const_data_ptr<float>(),
                             gradient.mutable_data_ptr<float>()},
       gradient.size(0) * gradient.size(1) * kLevels * wide * wide);
}

}  // namespace reverie::raft
