#pragma once
// The operators of elements.h, for whatever walks over the elements: a card's grid (cuda/), or a test's loop.
// A Walk is made from the device and called with an element and the number of its indexes.

#include <ATen/ATen.h>

#include <tuple>

#include "elements.h"

namespace reverie::pytti {

constexpr const char* kCutoutSchemas[] = {
    "augmented_cutouts(Tensor picture, Tensor cutouts, int side) -> (Tensor, Tensor)",
    "augmented_cutouts_backward(Tensor warped, Tensor gradient, Tensor cutouts, int height, int width) -> "
    "Tensor"};

inline const AugmentedCutout* cutouts_in(const at::Tensor& bytes) {
  TORCH_CHECK(bytes.scalar_type() == at::kByte && bytes.dim() == 2 &&
                  bytes.size(1) == static_cast<std::int64_t>(sizeof(AugmentedCutout)) &&
                  bytes.is_contiguous(),
              "cutouts must be rows of ", sizeof(AugmentedCutout), " bytes");
  return reinterpret_cast<const AugmentedCutout*>(bytes.const_data_ptr<std::uint8_t>());
}

/// `picture` [1, 3, H, W], `cutouts` [N, sizeof(AugmentedCutout)], all within the picture. Returns what the
/// colours were before jitter, and the result, both [N, 3, side, side].
template <typename Real, typename Walk>
std::tuple<at::Tensor, at::Tensor> augmented_cutouts(const at::Tensor& picture, const at::Tensor& cutouts,
                                                     std::int64_t side) {
  const Walk walk(picture.device());
  const at::Tensor planes = picture.contiguous();
  const AugmentedCutout* all = cutouts_in(cutouts);
  const std::int64_t count = cutouts.size(0);
  const auto edge = static_cast<std::int32_t>(side), height = static_cast<std::int32_t>(planes.size(2)),
             width = static_cast<std::int32_t>(planes.size(3));
  const at::Tensor pooled = at::empty({count, side, side, 4}, planes.options()),
                   warped = at::empty({count, 3, side, side}, planes.options()), out = at::empty_like(warped);
  auto* squares = reinterpret_cast<Quad<Real>*>(pooled.mutable_data_ptr<Real>());
  walk(PoolCutouts<Real>{all, edge, height, width, planes.const_data_ptr<Real>(), squares},
       count * side * side);
  walk(AugmentPooled<Real>{all, edge, squares, warped.mutable_data_ptr<Real>(), out.mutable_data_ptr<Real>()},
       count * side * side);
  return {warped, out};
}

/// The gradient of the picture [1, 3, height, width].
template <typename Real, typename Walk>
at::Tensor augmented_cutouts_backward(const at::Tensor& warped, const at::Tensor& gradient,
                                      const at::Tensor& cutouts, std::int64_t height, std::int64_t width) {
  const Walk walk(warped.device());
  const at::Tensor d_out = gradient.contiguous();
  const AugmentedCutout* all = cutouts_in(cutouts);
  const std::int64_t count = warped.size(0), side = warped.size(2), indexes = count * side * side;
  const auto edge = static_cast<std::int32_t>(side);
  const at::TensorOptions whole = warped.options().dtype(at::kLong);
  const at::Tensor d_sampled = at::empty({count, side, side, 4}, warped.options()),
                   largest = at::zeros({count}, whole), sums = at::zeros({count, side, side, 3}, whole),
                   result = at::empty({1, 3, height, width}, warped.options());
  auto* sampled = reinterpret_cast<Quad<Real>*>(d_sampled.mutable_data_ptr<Real>());
  auto* magnitudes = largest.mutable_data_ptr<std::int64_t>();
  auto* totals = sums.mutable_data_ptr<std::int64_t>();
  walk(ColoursBackward<Real>{all, edge, warped.const_data_ptr<Real>(), d_out.const_data_ptr<Real>(), sampled,
                             magnitudes},
       indexes);
  walk(ScatterToPooled<Real>{all, edge, sampled, magnitudes, totals}, indexes);
  walk(GatherToPicture<Real>{all, static_cast<std::int32_t>(count), edge, static_cast<std::int32_t>(height),
                             static_cast<std::int32_t>(width), totals, magnitudes,
                             result.mutable_data_ptr<Real>()},
       height * width);
  return result;
}

}  // namespace reverie::pytti
