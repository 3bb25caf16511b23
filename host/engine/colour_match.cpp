#include "engine/colour_match.h"

#include <ATen/ATen.h>

#include "engine/lab.h"

namespace reverie::engine {
namespace {

constexpr double kMostGain = 3;     // of a deviation
constexpr double kSmallest = 1e-6;  // deviation that can be divided by

/// `values` [1, C, h, w] with each channel's mean and deviation as `reference` has them (Reinhard, Ashikhmin,
/// Gooch & Shirley, "Color Transfer between Images", 2001).
at::Tensor with_moments_of(const at::Tensor& reference, const at::Tensor& values) {
  const auto moments = [](const at::Tensor& x) { return at::std_mean(x, {2, 3}, /*correction=*/0, true); };
  const auto [deviation, mean] = moments(values);
  const auto [wanted_deviation, wanted_mean] = moments(reference);
  const at::Tensor gain = (wanted_deviation / deviation.clamp_min(kSmallest)).clamp_max(kMostGain);
  return (values - mean) * gain + wanted_mean;
}

/// Saturation and value of HSV, without the gradient that losses need.
at::Tensor saturation_and_value(const at::Tensor& rgb) {
  const at::Tensor most = rgb.amax(1, true), least = rgb.amin(1, true);
  return at::cat({(most - least) / most.clamp_min(kSmallest), most}, 1);
}

/// With a hue, each channel lies at a fixed share of the way from the brightest channel to the darkest.
at::Tensor match_hsv(const at::Tensor& picture, const at::Tensor& reference) {
  const at::Tensor now = saturation_and_value(picture);
  const at::Tensor wanted = with_moments_of(saturation_and_value(reference), now).clamp(0, 1);
  const at::Tensor most = picture.amax(1, true), range = most - picture.amin(1, true);
  const at::Tensor way =
      at::where(range > kSmallest, (most - picture) / range.clamp_min(kSmallest), at::zeros_like(picture));
  return wanted.narrow(1, 1, 1) * (1 - way * wanted.narrow(1, 0, 1));
}

/// Of each channel: the value of the reference that is as far along its sorted values. Equal values stay
/// equal.
at::Tensor match_histogram(const at::Tensor& picture, const at::Tensor& reference) {
  const at::Tensor values = picture.flatten(2)[0].contiguous();
  const at::Tensor sorted = std::get<0>(values.sort(1));
  const at::Tensor wanted = std::get<0>(reference.flatten(2)[0].sort(1));
  const auto below = [&](bool right) {
    return at::searchsorted(sorted, values, /*out_int32=*/false, right).to(at::kDouble);
  };
  const auto last = static_cast<double>(wanted.size(1) - 1);
  // The middle of the ranks that a value has, as a share of all.
  const at::Tensor share = (below(false) + below(true)) / (2 * static_cast<double>(values.size(1)));
  const at::Tensor place = (share * static_cast<double>(wanted.size(1)) - 0.5).clamp(0, last);
  const at::Tensor lower = place.floor();
  const at::Tensor from = wanted.gather(1, lower.to(at::kLong)),
                   to = wanted.gather(1, (lower + 1).clamp_max(last).to(at::kLong));
  return (from + (to - from) * (place - lower).to(wanted.scalar_type())).view(picture.sizes());
}

}  // namespace

at::Tensor match_colours(const at::Tensor& picture, const at::Tensor& reference, ColourSpace space) {
  const at::Tensor from = picture.clamp(0, 1), to = reference.clamp(0, 1);
  switch (space) {
    case ColourSpace::lab:
      return lab_to_rgb(with_moments_of(rgb_to_lab(to), rgb_to_lab(from))).clamp(0, 1);
    case ColourSpace::hsv:
      return match_hsv(from, to).clamp(0, 1);
    case ColourSpace::rgb:
      return with_moments_of(to, from).clamp(0, 1);
    case ColourSpace::histogram:
      return match_histogram(from, to);
  }
  return from;
}

}  // namespace reverie::engine
