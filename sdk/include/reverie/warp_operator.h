#pragma once
// The operator `reverie::warp` of reverie/card_kernels.h: what computes it, for whatever walks over the
// elements of reverie/warp_element.h.

#include <ATen/ATen.h>

#include "reverie/warp_element.h"

namespace reverie::detail {

inline constexpr const char* kWarpSchema =
    "warp(Tensor canvas, Tensor places, int sampling, int infill) -> Tensor";

/// `canvas` [1, C, h, w] and `places` [1, 2, H, W], both float.
template <typename Walk>
at::Tensor walk_warp(const at::Tensor& canvas, const at::Tensor& places, std::int64_t sampling,
                     std::int64_t infill) {
  const Walk walk(canvas.device());
  const at::Tensor from = canvas.contiguous(), where = places.contiguous();
  const at::Tensor result = at::empty({1, from.size(1), where.size(2), where.size(3)}, from.options());
  const auto run = [&](auto element) {
    element = {from.const_data_ptr<float>(),
               from.size(1),
               from.size(2),
               from.size(3),
               where.const_data_ptr<float>(),
               where.size(2) * where.size(3),
               static_cast<Infill>(infill),
               result.mutable_data_ptr<float>()};
    walk(element, element.count);
  };
  switch (static_cast<Sampling>(sampling)) {
    case Sampling::nearest:
      run(WarpElement<Sampling::nearest>{});
      break;
    case Sampling::bilinear:
      run(WarpElement<Sampling::bilinear>{});
      break;
    case Sampling::bicubic:
      run(WarpElement<Sampling::bicubic>{});
      break;
  }
  return result;
}

}  // namespace reverie::detail
