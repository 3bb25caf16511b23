#pragma once
// How near estimates are to what depth_reference.py wrote down.

#include "reverie/weights.h"
#include "support/relative_difference.h"

namespace reverie::test {

/// How far estimates and their gradients with respect to the picture are from what is expected.
struct DepthParity {
  double depth, largest, gradient;
};

template <typename Estimate>
DepthParity compare(const Estimate& estimate, const Weights& expected, at::ScalarType dtype) {
  const at::Tensor image = expected.tensor("image").to(dtype).clone().set_requires_grad(true);
  const at::Tensor depth = estimate(image), wanted = expected.tensor("depth");
  (depth * expected.tensor("mix").to(depth.scalar_type())).sum().backward();
  return {relative_difference(depth, wanted),
          (depth.detach().to(at::kDouble) - wanted).abs().max().item<double>(),
          relative_difference(image.grad(), expected.tensor("gradient"))};
}

}  // namespace reverie::test
