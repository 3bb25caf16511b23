/// Adam: steps of nearly the same length for every parameter, whatever the size of its gradients.
///
/// Kingma & Ba, "Adam: A Method for Stochastic Optimization" (2015). LibTorch's fused operator does it in one
/// pass over memory; see reverie/adam.h.

#include "reverie/adam.h"
#include "adam_parameters.h"
#include "clip_gradients.h"
#include "reverie/optimiser.h"
#include "reverie/plugin.h"
#include "reverie/resized_gradients.h"

namespace reverie {
namespace {

constexpr ParamSpec kParams[] = {
    kBeta1,
    kBeta2,
    kEpsilon,
    kMaxGradientNorm,
};

class AdamOptimiser final : public Optimiser, public GoesOnResized {
 public:
  AdamOptimiser(Host&, const Params& params, const Setup& setup)
      : parameters_(setup.parameters),
        max_gradient_norm_(params.get<double>("max_gradient_norm")),
        adam_(setup.parameters,
              {params.get<double>("beta1"), params.get<double>("beta2"), params.get<double>("epsilon")}) {}

  void step(double learning_rate) override {
    clip_gradients(parameters_, max_gradient_norm_);
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
  double max_gradient_norm_;
  Adam adam_;
};

}  // namespace

REVERIE_EXPORT_PLUGIN(AdamOptimiser, Optimiser, "adam", "1.1",
                      "steps of nearly the same length for every parameter", kParams, "", "optimiser");

}  // namespace reverie
