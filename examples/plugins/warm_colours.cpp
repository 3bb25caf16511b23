/// Warm Colours: the picture should have more red than blue, by as much as `warmth` says.
///
/// A loss of its own, to copy when you write yours. A settings file adds it to a run:
///
///   losses:
///   - {name: warm_colours, weight: 2, warmth: 0.3}

#include <ATen/ATen.h>
#include <reverie/loss.h>
#include <reverie/mask.h>  // resize_mask
#include <reverie/plugin.h>

namespace {

// A parameter with is_animatable() may be an expression of t and of the sound, such as 0.3*bass.
constexpr reverie::ParamSpec kParams[] = {
    reverie::number("warmth", 0.2).is_animatable().help("red less blue that is wanted, -1 to 1"),
};

class WarmColours final : public reverie::Loss {
 public:
  WarmColours(reverie::Host&, const reverie::Params&, const Setup& setup) : size_(setup.size) {}

  // It compares with no target picture, but knows what to do with a mask. Without this, settings that name
  // one are refused.
  Traits traits() const override {
    Traits traits;
    traits.mask = true;
    return traits;
  }
  void set_mask(const at::Tensor& mask) override {
    mask_ = reverie::resize_mask(mask, size_.height, size_.width);
  }

  // At every step. The host multiplies by the weight, applies the stop and computes the gradients.
  at::Tensor evaluate(const Context& context) override {
    at::Tensor difference =
        context.image.select(1, 0) - context.image.select(1, 2) - context.parameter("warmth");
    if (mask_.defined()) difference = difference * mask_.select(1, 0);
    return difference.square().mean();
  }

 private:
  reverie::ImageSize size_;
  at::Tensor mask_;
};

}  // namespace

REVERIE_EXPORT_PLUGIN(WarmColours, reverie::Loss, "warm_colours", "1.0", "more red than blue", kParams);
