// The direct loss's kernel for cards, walked over by a loop.

#include <torch/library.h>

#include "losses/direct_on_card.h"
#include "support/host_walk.h"
#include "support/numbers.h"

namespace reverie::test {
namespace {

double fault = 1;

std::tuple<at::Tensor, at::Tensor> by_elements(const at::Tensor& image, const at::Tensor& target,
                                               const at::Tensor& colour,
                                               const std::optional<at::Tensor>& mask) {
  auto result = image.scalar_type() == at::kDouble
                    ? losses::walk_direct_loss<double, ShuffledWalk>(image, target, colour, mask)
                    : losses::walk_direct_loss<float, ShuffledWalk>(image, target, colour, mask);
  std::get<1>(result) = std::get<1>(result) * fault;
  return result;
}
TORCH_LIBRARY_FRAGMENT(reverie, library) { library.def(losses::kDirectSchema); }
TORCH_LIBRARY_IMPL(reverie, CPU, library) { library.impl("direct_loss", &by_elements); }

at::Tensor picture(std::uint64_t seed) { return at::rand({1, 3, 5, 6}, seeded(seed), at::kDouble); }

TEST(DirectElement, IsLibTorchsOperators) {
  const at::Tensor target = picture(2), colour = saturation_value(target);
  at::Tensor image = picture(1);
  image.select(2, 0).fill_(0.4);                                           // greys
  image.select(2, 1).zero_();                                              // black
  image.select(2, 2).select(1, 0).copy_(image.select(2, 2).select(1, 1));  // two channels tie
  for (const at::Tensor& mask : {at::Tensor(), at::rand({1, 1, 5, 6}, seeded(3), at::kDouble)}) {
    const at::Tensor one = image.clone().set_requires_grad(true),
                     other = image.clone().set_requires_grad(true);
    const at::Tensor value = losses::direct_loss_by_operator(one, target, colour, mask),
                     expected = losses::direct_loss(other, target, colour, mask);
    EXPECT_NEAR(value.item<double>(), expected.item<double>(), 1e-12);
    (value * 2.5).backward();
    (expected * 2.5).backward();
    EXPECT_LT(largest(one.grad() - other.grad()), 1e-12);
  }
}

TEST(DirectElement, GradientIsTheSlope) {
  const at::Tensor target = picture(2), colour = saturation_value(target),
                   mask = at::rand({1, 1, 5, 6}, seeded(3), at::kDouble);
  expect_gradient(
      [&](const at::Tensor& x) { return losses::direct_loss_by_operator(x, target, colour, mask); },
      picture(1) * 0.8 + 0.1);
}

bool asked_to_be_deterministic = true;

/// What it is compared with may have no deterministic version.
TEST(DirectElement, IsComparedWithoutDeterministicAlgorithms) {
  at::globalContext().setDeterministicAlgorithms(true, false);
  CardKernels kernels("the direct loss", {"reverie::direct_loss"}, [](c10::Device device) {
    asked_to_be_deterministic = at::globalContext().deterministicAlgorithms();
    return losses::direct_operator_agrees(device);
  });
  EXPECT_TRUE(kernels.usable(c10::kCPU));
  EXPECT_FALSE(asked_to_be_deterministic);
  EXPECT_TRUE(at::globalContext().deterministicAlgorithms()) << "as before";
  at::globalContext().setDeterministicAlgorithms(false, false);
}

TEST(DirectElement, IsLeftOutWhereItIsWrong) {
  for (const double wrong : {1.0, 1.01}) {
    fault = wrong;
    CardKernels kernels("the direct loss", {"reverie::direct_loss"}, &losses::direct_operator_agrees);
    EXPECT_EQ(kernels.usable(c10::kCPU), wrong == 1);
  }
  fault = 1;
}

}  // namespace
}  // namespace reverie::test
