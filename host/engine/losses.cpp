#include "engine/losses.h"

#include <ATen/ATen.h>

namespace reverie::engine {
namespace {

at::Tensor unit(const at::Tensor& x) { return x / x.norm(2, -1, /*keepdim=*/true).clamp_min(1e-12); }

at::Tensor from_chord(const at::Tensor& difference) {
  // The slope of asin has no bound at 1, where the two are opposite.
  return at::asin((difference.norm(2, -1) / 2).clamp_max(1 - 1e-6)).square() * 2;
}

}  // namespace

at::Tensor spherical_distance(const at::Tensor& images, const at::Tensor& texts) {
  return from_chord(unit(images).unsqueeze(1) - unit(texts).unsqueeze(0));
}

at::Tensor paired_spherical_distance(const at::Tensor& a, const at::Tensor& b) {
  return from_chord(unit(a) - unit(b));
}

}  // namespace reverie::engine
