#include "media/between.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>
#include <vector>

#include "reverie/warp.h"

namespace reverie::media {
namespace {

constexpr double kColour =
    0.05;  // mean difference of a pixel and its partner that makes it trusted a third as much
constexpr double kWay = 1;         // pixels by which a flow fails to lead back, the same
constexpr double kLeast = 1e-3;    // trust in what has no partner; more than in nothing
constexpr double kPresent = 0.02;  // what arrives at a place, trusted pixels, for it not to be a hole

/// How much each pixel is trusted to be where its flow leads [1, 1, H, W]: whether it looks the same there,
/// and whether the other flow leads back.
at::Tensor trust_in(const at::Tensor& from, const at::Tensor& to, const at::Tensor& there,
                    const at::Tensor& back) {
  const at::Tensor places = pixel_places(from.size(2), from.size(3), from.device()) + there;
  const at::Tensor colour = (warp(to, places, Sampling::bilinear, Infill::smear) - from).abs().mean(1, true);
  const at::Tensor way =
      (warp(back, places, Sampling::bilinear, Infill::smear) + there).square().sum(1, true).sqrt();
  const auto outside = [&](std::int64_t axis, std::int64_t size) {
    const at::Tensor place = places.narrow(1, axis, 1);
    return (place < -0.5).logical_or(place > static_cast<double>(size) - 0.5);
  };
  const at::Tensor gone = outside(0, from.size(3)).logical_or(outside(1, from.size(2)));
  return (colour / -kColour - way / kWay).exp().masked_fill(gone, 0).clamp_min(kLeast);
}

/// What has arrived at each place: the sum of trust, and of motion from the first picture to the second times
/// that.
struct Arrived {
  at::Tensor motion, trust;  // [1, 2, H, W], [1, 1, H, W]
};

/// Every pixel goes to p + way * flow(p), where its trust is shared among the four pixels around. `sign`: of
/// the flow as a motion from the first picture to the second. One after another, so that sums are always the
/// same.
Arrived arrive(const at::Tensor& flow, const at::Tensor& trust, double way, float sign) {
  const std::int64_t height = flow.size(2), width = flow.size(3), pixels = height * width;
  const at::Tensor motion = at::zeros_like(flow), arrived = at::zeros_like(trust);
  const at::Tensor flows = flow.contiguous(), trusts = trust.contiguous();
  const float *dx = flows.const_data_ptr<float>(), *dy = dx + pixels,
              *weight = trusts.const_data_ptr<float>();
  auto *sum_x = motion.mutable_data_ptr<float>(), *sum_y = sum_x + pixels,
       *sum = arrived.mutable_data_ptr<float>();
  for (std::int64_t y = 0; y < height; ++y)
    for (std::int64_t x = 0; x < width; ++x) {
      const std::int64_t i = y * width + x;
      const double to_x = static_cast<double>(x) + way * dx[i], to_y = static_cast<double>(y) + way * dy[i];
      // Also what is not a number lies outside.
      if (!(to_x > -1 && to_y > -1 && to_x < static_cast<double>(width) &&
            to_y < static_cast<double>(height)))
        continue;
      const auto left = static_cast<std::int64_t>(std::floor(to_x)),
                 top = static_cast<std::int64_t>(std::floor(to_y));
      const auto right_share = static_cast<float>(to_x - static_cast<double>(left)),
                 lower_share = static_cast<float>(to_y - static_cast<double>(top));
      for (const std::int64_t v : {top, top + 1})
        for (const std::int64_t u : {left, left + 1}) {
          if (u < 0 || v < 0 || u >= width || v >= height) continue;
          const float share = weight[i] * (u == left ? 1 - right_share : right_share) *
                              (v == top ? 1 - lower_share : lower_share);
          const std::int64_t to = v * width + u;
          sum[to] += share;
          sum_x[to] += share * sign * dx[i];
          sum_y[to] += share * sign * dy[i];
        }
    }
  return {motion, arrived};
}

/// The motion everywhere: where little has arrived, that of the surroundings, from ever coarser pictures of
/// it.
at::Tensor filled(const at::Tensor& motion, const at::Tensor& trust) {
  std::vector<std::pair<at::Tensor, at::Tensor>> levels = {{motion, trust}};
  while (std::max(levels.back().second.size(2), levels.back().second.size(3)) > 1)
    levels.emplace_back(at::avg_pool2d(levels.back().first, 2, 2, 0, /*ceil_mode=*/true),
                        at::avg_pool2d(levels.back().second, 2, 2, 0, /*ceil_mode=*/true));
  at::Tensor result = levels.back().first / levels.back().second.clamp_min(1e-12);
  for (std::size_t i = levels.size() - 1; i-- > 0;) {
    const auto& [sums, arrived] = levels[i];
    const at::Tensor around =
        at::upsample_bilinear2d(result, {arrived.size(2), arrived.size(3)}, /*align_corners=*/false);
    // What is around counts as much as a hole's worth of trust.
    result = (sums + around * (kPresent * kLeast)) / (arrived + kPresent * kLeast);
  }
  return result;
}

}  // namespace

at::Tensor between(const Neighbours& pair, double t) {
  const at::NoGradGuard no_grad;
  const auto& [first, second, forth, back] = pair;
  const Arrived from_first = arrive(forth, trust_in(first, second, forth, back), t, 1),
                from_second = arrive(back, trust_in(second, first, back, forth), 1 - t, -1);
  const at::Tensor motion =
      filled(from_first.motion + from_second.motion, from_first.trust + from_second.trust);
  const at::Tensor here = pixel_places(first.size(2), first.size(3), first.device());
  const auto seen = [&](const at::Tensor& picture, double way) {
    return warp(picture, here + motion * way, Sampling::bicubic, Infill::smear).clamp(0, 1);
  };
  // Of the first picture's pixels more are near at its own time, and so with the second's.
  constexpr double kNothing = 1e-6;
  const at::Tensor weight_first = (from_first.trust + kNothing) * (1 - t),
                   weight_second = (from_second.trust + kNothing) * t;
  const at::Tensor share = weight_second / (weight_first + weight_second);
  return at::lerp(seen(first, -t), seen(second, 1 - t), share);
}

}  // namespace reverie::media
