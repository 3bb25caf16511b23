/// RAdam: Adam that begins carefully.
///
/// Liu et al., "On the Variance of the Adaptive Learning Rate and Beyond" (2020). Adam divides by the root of
/// a mean of squares that is of few gradients at first, and so uncertain. Here a step is shortened by how
/// uncertain it is; as long as nothing can be said of that (the first five steps, with the usual beta2) it is
/// the gradients' mean alone. No warm-up of the learning rate is needed.

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>

#include "adam_parameters.h"
#include "clip_gradients.h"
#include "reverie/optimiser.h"
#include "reverie/plugin.h"
#include "reverie/resized_gradients.h"
#include "reverie/state.h"

namespace reverie {
namespace {

constexpr ParamSpec kParams[] = {
    kBeta1,
    kBeta2,
    kEpsilon,
    kMaxGradientNorm,
};

class RAdam final : public Optimiser, public GoesOnResized {
 public:
  RAdam(Host&, const Params& params, const Setup& setup)
      : parameters_(setup.parameters),
        beta1_(params.get<double>("beta1")),
        beta2_(params.get<double>("beta2")),
        epsilon_(params.get<double>("epsilon")),
        max_gradient_norm_(params.get<double>("max_gradient_norm")) {
    for (const at::Tensor& parameter : parameters_) {
      const at::Tensor zeros = at::zeros_like(parameter.detach());
      means_.push_back({zeros, zeros.clone(), at::zeros({}, at::kFloat)});
    }
  }

  void step(double learning_rate) override {
    const at::NoGradGuard no_grad;
    clip_gradients(parameters_, max_gradient_norm_);
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      const at::Tensor& parameter = parameters_[i];
      const at::Tensor& gradient = parameter.grad();
      if (!gradient.defined()) continue;
      const auto& [mean, square, steps] = means_[i];
      steps.add_(1);
      mean.mul_(beta1_).add_(gradient, 1 - beta1_);
      square.mul_(beta2_).addcmul_(gradient, gradient, 1 - beta2_);
      const double count = steps.item<double>();
      const double rate = learning_rate / (1 - std::pow(beta1_, count));
      if (const double certainty = rectification(count); certainty > 0)
        parameter.addcdiv_(mean, square.sqrt().add_(epsilon_),
                           -rate * certainty * std::sqrt(1 - std::pow(beta2_, count)));
      else
        parameter.add_(mean, -rate);
    }
  }

  /// Of each parameter, by "<index>.<part>": as reverie/adam.h has them.
  std::map<std::string, at::Tensor> state() const override {
    std::map<std::string, at::Tensor> result;
    for (std::size_t i = 0; i < means_.size(); ++i) {
      const std::string prefix = std::to_string(i) + ".";
      result[prefix + "mean"] = means_[i].mean;
      result[prefix + "square"] = means_[i].square;
      result[prefix + "steps"] = means_[i].steps;
    }
    return result;
  }
  void load_state(const std::map<std::string, at::Tensor>& state) override {
    load_tensors(this->state(), state, "the optimiser's");
  }

  void* extension(std::string_view id) override {
    return id == GoesOnResized::kId ? static_cast<GoesOnResized*>(this) : nullptr;
  }
  void go_on_from(const std::map<std::string, at::Tensor>& before, const Resize& resize) override {
    take_resized(this->state(), before, resize,
                 [](const std::string& part) { return part == "square" ? 2 : 1; });
  }

 private:
  struct Means {
    at::Tensor mean, square;
    at::Tensor steps;  ///< scalar, on the CPU: it decides what to compute
  };

  /// The paper's r after so many steps; 0 where the variance is not finite.
  double rectification(double count) const {
    const double longest = 2 / (1 - beta2_) - 1, power = std::pow(beta2_, count);
    const double length = longest - 2 * count * power / (1 - power);
    if (length <= 5) return 0;
    return std::sqrt((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length));
  }

  std::vector<at::Tensor> parameters_;
  double beta1_, beta2_, epsilon_, max_gradient_norm_;
  std::vector<Means> means_;
};

}  // namespace

REVERIE_EXPORT_PLUGIN(RAdam, Optimiser, "radam", "1.0", "Adam that begins carefully, without a warm-up",
                      kParams);

}  // namespace reverie
