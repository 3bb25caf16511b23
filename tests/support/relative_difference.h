#pragma once

#include <ATen/ATen.h>

#include <limits>

namespace reverie::test {

/// Norm of the difference over the norm of what is expected.
inline double relative_difference(const at::Tensor& result, const at::Tensor& expected) {
  if (result.sizes() != expected.sizes()) return std::numeric_limits<double>::infinity();
  const at::Tensor r = result.detach().to(at::kDouble), e = expected.to(at::kDouble);
  return ((r - e).norm() / e.norm()).item<double>();
}

}  // namespace reverie::test
