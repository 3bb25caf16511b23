#pragma once
// MSE(latent) / 2 + MSE(RGB) / 10, for image models with a latent.

#include <map>
#include <optional>
#include <string>

#include "reverie/comparison.h"

namespace reverie::losses {

/// The target is encoded at the first evaluation after it was set. Throws Error(settings) where the model has
/// no latent, and Error(plugin) where its latents do not fit each other.
class LatentLoss final : public ComparisonLoss {
 public:
  LatentLoss(Host&, const Params&, const Setup& setup) : ComparisonLoss(setup.size) {}

  // A model may make another latent of the same target later, when its own state is another: a restored run
  // has to go on with this one.
  std::map<std::string, at::Tensor> state() const override {
    if (!target_latent_.defined()) return {};
    return {{"target", target()}, {"target_latent", target_latent_}};
  }
  void load_state(const std::map<std::string, at::Tensor>& state) override {
    const auto target = state.find("target"), latent = state.find("target_latent");
    if (target == state.end() || latent == state.end()) return;
    restored_target_ = target->second;
    restored_latent_ = latent->second;
    target_changed();
  }

  void set_mask(const at::Tensor& mask) override {
    ComparisonLoss::set_mask(mask);
    given_mask_ = mask.defined() ? mask.detach().clone() : mask;
    latent_mask_ = at::Tensor();
  }

 private:
  void target_changed() override {
    target_latent_ = at::Tensor();
    if (!restored_target_.defined() || !target().defined()) return;
    if (at::equal(target(), restored_target_)) target_latent_ = restored_latent_;
    restored_target_ = restored_latent_ = at::Tensor();
  }

  at::Tensor compare(const Context& context) override {
    const std::optional<at::Tensor> latent = context.model->latent();
    if (!latent)
      throw Error(ErrorKind::settings, "the loss compares latents, and the image model has none",
                  "choose another image_model, such as vqgan, or the loss 'direct'");
    if (!target_latent_.defined()) encode(*context.model);
    if (latent->sizes() != target_latent_.sizes())
      throw Error(ErrorKind::plugin,
                  "an image model's latents of the picture and of the target have different shapes");
    if (!latent_mask_.defined()) latent_mask_ = resize_mask(given_mask_, latent->size(2), latent->size(3));
    return masked_mse(*latent, target_latent_, latent_mask_) / 2 +
           masked_mse(context.image, target(), mask()) / 10;
  }
  void encode(ImageModel& model) {
    const at::NoGradGuard no_gradient;
    const std::optional<at::Tensor> encoded = model.encode_latent(target());
    if (!encoded)
      throw Error(ErrorKind::plugin, "an image model with a latent does not encode pictures to one");
    target_latent_ = encoded->detach();
  }

  at::Tensor target_latent_;  // [1, C, h, w]; undefined until the model has encoded the target
  at::Tensor restored_target_, restored_latent_;  // until a target is set after load_state()
  at::Tensor given_mask_;
  at::Tensor latent_mask_;  // [1, 1, h, w]; undefined until the latent's size is known, and without a mask
};

}  // namespace reverie::losses
