/// Lion: steps of one length, in the direction in which gradients have pointed lately.
///
/// An optimiser of its own, to copy when you write yours: `optimiser: lion`. Chen et al., "Symbolic Discovery
/// of Optimization Algorithms" (2023), without weight decay.

#include <ATen/ATen.h>
#include <reverie/optimiser.h>
#include <reverie/plugin.h>
#include <reverie/state.h>  // load_tensors

namespace {

constexpr reverie::ParamSpec kParams[] = {
    reverie::number("lion_beta1", 0.9).range(0, 1).help("what momentum counts for against the new gradient"),
    reverie::number("lion_beta2", 0.99).range(0, 1).help("decay of momentum from step to step"),
};

class Lion final : public reverie::Optimiser {
 public:
  // The parameters are the image model's; they stay the same tensors as long as this lives.
  Lion(reverie::Host&, const reverie::Params& params, const Setup& setup)
      : parameters_(setup.parameters),
        beta1_(params.get<double>("lion_beta1")),
        beta2_(params.get<double>("lion_beta2")) {
    for (std::size_t i = 0; i < parameters_.size(); ++i)
      momenta_["momentum." + std::to_string(i)] = at::zeros_like(parameters_[i].detach());
  }

  // The host calls it without gradients being recorded. Parameters are changed in place.
  void step(double learning_rate) override {
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      const at::Tensor& gradient = parameters_[i].grad();
      if (!gradient.defined()) continue;  // nothing depended on this one
      const at::Tensor& momentum = momenta_.at("momentum." + std::to_string(i));
      parameters_[i].sub_((momentum * beta1_ + gradient * (1 - beta1_)).sign_(), learning_rate);
      momentum.mul_(beta2_).add_(gradient, 1 - beta2_);
    }
  }

  // What a backup must hold so that a run goes on exactly.
  std::map<std::string, at::Tensor> state() const override { return momenta_; }
  void load_state(const std::map<std::string, at::Tensor>& state) override {
    reverie::load_tensors(momenta_, state, "the optimiser's");
  }

 private:
  std::vector<at::Tensor> parameters_;
  double beta1_, beta2_;
  std::map<std::string, at::Tensor> momenta_;
};

}  // namespace

REVERIE_EXPORT_PLUGIN(Lion, reverie::Optimiser, "lion", "1.0",
                      "steps of one length along the gradients' signs", kParams);
