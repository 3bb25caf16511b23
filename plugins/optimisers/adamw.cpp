/// AdamW: Adam, and parameters that decay towards 0.
///
/// Loshchilov & Hutter, "Decoupled Weight Decay Regularization" (2019): at each step a parameter is first
/// multiplied by 1 - learning_rate * weight_decay; its gradient knows nothing of that. What 0 means depends
/// on the image model: black where parameters are colours, grey where they are waves or logits.

#include "adam_parameters.h"
#include "clip_gradients.h"
#include "reverie/adam.h"
#include "reverie/optimiser.h"
#include "reverie/plugin.h"
#include "reverie/resized_gradients.h"

namespace reverie {
namespace {

constexpr ParamSpec kParams[] = {
    kBeta1,
    kBeta2,
    kEpsilon,
    number("weight_decay", 0.01)
        .at_least(0)
        .fixed("it is a share of learning_rate, which varies")
        .help("parameters lose this, times learning_rate, at each step"),
    kMaxGradientNorm,
};

class AdamW final : public Optimiser, public GoesOnResized {
 public:
  AdamW(Host&, const Params& params, const Setup& setup)
      : parameters_(setup.parameters),
        weight_decay_(params.get<double>("weight_decay")),
        max_gradient_norm_(params.get<double>("max_gradient_norm")),
        adam_(setup.parameters,
              {params.get<double>("beta1"), params.get<double>("beta2"), params.get<double>("epsilon")}) {}

  void step(double learning_rate) override {
    const at::NoGradGuard no_grad;
    clip_gradients(parameters_, max_gradient_norm_);
    for (const at::Tensor& parameter : parameters_)
      if (parameter.grad().defined()) parameter.mul_(1 - learning_rate * weight_decay_);
    adam_.step(learning_rate);
  }
  std::map<std::string, at::Tensor> state() const override { return adam_.state(); }
  void load_state(const std::map<std::string, at::Tensor>& state) override { adam_.load_state(state); }

  void* extension(std::string_view id) override {
    return id == GoesOnResized::kId ? static_cast<GoesOnResized*>(this) : nullptr;
  }
  void go_on_from(const std::map<std::string, at::Tensor>& before, const Resize& resize) override {
    take_resized(adam_.state(), before, resize,
                 [](const std::string& part) { return part == "square" ? 2 : 1; });
  }

 private:
  std::vector<at::Tensor> parameters_;
  double weight_decay_, max_gradient_norm_;
  Adam adam_;
};

}  // namespace

REVERIE_EXPORT_PLUGIN(AdamW, Optimiser, "adamw", "1.1", "Adam with parameters that decay towards 0", kParams);

}  // namespace reverie
