#include <optional>

#include "losses/built_in.h"
#include "losses/comparison.h"

namespace reverie {
namespace {

class LatentLoss final : public Comparison {
 public:
  using Comparison::Comparison;

  void set_mask(const at::Tensor& mask) override {
    Comparison::set_mask(mask);
    given_mask_ = mask.defined() ? mask.detach().clone() : mask;
    latent_mask_ = at::Tensor();
  }

 private:
  void target_changed() override { target_latent_ = at::Tensor(); }

  at::Tensor compare(const at::Tensor& image, ImageModel& model) override {
    const std::optional<at::Tensor> latent = model.latent();
    if (!latent) throw Error(ErrorKind::plugin, "a latent loss was asked for an image model without latent");
    if (!target_latent_.defined()) encode(model);
    if (latent->sizes() != target_latent_.sizes())
      throw Error(ErrorKind::plugin,
                  "an image model's latents of the picture and of the target have different shapes");
    if (!latent_mask_.defined()) latent_mask_ = resize_mask(given_mask_, latent->size(2), latent->size(3));
    return masked_mse(*latent, target_latent_, latent_mask_) / 2 + masked_mse(image, target(), mask()) / 10;
  }
  void encode(ImageModel& model) {
    const at::NoGradGuard no_gradient;
    const std::optional<at::Tensor> encoded = model.encode_latent(target());
    if (!encoded)
      throw Error(ErrorKind::plugin, "an image model with a latent does not encode pictures to one");
    target_latent_ = encoded->detach();
  }

  at::Tensor target_latent_;  // [1, C, h, w]; undefined until the model has encoded the target
  at::Tensor given_mask_;
  at::Tensor latent_mask_;  // [1, 1, h, w]; undefined until the latent's size is known, and without a mask
};

}  // namespace

std::unique_ptr<Loss> make_latent_loss(ImageSize size) { return std::make_unique<LatentLoss>(size); }

}  // namespace reverie
