#include "linear.h"

#include <ATen/ATen.h>
#include <ATen/core/List.h>
#include <ATen/core/dispatch/Dispatcher.h>

#include "reverie/cpu.h"

namespace reverie::clip {
namespace {

using Pointwise = at::Tensor(const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&,
                             std::string_view, c10::List<std::optional<at::Scalar>>,
                             std::optional<std::string_view>);

/// oneDNN's linear layer as LibTorch registers it for its compiler; absent from builds without oneDNN.
std::optional<c10::TypedOperatorHandle<Pointwise>> find_pointwise() {
  if (!at::hasMKLDNN()) return std::nullopt;
  const auto handle = c10::Dispatcher::singleton().findSchema({"mkldnn::_linear_pointwise", ""});
  if (!handle) return std::nullopt;
  return handle->typed<Pointwise>();
}

}  // namespace

at::Tensor fixed_linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  static const auto pointwise = find_pointwise();
  const std::optional<at::Tensor> shift = bias.defined() ? std::optional(bias) : std::nullopt;
  // oneDNN has bfloat16 for AVX-512 only.
  const bool supported = x.scalar_type() == at::kFloat || instruction_set() == InstructionSet::avx512;
  if (!pointwise || !supported) return at::linear(x, weight, shift);
  return pointwise->call(x, weight, shift, "none", c10::List<std::optional<at::Scalar>>(), "");
}

}  // namespace reverie::clip
