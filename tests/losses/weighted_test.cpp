// Weights and stops of losses, number by number.

#include "losses/weighted.h"

#include "support/numbers.h"

namespace reverie::test {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Result {
  double value, gradient;
  bool held;
};
Result weigh(double loss, double weight, double stop) {
  const at::Tensor x = at::tensor(loss, at::kDouble).set_requires_grad(true);
  Result result{};
  const at::Tensor value = weighted(x, weight, stop, &result.held);
  result.value = value.item<double>();
  value.backward();
  result.gradient = x.grad().item<double>();
  return result;
}
void expect(double loss, double weight, double stop, Result expected) {
  const Result result = weigh(loss, weight, stop);
  EXPECT_DOUBLE_EQ(result.value, expected.value) << loss << " " << weight << " " << stop;
  EXPECT_EQ(result.gradient, expected.gradient) << loss << " " << weight << " " << stop;
  EXPECT_EQ(result.held, expected.held) << loss << " " << weight << " " << stop;
}

TEST(Weighted, PositiveWeightsPullDownToTheStop) {
  expect(0.5, 2, -kInfinity, {1, 2, false});
  expect(0.5, 2, 0.25, {1, 2, false});
  expect(0.5, 2, 0.5, {1, 2, false}) /* at the stop itself the gradient still passes */;
  expect(0.5, 2, 0.75, {1.5, 0, true});
}

TEST(Weighted, NegativeWeightsPushUpToTheStop) {
  expect(0.5, -3, -kInfinity, {-1.5, -3, false});
  expect(0.5, -3, -0.75, {-1.5, -3, false});
  expect(0.5, -3, -0.25, {-0.75, 0, true});
}

TEST(Weighted, WeightZeroIsNothing) {
  bool held = false;
  const at::Tensor x = at::tensor(0.5).set_requires_grad(true);
  const at::Tensor value = weighted(x, 0, kInfinity, &held);
  EXPECT_EQ(value.item<double>(), 0);
  EXPECT_FALSE(value.requires_grad());
  EXPECT_TRUE(held);
}

TEST(Weighted, WhetherItIsHeldNeedNotBeAsked) {
  EXPECT_EQ(weighted(at::tensor(0.5), 2, 0).item<double>(), 1);
}

TEST(Weighted, NoStopHidesALossThatIsNotANumber) {
  bool held = true;
  EXPECT_TRUE(std::isnan(weighted(at::tensor(std::nan("")), 1, 0.5, &held).item<double>()));
  EXPECT_FALSE(held);
}

}  // namespace
}  // namespace reverie::test
