#pragma once
// The optimiser of a run: Adam, with its state by name.

#include <map>
#include <string>
#include <vector>

#include "reverie/adam.h"

namespace reverie {

class Optimiser {
 public:
  Optimiser(const std::vector<at::Tensor>& parameters, double rate)
      : parameters_(parameters), adam_(parameters, rate) {}

  /// Forgets the parameters' gradients.
  void clear_gradients();
  /// A step against them.
  void step(double rate);

  std::map<std::string, at::Tensor> state() const;
  /// Throws Error(model) when it is of other parameters.
  void load_state(const std::map<std::string, at::Tensor>& state);

 private:
  std::vector<at::Tensor> parameters_;
  Adam adam_;
};

}  // namespace reverie
