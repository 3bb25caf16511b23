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

at::Tensor spherical_interpolation(const at::Tensor& from, const at::Tensor& to, double share) {
  const at::Tensor a = unit(from), b = unit(to);
  const at::Tensor angle = (a * b).sum(1, true).clamp(-1, 1).acos(), sine = angle.sin();
  const at::Tensor arc = ((angle * (1 - share)).sin() * a + (angle * share).sin() * b) / sine;
  return unit(at::where(sine > 1e-4, arc, a * (1 - share) + b * share));
}

}  // namespace reverie::engine
