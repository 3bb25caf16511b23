#include "engine/optimiser.h"

#include "reverie/error.h"

namespace reverie {
namespace {

/// Calls `use` with each tensor of the states and its name.
template <typename Use>
void each(const std::vector<Adam::State>& states, const Use& use) {
  for (std::size_t i = 0; i < states.size(); ++i) {
    const std::string prefix = std::to_string(i) + ".";
    use(prefix + "mean", states[i].mean);
    use(prefix + "square", states[i].square);
    use(prefix + "steps", states[i].steps);
  }
}

}  // namespace

void Optimiser::clear_gradients() {
  for (const at::Tensor& parameter : parameters_) parameter.mutable_grad() = at::Tensor();
}

void Optimiser::step(double rate) {
  std::vector<at::Tensor> gradients;
  for (const at::Tensor& parameter : parameters_) gradients.push_back(parameter.grad());
  adam_.set_rate(rate);
  adam_.step(gradients);
}

std::map<std::string, at::Tensor> Optimiser::state() const {
  std::map<std::string, at::Tensor> result;
  each(adam_.states(), [&](const std::string& name, const at::Tensor& tensor) { result[name] = tensor; });
  return result;
}

void Optimiser::load_state(const std::map<std::string, at::Tensor>& state) {
  each(adam_.states(), [&](const std::string& name, at::Tensor tensor) {
    const auto found = state.find(name);
    if (found == state.end() || found->second.sizes() != tensor.sizes())
      throw Error(ErrorKind::model, "the optimiser's saved state is of other parameters");
    tensor.copy_(found->second);
  });
}

}  // namespace reverie
