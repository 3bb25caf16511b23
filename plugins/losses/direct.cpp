/// Direct: compares with a target pixel by pixel, or in the image model's latent where that stands for the
/// picture (ImageModel::latent_strength() from 1 on).
///
/// Of pixels it is the mean squared difference over red, green, blue, saturation and value
/// (reverie/colour.h), each times the mask.

#include <memory>

#include "direct_on_card.h"
#include "latent_loss.h"
#include "reverie/colour.h"
#include "reverie/comparison.h"
#include "reverie/plugin.h"

namespace reverie::losses {
namespace {

class PixelLoss final : public ComparisonLoss {
 public:
  using ComparisonLoss::ComparisonLoss;

 private:
  void target_changed() override {
    target_colour_ = target().defined() ? saturation_value(target()) : at::Tensor();
  }
  at::Tensor compare(const Context& context) override {
    const at::Tensor& image = context.image;
    if (image.scalar_type() == at::kFloat && !image.is_cpu() &&
        direct_kernels_for_cards().usable(image.device()))
      return direct_loss_by_operator(image, target(), target_colour_, mask());
    return direct_loss(image, target(), target_colour_, mask());
  }

  at::Tensor target_colour_;  // [1, 2, H, W]
};

class Direct final : public Loss {
 public:
  Direct(Host& host, const Params& params, const Setup& setup) {
    if (setup.latent_strength >= 1)
      measure_ = std::make_unique<LatentLoss>(host, params, setup);
    else
      measure_ = std::make_unique<PixelLoss>(setup.size);
  }
  Traits traits() const override { return measure_->traits(); }
  void set_target(const at::Tensor& image) override { measure_->set_target(image); }
  void set_mask(const at::Tensor& mask) override { measure_->set_mask(mask); }
  at::Tensor evaluate(const Context& context) override { return measure_->evaluate(context); }
  std::map<std::string, at::Tensor> state() const override { return measure_->state(); }
  void load_state(const std::map<std::string, at::Tensor>& state) override { measure_->load_state(state); }

 private:
  std::unique_ptr<Loss> measure_;
};

}  // namespace

REVERIE_EXPORT_PLUGIN(Direct, Loss, "direct", "1.0", "compares with a target pixel by pixel", kNoParams, "",
                      "direct_image_prompts|direct_init_weight|direct_stabilization_weight");

}  // namespace reverie::losses
