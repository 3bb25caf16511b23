/// Contrast: how far the picture's contrast goes beyond a limit.
///
/// Contrast is the standard deviation of brightness, the mean of red, green and blue. The value is the square
/// of what it has more than `limit`. The image model `fourier` limits its own picture by the same formula.

#include "reverie/plugin.h"
#include "tone_limit.h"

namespace reverie::losses {
namespace {

constexpr ParamSpec kParams[] = {
    number("limit", 0.22)
        .is_animatable()
        .help("largest standard deviation of brightness (0..1) without loss"),
};

class Contrast final : public Loss {
 public:
  Contrast(Host&, const Params&, const Setup&) {}
  at::Tensor evaluate(const Context& context) override {
    const at::Tensor grey = context.image.mean(1, true);
    return beyond((grey - grey.mean()).square().mean(), context.parameter("limit"));
  }
};

}  // namespace

REVERIE_EXPORT_PLUGIN(Contrast, Loss, "contrast", "1.0", "keeps contrast below a limit", kParams);

}  // namespace reverie::losses
