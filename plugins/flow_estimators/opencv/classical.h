#pragma once
// FlowEstimator::estimate() by one of OpenCV's functions.

#include <ATen/ATen.h>

#include "flow.h"
#include "reverie/flow_estimator.h"

namespace reverie::opencv_flow {
namespace detail {
/// Brightness (ITU-R BT.601) as bytes [H, W]. Small pictures are continued by their outermost pixels.
inline at::Tensor grey_bytes(const at::Tensor& picture) {
  const at::Tensor rgb = picture.detach().to(at::kCPU, at::kFloat).nan_to_num(0).clamp(0, 1);
  const at::Tensor grey =
      (rgb * at::tensor({0.299f, 0.587f, 0.114f}).view({1, 3, 1, 1})).sum(1, /*keepdim=*/true);
  const auto missing = [&](std::int64_t side) { return std::max<std::int64_t>(0, kLeastSide - side); };
  const at::Tensor padded = at::replication_pad2d(grey, {0, missing(grey.size(3)), 0, missing(grey.size(2))});
  return padded.mul(255).round_().to(at::kByte).squeeze(0).squeeze(0).contiguous();
}
}  // namespace detail

inline at::Tensor classical_flow(ClassicalFlow& compute, const at::Tensor& from, const at::Tensor& to) {
  const at::Tensor one = detail::grey_bytes(from), other = detail::grey_bytes(to);
  const at::Tensor flow = at::empty({one.size(0), one.size(1), 2}, at::kFloat);
  compute({one.const_data_ptr<std::uint8_t>(), other.const_data_ptr<std::uint8_t>(),
           static_cast<int>(one.size(0)), static_cast<int>(one.size(1))},
          flow.mutable_data_ptr<float>());
  return flow.slice(0, 0, from.size(2))
      .slice(1, 0, from.size(3))
      .permute({2, 0, 1})
      .unsqueeze(0)
      .contiguous()
      .to(from.device());
}

}  // namespace reverie::opencv_flow
