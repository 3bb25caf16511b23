#pragma once
// Adam (Kingma & Ba, "Adam: A Method for Stochastic Optimization", 2015), in one pass over memory.

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <vector>

namespace reverie {

class Adam {
 public:
  /// Decay rates 0.9 and 0.999, epsilon 1e-8. `parameters` are leaves, float32.
  Adam(std::vector<at::Tensor> parameters, double rate) : parameters_(std::move(parameters)), rate_(rate) {
    for (const at::Tensor& parameter : parameters_) {
      const at::Tensor values = parameter.detach();
      states_.push_back({at::zeros_like(values), at::zeros_like(values), at::zeros({}, values.options())});
    }
  }

  /// The mean of gradients, the mean of their squares, and how many steps these are of (a float scalar).
  struct State {
    at::Tensor mean, square, steps;
  };
  /// Of each parameter. Its tensors may be changed in place.
  const std::vector<State>& states() const { return states_; }

  void set_rate(double rate) { rate_ = rate; }

  /// One step against `gradients`, one for each parameter; where one is undefined, nothing changes.
  void step(const std::vector<at::Tensor>& gradients) {
    const at::NoGradGuard no_grad;
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      if (!gradients[i].defined()) continue;
      State& state = states_[i];
      state.steps += 1;
      at::_fused_adam_(parameters_[i], gradients[i].contiguous(), state.mean, state.square, {}, state.steps,
                       rate_, 0.9, 0.999, /*weight_decay=*/0, 1e-8, /*amsgrad=*/false, /*maximize=*/false);
    }
  }

 private:
  std::vector<at::Tensor> parameters_;
  double rate_;
  std::vector<State> states_;
};

}  // namespace reverie
