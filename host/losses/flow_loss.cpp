#include "losses/flow_loss.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "losses/masked.h"

namespace reverie {
namespace {

at::Tensor or_none(const std::optional<at::Tensor>& tensor) { return tensor ? *tensor : at::Tensor(); }

}  // namespace

void FlowLoss::set_move(const at::Tensor& before, const AnimationMode::Move& move) {
  before_ = before;
  flow_ = or_none(move.flow);
  expected_ = or_none(move.expected);
  reliable_ = or_none(move.reliable);
  expected_latent_ = at::Tensor();
}

void FlowLoss::set_mask(const at::Tensor& mask) { mask_ = resize_mask(mask, size_.height, size_.width); }

at::Tensor FlowLoss::evaluate(const at::Tensor& image, ImageModel& model) const {
  at::Tensor where = reliable_;
  if (mask_.defined()) where = where.defined() ? where * mask_ : mask_;
  if (expected_.defined()) {
    at::Tensor loss = masked_mse(image, expected_, where);
    if (const double strength = model.latent_strength(); strength > 0) {
      const std::optional<at::Tensor> latent = model.latent();
      if (!expected_latent_.defined()) {
        const at::NoGradGuard no_grad;
        expected_latent_ = or_none(model.encode_latent(expected_));
      }
      if (latent && expected_latent_.defined())
        loss = loss +
               masked_mse(*latent, expected_latent_, resize_mask(where, latent->size(2), latent->size(3))) *
                   strength;
    }
    return loss;
  }
  const double length = flow_.defined() ? flow_.square().mean().item<double>() : 0;
  if (length == 0) return image.sum() * 0;
  return masked_mse(estimator_->estimate(before_, image), flow_, where) / length;
}

}  // namespace reverie
