#include "engine/masks.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include "reverie/error.h"

namespace reverie::engine {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

float direction_stop(char letter, const CutoutPlace& place, double cutoff) {
  switch (letter) {
    case 'a':
      return static_cast<float>(-kInfinity);
    case 'r':
      return place.x < cutoff;
    case 'l':
      return place.x > cutoff;
    case 'd':
      return place.y < cutoff;
    case 'u':
      return place.y > cutoff;
    case 'n':
      return std::min(place.width, place.height) < cutoff;
    case 'f':
      return std::min(place.width, place.height) > cutoff;
    default:
      throw Error(ErrorKind::settings, std::string("unknown mask '") + letter + "'",
                  "the masks by letter are a, l, r, u, d, n and f");
  }
}

/// The pixels of one axis that a cutout touches, and how much of each it covers.
struct Span {
  std::int64_t first = 0;
  std::vector<float> coverage;
  double length = 0;  ///< in pixels
};
/// `end` pixels are as long as the picture's side, on which centre and size are given.
Span span_of(double centre, double size, double end) {
  double low = std::clamp((centre - size / 2) * end, 0.0, end);
  double high = std::clamp((centre + size / 2) * end, 0.0, end);
  // Places are quotients of whole pixels: what rounding leaves beyond a pixel's edge is no part of another.
  constexpr double kRounding = 1e-6;
  if (std::abs(low - std::round(low)) < kRounding) low = std::round(low);
  if (std::abs(high - std::round(high)) < kRounding) high = std::round(high);
  Span span{static_cast<std::int64_t>(low), {}, high - low};
  for (double pixel = std::floor(low); pixel < high; ++pixel)
    span.coverage.push_back(static_cast<float>(std::min(high, pixel + 1) - std::max(low, pixel)));
  return span;
}

at::Tensor as_tensor(const std::vector<float>& values) { return at::tensor(values, at::kFloat); }

}  // namespace

MaskValues direction_mask(char letter, const std::vector<CutoutPlace>& places, double cutoff) {
  std::vector<float> stops;
  for (const CutoutPlace& place : places) stops.push_back(direction_stop(letter, place, cutoff));
  return {as_tensor(stops), at::ones({static_cast<std::int64_t>(places.size())})};
}

MaskValues semantic_mask(const at::Tensor& distances, std::optional<double> cutoff) {
  const at::Tensor known = distances.detach();
  return {cutoff ? (known > 0.7 + 0.3 * *cutoff).to(known.scalar_type()) : known, at::ones_like(known)};
}

ImageMask::ImageMask(const at::Tensor& mask) {
  constexpr std::int64_t kSide = 256;
  // A copy in any case: the caller may change the mask.
  const at::Tensor given = mask.detach().to(at::kCPU, at::kFloat, /*non_blocking=*/false, /*copy=*/true);
  mean_ = given.mean(at::kDouble).item<double>();
  const std::int64_t factor = (std::max(given.size(2), given.size(3)) + kSide - 1) / kSide;
  // The last row and column average what is left, so that no pixel counts twice.
  mask_ = at::avg_pool2d(given, factor, factor, 0, /*ceil_mode=*/true)[0][0];
  height_ = static_cast<double>(given.size(2)) / static_cast<double>(factor);
  width_ = static_cast<double>(given.size(3)) / static_cast<double>(factor);
}

MaskValues ImageMask::operator()(const std::vector<CutoutPlace>& places) const {
  const at::NoGradGuard no_gradient;
  const std::size_t n = places.size();
  std::vector<float> weights(n, 0);
  if (mean_ >= 0.001) {
    std::vector<Span> columns, rows;
    for (const CutoutPlace& place : places) {
      columns.push_back(span_of(place.x, place.width, width_));
      rows.push_back(span_of(place.y, place.height, height_));
    }
    const auto area = [&](std::size_t i) { return columns[i].length * rows[i].length; };
    std::vector<std::size_t> order(n);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return area(a) > area(b); });

    const at::Tensor error = at::zeros_like(mask_);
    for (const std::size_t i : order) {
      if (area(i) <= 0) break;
      const auto part = [&](const at::Tensor& plane) {
        return plane.narrow(0, rows[i].first, static_cast<std::int64_t>(rows[i].coverage.size()))
            .narrow(1, columns[i].first, static_cast<std::int64_t>(columns[i].coverage.size()));
      };
      const at::Tensor across = as_tensor(columns[i].coverage), down = as_tensor(rows[i].coverage);
      const at::Tensor value = part(mask_), gathered = part(error);
      const at::Tensor seen = gathered.abs().sqrt_().copysign_(gathered).add_(value);
      const double weight = at::dot(at::mv(seen, across), down).item<double>() / area(i);
      const at::Tensor difference = at::sub(value, weight, 1);
      gathered.add_(difference.mul_(difference.abs()).mul_(across).mul_(down.unsqueeze(1)),
                    1 / static_cast<double>(n));
      weights[i] = static_cast<float>(weight / std::sqrt(mean_));
    }
  }
  return {at::full({static_cast<std::int64_t>(n)}, -kInfinity, at::kFloat), as_tensor(weights)};
}

PromptLoss prompt_loss(const at::Tensor& distances, double weight, double stop, const MaskValues& mask) {
  const at::Tensor w = mask.weights.to(distances.device(), distances.scalar_type()) * weight;
  const at::Tensor sign = w.sign(), counts = w != 0;
  // A cutout without weight has no stop: 0 times an infinite one would not be a number.
  const auto stops_of = [&](const at::Tensor& stops) {
    return stops.masked_fill(counts.logical_not(), -kInfinity);
  };
  const at::Tensor masked =
      stops_of(mask.stops.to(distances.device(), distances.scalar_type()) + sign.clamp_max(0));
  const at::Tensor stops = stops_of(masked.clamp_min(stop)), signed_distances = distances * sign;
  // This way round, so that distances that are not numbers stay so.
  const at::Tensor stopped = signed_distances < stops;
  const at::Tensor limited = at::where(stopped, stops, signed_distances);
  const at::Tensor asked = counts.logical_and((signed_distances < masked).logical_not());
  return {(limited * w.abs()).mean(), asked.any(), asked.logical_and(stopped.logical_not()).any()};
}

}  // namespace reverie::engine
