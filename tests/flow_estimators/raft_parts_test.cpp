// What RAFT computes by kernels of its own, against LibTorch's operators in double.

#include <ATen/ATen.h>

#include <limits>

#include <torch/library.h>

#include "card_operators.h"
#include "correlation.h"
#include "flow_estimators/flow_cases.h"
#include "instance_norm.h"
#include "support/host_walk.h"
#include "support/numbers.h"

namespace reverie::test {
namespace {

at::Tensor normal(at::IntArrayRef sizes, std::uint64_t seed) {
  return at::randn(sizes, seeded(seed), at::kDouble);
}

struct Normed {
  at::Tensor result, gradient;
};

Normed normed(const at::Tensor& x, const at::Tensor& mix, bool relu, at::ScalarType dtype) {
  const at::Tensor leaf = x.to(dtype).clone().set_requires_grad(true);
  const at::Tensor result = raft::instance_norm(leaf, relu);
  EXPECT_EQ(result.scalar_type(), dtype);
  (result * mix.to(dtype)).sum().backward();
  return {result.detach(), leaf.grad()};
}

TEST(InstanceNorm, EqualsOperators) {
  // Means that are large beside the deviations, more pixels than a block, a width that kernels do not take.
  for (const std::int64_t channels : {16, 96, 24}) {
    const at::Tensor x = normal({2, channels, 37, 41}, 1) * 0.3 + normal({2, channels, 1, 1}, 2) * 20,
                     mix = normal({2, channels, 37, 41}, 3);
    for (const bool relu : {false, true}) {
      const at::Tensor leaf = x.clone().set_requires_grad(true);
      const at::Tensor middle = leaf.mean({2, 3}, true);
      at::Tensor expected = (leaf - middle) / ((leaf - middle).square().mean({2, 3}, true) + 1e-5).sqrt();
      if (relu) expected = at::relu(expected);
      (expected * mix).sum().backward();
      for (const auto& [dtype, tolerance] : {std::pair{at::kDouble, 1e-12}, {at::kFloat, 1e-4}}) {
        const Normed result = normed(x, mix, relu, dtype);
        EXPECT_LT(relative_difference(result.result, expected.detach()), tolerance);
        EXPECT_LT(relative_difference(result.gradient, leaf.grad()), 10 * tolerance);
      }
      const Normed rough = normed(x - middle.detach(), mix, relu, at::kBFloat16);
      EXPECT_LT(relative_difference(rough.result, expected.detach()), 0.01);
      EXPECT_LT(relative_difference(rough.gradient, leaf.grad()), 0.2);
    }
  }
}

struct Found {
  std::vector<at::Tensor> results;
  at::Tensor of_from, of_to;
};

/// What is made wrong in the kernels for cards.
enum class Fault { none, value, gradient };
Fault fault = Fault::none;

at::Tensor look_up(const at::Tensor& volume, const at::Tensor& places, at::IntArrayRef levels,
                   std::int64_t radius) {
  const at::Tensor result = raft::raft_look_up<ShuffledWalk>(volume, places, levels, radius);
  return fault == Fault::value ? result.roll({1}, {2}) : result;
}
void look_up_backward(at::Tensor& gradient, const at::Tensor& places, const at::Tensor& given,
                      at::IntArrayRef levels, std::int64_t radius) {
  raft::raft_look_up_backward<ShuffledWalk>(gradient, places, fault == Fault::gradient ? given * 1.1 : given,
                                            levels, radius);
}
// The kernels for cards, walked over by a loop.
TORCH_LIBRARY_FRAGMENT(reverie, library) {
  for (const char* schema : raft::kLookUpSchemas) library.def(schema);
}
TORCH_LIBRARY_IMPL(reverie, CPU, library) {
  library.impl("raft_look_up", &look_up);
  library.impl("raft_look_up_backward", &look_up_backward);
}

using By = raft::Correlation::By;

Found found(const at::Tensor& from, const at::Tensor& to, std::int64_t radius, at::ScalarType dtype,
            at::ScalarType of_results, const std::vector<at::Tensor>& places, By by = By::choose) {
  const at::Tensor a = from.to(dtype).clone().set_requires_grad(true),
                   b = to.to(dtype).clone().set_requires_grad(true);
  const raft::Correlation correlation(a, b, radius, by);
  Found result;
  at::Tensor sum = at::zeros({}, dtype);
  for (std::size_t i = 0; i < places.size(); ++i) {
    result.results.push_back(correlation.look_up(places[i].to(dtype), of_results));
    EXPECT_EQ(result.results.back().scalar_type(), of_results);
    const at::Tensor mix = normal(result.results.back().sizes(), 20 + i).to(of_results);
    sum = sum + (result.results.back() * mix).sum().to(dtype);
  }
  sum.backward({}, /*retain_graph=*/true);
  const at::Tensor first = a.grad().clone();
  a.mutable_grad() = b.mutable_grad() = at::Tensor();
  sum.backward();
  EXPECT_LT(relative_difference(a.grad(), first), 1e-6) << "once more through the same graph";
  result.of_from = a.grad();
  result.of_to = b.grad();
  return result;
}

TEST(Correlation, EqualsOperators) {
  constexpr std::int64_t kHeight = 16, kWidth = 21;
  const at::Tensor from = normal({2, 24, kHeight, kWidth}, 1), to = normal({2, 24, kHeight, kWidth}, 2);
  // Between pixels, at them, far outside on all sides.
  const std::vector<at::Tensor> places = {at::rand({2, 2, kHeight, kWidth}, seeded(3), at::kDouble) * 24 - 2,
                                          at::randint(0, 21, {2, 2, kHeight, kWidth}, seeded(4), at::kDouble),
                                          normal({2, 2, kHeight, kWidth}, 5) * 500};
  for (const std::int64_t radius : {3, 4}) {
    const Found expected = found(from, to, radius, at::kDouble, at::kDouble, places);
    EXPECT_EQ(expected.results[0].size(1), 4 * (2 * radius + 1) * (2 * radius + 1));
    for (const auto& [dtype, tolerance, by] : {std::tuple{at::kFloat, 1e-5, By::choose},
                                               {at::kBFloat16, 1e-2, By::choose},
                                               {at::kFloat, 1e-5, By::card_kernels},
                                               {at::kBFloat16, 1e-2, By::card_kernels}}) {
      const Found result = found(from, to, radius, at::kFloat, dtype, places, by);
      for (std::size_t i = 0; i < places.size(); ++i)
        EXPECT_LT(relative_difference(result.results[i], expected.results[i]), tolerance);
      EXPECT_LT(relative_difference(result.of_from, expected.of_from), tolerance);
      EXPECT_LT(relative_difference(result.of_to, expected.of_to), tolerance);
    }
  }
}

// By the definition, without any pyramid: the window's middle is the product of features at the places, and
// steps in x are outside of those in y.
TEST(Correlation, IsTheProductOfFeatures) {
  const at::Tensor from = normal({1, 16, 16, 24}, 1), to = normal({1, 16, 16, 24}, 2);
  at::Tensor places = at::zeros({1, 2, 16, 24}, at::kDouble);
  places.select(1, 0).fill_(7);
  places.select(1, 1).fill_(10);
  const at::Tensor result =
      raft::Correlation(from.to(at::kFloat), to.to(at::kFloat), 4).look_up(places.to(at::kFloat), at::kFloat);
  const auto product = [&](std::int64_t y, std::int64_t x) {
    return ((from[0].select(1, 5).select(1, 6) * to[0].select(1, y).select(1, x)).sum() / 4).item<double>();
  };
  const auto at_step = [&](std::int64_t x, std::int64_t y) {
    return result[0][(x + 4) * 9 + y + 4][5][6].item<double>();
  };
  EXPECT_NEAR(at_step(0, 0), product(10, 7), 1e-5);
  EXPECT_NEAR(at_step(3, 0), product(10, 10), 1e-5);
  EXPECT_NEAR(at_step(-2, 4), product(14, 5), 1e-5);
  const double second = (product(8, 6) + product(8, 7) + product(9, 6) + product(9, 7)) / 4;
  // The second level's pixel 3.5 - 0.5 = 3 and 5 - 1 = 4, interpolated from columns 3 and 4 of it.
  const auto level = [&](std::int64_t y, std::int64_t x) {
    return (product(2 * y, 2 * x) + product(2 * y, 2 * x + 1) + product(2 * y + 1, 2 * x) +
            product(2 * y + 1, 2 * x + 1)) /
           4;
  };
  EXPECT_NEAR(second, level(4, 3), 1e-12);
  EXPECT_NEAR(result[0][81 + 4 * 9 + 3][5][6].item<double>(), (level(4, 3) + level(4, 4)) / 2, 1e-5);
}

TEST(Correlation, PlacesThatAreNoNumbersAreOutside) {
  const at::Tensor features = normal({1, 16, 16, 16}, 1).to(at::kFloat);
  for (const By by : {By::choose, By::card_kernels})
    for (const float odd : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                            -std::numeric_limits<float>::infinity(), 1e30f})
      EXPECT_EQ(largest(raft::Correlation(features, features, 4, by)
                            .look_up(at::full({1, 2, 16, 16}, odd), at::kFloat)),
                0);
}

TEST(Correlation, KernelsForCardsAreUsedWhereTheyAgree) {
  for (const Fault wrong : {Fault::none, Fault::value, Fault::gradient}) {
    fault = wrong;
    CardKernels kernels("looking up", {"reverie::raft_look_up", "reverie::raft_look_up_backward"},
                        &raft::look_up_kernels_agree);
    EXPECT_EQ(kernels.usable(c10::kCPU), wrong == Fault::none) << static_cast<int>(wrong);
  }
  fault = Fault::none;
}

}  // namespace
}  // namespace reverie::test
