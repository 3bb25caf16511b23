/// SGD: gradient descent with momentum.
///
/// Each parameter has a velocity v, which starts at 0: v = momentum * v + gradient, and the parameter moves
/// by -learning_rate * v, or, with `nesterov`, by -learning_rate * (gradient + momentum * v): where the
/// velocity will lead counts already now (Sutskever et al., "On the importance of initialization and momentum
/// in deep learning", 2013, as PyTorch writes both). The gradient of one pixel is small, because losses are
/// means over all of them: learning rates are larger than Adam's by several orders of magnitude.

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "clip_gradients.h"
#include "reverie/optimiser.h"
#include "reverie/plugin.h"
#include "reverie/resized_gradients.h"
#include "reverie/state.h"

namespace reverie {
namespace {

constexpr ParamSpec kParams[] = {
    number("momentum", 0.9)
        .range(0, 0.999999)
        .fixed("what the optimiser remembers of earlier steps rests on it")
        .help("how much of a step's velocity the next one keeps"),
    boolean("nesterov", false).help("Nesterov's momentum: steps follow where the velocity leads next"),
    kMaxGradientNorm,
};

class Sgd final : public Optimiser, public GoesOnResized {
 public:
  Sgd(Host&, const Params& params, const Setup& setup)
      : parameters_(setup.parameters),
        momentum_(params.get<double>("momentum")),
        nesterov_(params.get<bool>("nesterov")),
        max_gradient_norm_(params.get<double>("max_gradient_norm")) {
    for (std::size_t i = 0; i < parameters_.size(); ++i)
      velocities_[std::to_string(i) + ".velocity"] = at::zeros_like(parameters_[i].detach());
  }

  void step(double learning_rate) override {
    const at::NoGradGuard no_grad;
    clip_gradients(parameters_, max_gradient_norm_);
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      const at::Tensor& gradient = parameters_[i].grad();
      if (!gradient.defined()) continue;
      const at::Tensor& velocity = velocities_.at(std::to_string(i) + ".velocity");
      velocity.mul_(momentum_).add_(gradient);
      parameters_[i].add_(nesterov_ ? gradient.add(velocity, momentum_) : velocity, -learning_rate);
    }
  }

  std::map<std::string, at::Tensor> state() const override { return velocities_; }
  void load_state(const std::map<std::string, at::Tensor>& state) override {
    load_tensors(velocities_, state, "the optimiser's");
  }

  void* extension(std::string_view id) override {
    return id == GoesOnResized::kId ? static_cast<GoesOnResized*>(this) : nullptr;
  }
  void go_on_from(const std::map<std::string, at::Tensor>& before, const Resize& resize) override {
    take_resized(velocities_, before, resize, [](const std::string&) { return 1; });
  }

 private:
  std::vector<at::Tensor> parameters_;
  double momentum_;
  bool nesterov_;
  double max_gradient_norm_;
  std::map<std::string, at::Tensor> velocities_;  // by "<index>.velocity"
};

}  // namespace

REVERIE_EXPORT_PLUGIN(Sgd, Optimiser, "sgd", "1.1",
                      "gradient descent with momentum; needs a learning_rate of its own", kParams);

}  // namespace reverie
