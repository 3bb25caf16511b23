#pragma once
// Gradient clipping by norm, which the optimisers share.

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <vector>

#include "reverie/params.h"

namespace reverie {

inline constexpr ParamSpec kMaxGradientNorm =
    number("max_gradient_norm", 0)
        .at_least(0)
        .fixed("it is only a bound; learning_rate varies the steps")
        .help("all gradients together are scaled down to this length where they are longer; 0: no limit");

/// Scales the gradients, as one vector, down to the length `limit` where they are longer; 0: no limit.
/// Pascanu, Mikolov & Bengio, "On the difficulty of training recurrent neural networks" (2013).
inline void clip_gradients(const std::vector<at::Tensor>& parameters, double limit) {
  if (limit <= 0) return;
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> gradients, norms;
  for (const at::Tensor& parameter : parameters)
    if (parameter.grad().defined()) {
      gradients.push_back(parameter.grad());
      norms.push_back(parameter.grad().norm());
    }
  if (gradients.empty()) return;
  // Without asking for the number, so that a GPU need not be waited for.
  const at::Tensor factor = (limit / (at::stack(norms).norm() + 1e-6)).clamp_max(1);
  for (const at::Tensor& gradient : gradients) gradient.mul_(factor);
}

}  // namespace reverie
