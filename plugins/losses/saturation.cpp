/// Saturation: how far the picture's colours go beyond a limit.
///
/// Saturation is the root mean square distance of red, green and blue from their mean. The value is the
/// square of what it has more than `limit`. The image model `fourier` limits its own picture by the same
/// formula.

#include "reverie/plugin.h"
#include "tone_limit.h"

namespace reverie::losses {
namespace {

constexpr ParamSpec kParams[] = {
    number("limit", 0.1)
        .is_animatable()
        .help("largest root mean square distance of the channels (0..1) from their mean without loss"),
};

class Saturation final : public Loss {
 public:
  Saturation(Host&, const Params&, const Setup&) {}
  at::Tensor evaluate(const Context& context) override {
    const at::Tensor grey = context.image.mean(1, true);
    return beyond((context.image - grey).square().mean(), context.parameter("limit"));
  }
};

}  // namespace

REVERIE_EXPORT_PLUGIN(Saturation, Loss, "saturation", "1.0", "keeps saturation below a limit", kParams);

}  // namespace reverie::losses
