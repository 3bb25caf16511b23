// RAFT against torchvision's and GMA against PyTorch modules assembled from the published description: in
// double to the last digits, so that nothing is merely similar, and in what is rendered with.

#include <ATen/ATen.h>

#include "flow_estimators/flow_cases.h"
#include "network.h"

namespace reverie::test {
namespace {

using raft::Network;

/// Rounding that switches a single ReLU changes the gradients of these networks by some thousandths; so does
/// PyTorch's own, in float. That each float kernel computes the right ones is tested apart.
constexpr double kOneReluOff = 1e-2;

struct Result {
  at::Tensor flow, one_gradient, other_gradient;
};

at::Tensor leaf(const Weights& from, const char* name, at::ScalarType dtype) {
  return from.tensor(name).to(dtype, /*non_blocking=*/false, /*copy=*/true).set_requires_grad(true);
}

Result computed(const FlowCase& one_case, at::ScalarType dtype) {
  const Weights& expected = *one_case.expected;
  const Network network(*one_case.weights, at::kCPU, dtype);
  const at::ScalarType pictures = dtype == at::kDouble ? at::kDouble : at::kFloat;
  const at::Tensor one = leaf(expected, "one", pictures), other = leaf(expected, "other", pictures);
  const at::Tensor flow = network.flow(network.look_at(one, true), network.look_at(other, false),
                                       expected.tensor("refinements").item<std::int64_t>());
  EXPECT_EQ(flow.scalar_type(), pictures);
  (flow * expected.tensor("mix").to(pictures)).sum().backward();
  return {flow, one.grad(), other.grad()};
}

void expect_parity(const FlowCase& one_case, at::ScalarType dtype, double of_flow, double of_gradients) {
  SCOPED_TRACE(one_case.name);
  const Weights& expected = *one_case.expected;
  const Result result = computed(one_case, dtype);
  EXPECT_GT(expected.tensor("flow").abs().mean().item<double>(), 0.1) << "pixels: too little to compare";
  EXPECT_LT(relative_difference(result.flow, expected.tensor("flow")), of_flow);
  EXPECT_LT(relative_difference(result.one_gradient, expected.tensor("one_gradient")), of_gradients);
  EXPECT_LT(relative_difference(result.other_gradient, expected.tensor("other_gradient")), of_gradients);
}

TEST(RaftParity, InDouble) {
  // The other files have the same tensors under other names.
  for (const char* name : {"raft_large", "raft_small", "gma"})
    expect_parity(flow_case(name), at::kDouble, 1e-9, 1e-9);
}

TEST(RaftParity, InFloat) {
  for (const FlowCase& one : flow_cases()) expect_parity(one, at::kFloat, 1e-4, kOneReluOff);
}

TEST(RaftParity, InBfloat16) {
  // Its digits are less than three; random networks lose about one of them.
  for (const FlowCase& one : flow_cases()) expect_parity(one, at::kBFloat16, 0.1, 0.5);
}

}  // namespace
}  // namespace reverie::test
