#pragma once
// A pattern that is known at every place, not only at pixels: pictures of it can be moved by anything.

#include "support/numbers.h"

namespace reverie::test {

/// Sixty waves of random directions, 10 to 60 pixels long, 0..1: [1, 3, H, W] for places [1, 2, H, W].
inline at::Tensor pattern(const at::Tensor& places) {
  const at::Generator random = seeded(5);
  const at::Tensor draws = at::rand({60, 6}, random, at::kDouble);
  const double turn = 2 * std::acos(-1.0);
  const at::Tensor x = places.select(1, 0).to(at::kDouble), y = places.select(1, 1).to(at::kDouble);
  at::Tensor sum = at::zeros({1, 3, places.size(2), places.size(3)}, at::kDouble);
  for (std::int64_t i = 0; i < draws.size(0); ++i) {
    const auto draw = [&](std::int64_t k) { return draws[i][k].item<double>(); };
    const double pitch = turn / (10 + 50 * draw(0)), direction = turn * draw(1);
    const at::Tensor phase = x * (pitch * std::cos(direction)) + y * (pitch * std::sin(direction));
    for (std::int64_t c = 0; c < 3; ++c)
      sum.select(1, c) += (phase + turn * (draw(2) + 0.2 * draw(3 + c))).sin();
  }
  return (sum * 0.05 + 0.5).clamp(0, 1).to(at::kFloat);
}

/// The places of pixels, x, then y.
inline at::Tensor places_of_pixels(std::int64_t height, std::int64_t width) {
  return at::stack({at::arange(width, at::kDouble).view({1, width}).expand({height, width}),
                    at::arange(height, at::kDouble).view({height, 1}).expand({height, width})})
      .unsqueeze(0);
}

/// Mean distance between two flows, in pixels, without a margin where things may have left the picture.
inline double mean_error(const at::Tensor& flow, const at::Tensor& expected, std::int64_t margin) {
  const auto inner = [&](const at::Tensor& x) {
    return x.slice(2, margin, x.size(2) - margin).slice(3, margin, x.size(3) - margin);
  };
  return (inner(flow.to(at::kDouble)) - inner(expected)).norm(2, 1).mean().item<double>();
}

}  // namespace reverie::test
