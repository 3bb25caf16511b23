// The variational solver against its equations, and its gradients against differences.

#include "flow_estimators/pattern.h"
#include "solver.h"

namespace reverie::test {
namespace {

TEST(HornSchunck, GradientsAreThoseOfDifferences) {
  const at::Tensor here = places_of_pixels(7, 9);
  const at::Tensor one = pattern(here * 3).to(at::kDouble), other = pattern(here * 3 - 0.6).to(at::kDouble);
  const at::Tensor weights = at::rand({1, 2, 7, 9}, seeded(1), at::kDouble);
  expect_gradient([&](const at::Tensor& x) { return (horn_schunck::solve(x, other) * weights).sum(); }, one,
                  1e-4);
  expect_gradient([&](const at::Tensor& x) { return (horn_schunck::solve(one, x) * weights).sum(); }, other,
                  1e-4);
}

TEST(HornSchunck, GradientsReachBothPicturesThroughAllScales) {
  const at::Tensor here = places_of_pixels(60, 80);
  const at::Tensor one = pattern(here).to(at::kDouble).set_requires_grad(true),
                   other = pattern(here - 1.5).to(at::kDouble).set_requires_grad(true);
  horn_schunck::solve(one, other).square().mean().backward();
  // Along the gradient itself the function rises by its squared length.
  for (const at::Tensor& picture : {one, other}) {
    const at::Tensor gradient = picture.grad();
    const double length = gradient.norm().item<double>(), step = 1e-5 / length;
    ASSERT_GT(length, 0);
    const auto value = [&](double sign) {
      const at::Tensor moved = picture.detach() + gradient * (sign * step);
      const at::Tensor flow = picture.is_same(one) ? horn_schunck::solve(moved, other.detach())
                                                   : horn_schunck::solve(one.detach(), moved);
      return flow.square().mean().item<double>();
    };
    EXPECT_NEAR((value(1) - value(-1)) / (2 * step) / (length * length), 1, 1e-3);
  }
}

// Where the pictures show nothing, the flow is that of what surrounds it.
TEST(HornSchunck, FillsWhatShowsNothing) {
  const auto holed = [](const at::Tensor& places) {
    const at::Tensor x = (places.select(1, 0) - 48).abs(), y = (places.select(1, 1) - 32).abs();
    const at::Tensor depth = (at::maximum(x, y).unsqueeze(1) - 8).div(8).clamp(0, 1);  // 0 in the hole
    return (pattern(places) - 0.5) * depth + 0.5;
  };
  const at::Tensor here = places_of_pixels(64, 96);
  const at::Tensor flow = horn_schunck::solve(holed(here), holed(here - 2));
  EXPECT_LT(largest(flow.slice(2, 26, 38).slice(3, 42, 54) - 2), 0.5);
}

TEST(HornSchunck, StandsStillForTheSamePicture) {
  const at::Tensor picture = pattern(places_of_pixels(50, 70));
  EXPECT_LT(largest(horn_schunck::solve(picture, picture)), 1e-4);
}

}  // namespace
}  // namespace reverie::test
