#include "losses/weighted.h"

#include <ATen/ATen.h>

#include <cmath>

namespace reverie {

at::Tensor weighted(const at::Tensor& loss, double weight, double stop, bool* held) {
  if (weight == 0) {
    if (held) *held = true;
    return at::zeros_like(loss.detach());
  }
  const at::Tensor signed_loss = weight < 0 ? -loss : loss;
  // This way round, so that a loss that is not a number stays one.
  const at::Tensor stopped = signed_loss < stop;
  if (held) *held = stopped.item<bool>();
  return at::where(stopped, stop, signed_loss) * std::abs(weight);
}

}  // namespace reverie
