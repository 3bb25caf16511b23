#include "losses/built_in.h"
#include "losses/comparison.h"
#include "reverie/colour.h"

namespace reverie {
namespace {

class DirectLoss final : public Comparison {
 public:
  using Comparison::Comparison;

 private:
  void target_changed() override {
    target_colour_ = target().defined() ? saturation_value(target()) : at::Tensor();
  }
  at::Tensor compare(const at::Tensor& image, ImageModel&) override {
    // Three of five channels and two of five, apart: putting them together would copy all of them.
    return masked_mse(image, target(), mask()) * 0.6 +
           masked_mse(saturation_value(image), target_colour_, mask()) * 0.4;
  }

  at::Tensor target_colour_;  // [1, 2, H, W]
};

}  // namespace

std::unique_ptr<Loss> make_direct_loss(ImageSize size) { return std::make_unique<DirectLoss>(size); }

}  // namespace reverie
