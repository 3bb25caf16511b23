/// Range: how far values go beyond a range.
///
/// The mean square of what red, green and blue have above `high` and lack below `low`, each times the mask.
/// It keeps details out of full black and full white, where no gradient leads back.

#include <ATen/ATen.h>

#include "reverie/loss.h"
#include "reverie/mask.h"
#include "reverie/plugin.h"

namespace reverie {
namespace {

constexpr ParamSpec kParams[] = {
    number("low", 0.05).is_animatable().help("least value (0..1) of red, green and blue without loss"),
    number("high", 0.95).is_animatable().help("largest value (0..1) of red, green and blue without loss"),
};

class Range final : public Loss {
 public:
  Range(Host&, const Params&, const Setup& setup) : size_(setup.size) {}

  Traits traits() const override {
    Traits traits;
    traits.mask = true;
    return traits;
  }
  void set_mask(const at::Tensor& mask) override { mask_ = resize_mask(mask, size_.height, size_.width); }
  at::Tensor evaluate(const Context& context) override {
    const at::Tensor& image = context.image;
    at::Tensor beyond =
        (context.parameter("low") - image).relu() + (image - context.parameter("high")).relu();
    if (mask_.defined()) beyond = beyond * mask_;
    return beyond.square().mean();
  }

 private:
  ImageSize size_;
  at::Tensor mask_;
};

}  // namespace

REVERIE_EXPORT_PLUGIN(Range, Loss, "range", "1.0", "keeps values away from black and white", kParams);

}  // namespace reverie
