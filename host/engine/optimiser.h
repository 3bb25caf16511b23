#pragma once
// Adam, and its state by name.

#include <torch/optim/adam.h>

#include <map>
#include <string>
#include <vector>

namespace reverie {

struct Optimiser {
  Optimiser(const std::vector<at::Tensor>& parameters, double rate)
      : adam(parameters, torch::optim::AdamOptions(rate).betas({0.9, 0.999}).eps(1e-8)) {}

  /// Steps done and both moments of each parameter; nothing of parameters that were never stepped.
  std::map<std::string, at::Tensor> state() const;
  /// Throws Error(model) when it is of other parameters.
  void load_state(const std::map<std::string, at::Tensor>& state);

  torch::optim::Adam adam;
};

}  // namespace reverie
