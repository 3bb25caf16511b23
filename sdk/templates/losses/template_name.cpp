/// template_name: the picture's mean should be a grey level.
///
/// The header to read is reverie/loss.h. reverie/comparison.h is a base for losses that compare the picture
/// with a target, and reverie/mask.h brings masks to the picture's size.

#include <ATen/ATen.h>
#include <reverie/loss.h>
#include <reverie/plugin.h>  // REVERIE_EXPORT_PLUGIN

namespace {  // nothing but the descriptor at the end is visible outside this library

// Settings that this plugin adds; reverie/params.h has the other types. One with is_animatable() may be an
// expression of t and of the sound, such as 0.5+0.3*sin(t).
constexpr reverie::ParamSpec kParams[] = {
    reverie::number("template_name_level", 0.5)
        .is_animatable()
        .help("mean of the picture that is wanted, 0 to 1"),
};

class TemplateNamePlugin final : public reverie::Loss {
 public:
  TemplateNamePlugin(reverie::Host&, const reverie::Params&, const Setup&) {}

  // At every step, differentiable. The host multiplies by the weight, applies the stop and computes the
  // gradients. An animatable parameter has its present value in the context.
  at::Tensor evaluate(const Context& context) override {
    return (context.image.mean() - context.parameter("template_name_level")).square();
  }
};

}  // namespace

// Class, interface, name, version, summary, parameters. The name is the library's file name.
REVERIE_EXPORT_PLUGIN(TemplateNamePlugin, reverie::Loss, "template_name", "0.1", "a mean grey level",
                      kParams);
