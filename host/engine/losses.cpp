#include "engine/losses.h"

#include <cmath>

namespace reverie {

at::Tensor spherical_distance(const at::Tensor& images, const at::Tensor& texts) {
  const auto unit = [](const at::Tensor& x) { return x / x.norm(2, -1, /*keepdim=*/true).clamp_min(1e-12); };
  const at::Tensor difference = unit(images).unsqueeze(1) - unit(texts).unsqueeze(0);
  // The slope of asin has no bound at 1, where the two are opposite.
  return at::asin((difference.norm(2, -1) / 2).clamp_max(1 - 1e-6)).square() * 2;
}

PromptLoss prompt_loss(const at::Tensor& distances, const Prompt& prompt) {
  const double sign = prompt.weight < 0 ? -1 : 1;
  const at::Tensor signed_distance = distances * sign;
  const at::Tensor free = signed_distance >= prompt.stop;
  const at::Tensor limited = at::where(free, signed_distance, at::full_like(signed_distance, prompt.stop));
  return {limited.mean() * std::abs(prompt.weight), !free.any().item<bool>()};
}

}  // namespace reverie
