#pragma once
// Adam (Kingma & Ba, "Adam: A Method for Stochastic Optimization", 2015), in one pass over memory.

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <map>
#include <string>
#include <vector>

#include "reverie/state.h"

namespace reverie {

class Adam {
 public:
  struct Options {
    double beta1 = 0.9, beta2 = 0.999;  ///< decay rates of the means, 0 up to below 1
    double epsilon = 1e-8;              ///< keeps the division finite
  };

  /// `parameters` are leaves, float32.
  explicit Adam(std::vector<at::Tensor> parameters) : Adam(std::move(parameters), Options()) {}
  Adam(std::vector<at::Tensor> parameters, const Options& options)
      : parameters_(std::move(parameters)), options_(options) {
    for (const at::Tensor& parameter : parameters_) {
      const at::TensorOptions options = parameter.detach().options();
      means_.push_back({at::zeros(parameter.sizes(), options), at::zeros(parameter.sizes(), options),
                        at::zeros({}, options)});
    }
  }

  /// One step against `gradients`, one for each parameter; where one is undefined, nothing changes.
  void step(const std::vector<at::Tensor>& gradients, double rate) {
    const at::NoGradGuard no_grad;
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      if (!gradients[i].defined()) continue;
      Means& means = means_[i];
      means.steps += 1;
      // The operator goes through memory, so all of its tensors must lie in it in the same order.
      const at::Tensor values = parameters_[i].contiguous();
      at::_fused_adam_(values, gradients[i].contiguous(), means.mean, means.square, {}, means.steps, rate,
                       options_.beta1, options_.beta2, /*weight_decay=*/0, options_.epsilon,
                       /*amsgrad=*/false, /*maximize=*/false);
      if (!values.is_same(parameters_[i])) parameters_[i].copy_(values);
    }
  }
  /// Against the parameters' own gradients.
  void step(double rate) {
    std::vector<at::Tensor> gradients;
    for (const at::Tensor& parameter : parameters_) gradients.push_back(parameter.grad());
    step(gradients, rate);
  }

  /// Of each parameter, by "<index>.<part>": "mean" of the gradients, "square", the mean of their squares,
  /// and how many "steps" these are of, a scalar. They are Adam's own tensors, not copies.
  std::map<std::string, at::Tensor> state() const {
    std::map<std::string, at::Tensor> result;
    for (std::size_t i = 0; i < means_.size(); ++i) {
      const std::string prefix = std::to_string(i) + ".";
      result[prefix + "mean"] = means_[i].mean;
      result[prefix + "square"] = means_[i].square;
      result[prefix + "steps"] = means_[i].steps;
    }
    return result;
  }
  void load_state(const std::map<std::string, at::Tensor>& state) {
    load_tensors(this->state(), state, "the optimiser's");
  }

 private:
  struct Means {
    at::Tensor mean, square, steps;
  };
  std::vector<at::Tensor> parameters_;
  Options options_;
  std::vector<Means> means_;
};

}  // namespace reverie
