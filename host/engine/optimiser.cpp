#include "engine/optimiser.h"

#include "reverie/error.h"

namespace reverie {

std::map<std::string, at::Tensor> Optimiser::state() const {
  std::map<std::string, at::Tensor> result;
  const auto& parameters = adam.param_groups().at(0).params();
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const auto found = adam.state().find(parameters[i].unsafeGetTensorImpl());
    if (found == adam.state().end()) continue;
    const auto& moments = static_cast<const torch::optim::AdamParamState&>(*found->second);
    const std::string prefix = std::to_string(i) + ".";
    result[prefix + "step"] = at::scalar_tensor(moments.step(), at::kLong);
    result[prefix + "exp_avg"] = moments.exp_avg();
    result[prefix + "exp_avg_sq"] = moments.exp_avg_sq();
  }
  return result;
}

void Optimiser::load_state(const std::map<std::string, at::Tensor>& state) {
  adam.state().clear();
  const auto& parameters = adam.param_groups().at(0).params();
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const std::string prefix = std::to_string(i) + ".";
    const auto step = state.find(prefix + "step"), first = state.find(prefix + "exp_avg"),
               second = state.find(prefix + "exp_avg_sq");
    if (step == state.end()) continue;
    if (first == state.end() || second == state.end() || first->second.sizes() != parameters[i].sizes() ||
        second->second.sizes() != parameters[i].sizes())
      throw Error(ErrorKind::model, "the optimiser's saved state is of other parameters");
    auto moments = std::make_unique<torch::optim::AdamParamState>();
    moments->step(step->second.item<std::int64_t>());
    moments->exp_avg(first->second.to(parameters[i].device()).clone());
    moments->exp_avg_sq(second->second.to(parameters[i].device()).clone());
    adam.state()[parameters[i].unsafeGetTensorImpl()] = std::move(moments);
  }
}

}  // namespace reverie
