#include "consistency.h"

#include <cmath>

#include "reverie/warp.h"

namespace reverie::animation {
namespace {

at::Tensor squared_length(const at::Tensor& vectors) { return vectors.square().sum(1, /*keepdim=*/true); }

at::Tensor with_border(const at::Tensor& planes) { return at::replication_pad2d(planes, {1, 1, 1, 1}); }

at::Tensor squared_gradient(const at::Tensor& flow) {
  const std::int64_t height = flow.size(2), width = flow.size(3);
  const at::Tensor wide = with_border(flow);
  const auto part = [&](std::int64_t y, std::int64_t x) {
    return wide.narrow(2, y, height).narrow(3, x, width);
  };
  return squared_length((part(1, 2) - part(1, 0)) / 2) + squared_length((part(2, 1) - part(0, 1)) / 2);
}

at::Tensor blurred(const at::Tensor& plane) {
  constexpr double kDeviation = 0.8;
  const double beside = std::exp(-1 / (2 * kDeviation * kDeviation)), sum = 1 + 2 * beside;
  const at::Tensor weights = at::tensor({beside / sum, 1 / sum, beside / sum}, plane.options());
  return at::conv2d(with_border(plane), weights.outer(weights).view({1, 1, 3, 3}));
}

}  // namespace

at::Tensor reliability(const at::Tensor& back, const at::Tensor& forth) {
  const std::int64_t height = back.size(2), width = back.size(3);
  const at::Tensor q = pixel_places(height, width, back.device()) + back;
  const at::Tensor forth_there = warp(forth, q, Sampling::bilinear, Infill::smear);
  const at::Tensor along = squared_length(back);
  const at::Tensor edge = squared_gradient(back) >= along * 0.01 + 0.002;
  const at::Tensor elsewhere =
      squared_length(back + forth_there) >= (along + squared_length(forth_there)) * 0.01 + 0.5;
  const auto beyond = [&](std::int64_t axis, std::int64_t size) {
    const at::Tensor place = q.narrow(1, axis, 1);
    return (place < -0.5).logical_or(place > static_cast<double>(size) - 0.5);
  };
  const at::Tensor outside = beyond(0, width).logical_or(beyond(1, height));
  const at::Tensor trust =
      at::ones_like(along).masked_fill_(edge, 0).masked_fill_(elsewhere, -1).masked_fill_(outside, 0);
  return blurred(trust).clamp_(0, 1);
}

}  // namespace reverie::animation
