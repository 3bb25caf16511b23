// Which parts of a still are transparent.

#include "engine/opacity.h"
#include "studio.h"

namespace reverie::test {
namespace {

engine::Opacity opacity_of(const std::string& settings, const at::Tensor& picture) {
  const Studio studio("scenes=red;cutouts=2;" + settings);
  return engine::Opacity(studio.settings, picture);
}

TEST(Opacity, IsNothingUnlessItIsAskedFor) {
  const engine::Opacity opacity = opacity_of("", colour(1, 0, 0));
  EXPECT_FALSE(opacity.is_on());
  EXPECT_TRUE(opacity.state().empty());
}

TEST(Opacity, BeginsOpaqueAndShowsWhatIsBehindItWhereItIsNot) {
  const at::Tensor picture = colour(1, 0, 0);
  engine::Opacity opacity = opacity_of("alpha=true;alpha_weight=3", picture);
  EXPECT_EQ(largest(opacity.over_background(picture, seeded(1)) - picture), 0);
  EXPECT_NEAR(opacity.loss().item<double>(), 3, 1e-6);
  opacity.load_state({{"values", at::zeros_like(opacity.parameter()).detach()}});
  EXPECT_NEAR(opacity.loss().item<double>(), 0, 1e-6);
  const at::Tensor behind = opacity.over_background(picture, seeded(1));
  EXPECT_LT(largest(behind - opacity.over_background(colour(0, 1, 0), seeded(1))), 1e-6)
      << "no picture is left";
  EXPECT_GT(largest(behind - opacity.over_background(picture, seeded(2))), 0.05) << "each step has its own";
  const at::Tensor checks = opacity.over_checks(picture);
  EXPECT_LT(largest(checks - checks.select(1, 0).unsqueeze(1)), 1e-6) << "grey";
}

// d/da of (picture - background) a, pixel by pixel, and of the loss, 1 / pixels.
TEST(Opacity, HasGradients) {
  const at::Tensor picture = colour(1, 0, 0).set_requires_grad(true);
  engine::Opacity opacity = opacity_of("alpha=true", picture);
  opacity.load_state({{"values", at::full_like(opacity.parameter(), 0.5).detach()}});
  opacity.over_background(picture, seeded(1)).sum().backward();
  EXPECT_LT(largest(picture.grad() - 0.5), 1e-6);
  const at::Tensor background = opacity.over_background(at::zeros({1, 3, 12, 16}), seeded(1)).detach() * 2;
  const double wanted = (picture.detach() - background).sum().item<double>();
  EXPECT_NEAR(opacity.parameter().grad().sum().item<double>(), wanted, 1e-3);
  opacity.parameter().mutable_grad() = at::Tensor();
  opacity.loss().backward();
  EXPECT_NEAR(opacity.parameter().grad().sum().item<double>(), 1, 1e-5);
}

TEST(Opacity, GrowsWithItsPicture) {
  engine::Opacity opacity = opacity_of("alpha=true", colour(1, 0, 0));
  const auto small = opacity.state();
  opacity.resize(at::zeros({1, 3, 24, 32}));
  EXPECT_EQ(opacity.decode().sizes(), at::IntArrayRef({1, 1, 24, 32}));
  EXPECT_TRUE(opacity.parameter().is_leaf() && opacity.parameter().requires_grad());
  EXPECT_THROW(opacity.load_state(small), Error);
}

}  // namespace
}  // namespace reverie::test
