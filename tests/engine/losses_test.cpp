// Distances to prompts and their losses against closed forms.

#include "engine/losses.h"

#include "engine/masks.h"
#include "support/numbers.h"

namespace reverie::test {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

at::Tensor row(std::vector<double> values) { return at::tensor(values, at::kDouble).view({1, -1}); }

double distance(std::vector<double> a, std::vector<double> b) {
  return engine::spherical_distance(row(a), row(b)).item<double>();
}

TEST(SphericalDistance, ClosedForms) {
  EXPECT_NEAR(distance({3, 4}, {3, 4}), 0, 1e-12);
  EXPECT_NEAR(distance({1, 0}, {0, 1}), 2 * std::pow(std::asin(std::sqrt(2.0) / 2), 2), 1e-12);
  // Bounded just before opposite vectors, where the slope has no limit.
  EXPECT_NEAR(distance({1, 2}, {-1, -2}), 2 * std::pow(M_PI / 2, 2), 0.01);
}

TEST(SphericalInterpolation, GoesEvenlyAlongTheArc) {
  const double arc = 1.2;
  const at::Tensor from = row({2, 0, 0}), to = row({3 * std::cos(arc), 3 * std::sin(arc), 0});
  for (double share = 0; share <= 1; share += 0.125) {
    const at::Tensor at_share = engine::spherical_interpolation(from, to, share);
    EXPECT_NEAR(at_share[0][0].item<double>(), std::cos(share * arc), 1e-9) << share;
    EXPECT_NEAR(at_share[0][1].item<double>(), std::sin(share * arc), 1e-9) << share;
  }
  // Where there is no arc, or no one arc, there are numbers all the same.
  EXPECT_TRUE(at::allclose(engine::spherical_interpolation(from, from * 5, 0.3), row({1, 0, 0})));
  EXPECT_TRUE(at::isfinite(engine::spherical_interpolation(from, -from, 0.5)).all().item<bool>());
}

TEST(SphericalDistance, IsHalfTheSquareOfTheAngle) {
  for (double angle = 0.1; angle < 3.1; angle += 0.25)
    EXPECT_NEAR(distance({1, 0, 0}, {std::cos(angle), 0, std::sin(angle)}), angle * angle / 2, 1e-9) << angle;
}

TEST(SphericalDistance, InPairsIsTheDiagonal) {
  const at::Tensor a = at::randn({5, 7}, at::kDouble), b = at::randn({5, 7}, at::kDouble);
  EXPECT_LT(largest(engine::paired_spherical_distance(a, b) - engine::spherical_distance(a, b).diagonal()),
            1e-12);
}

TEST(SphericalDistance, LengthsDoNotMatter) {
  EXPECT_NEAR(distance({0.3, -1.2, 4}, {2, 0.1, 0.7}), distance({30, -120, 400}, {0.02, 0.001, 0.007}),
              1e-12);
}

TEST(SphericalDistance, OfEveryImageToEveryText) {
  const at::Tensor images = at::randn({3, 5}, seeded(1), at::kDouble),
                   texts = at::randn({2, 5}, seeded(2), at::kDouble);
  const at::Tensor all = engine::spherical_distance(images, texts);
  ASSERT_EQ(all.sizes(), at::IntArrayRef({3, 2}));
  for (std::int64_t i = 0; i < 3; ++i)
    for (std::int64_t k = 0; k < 2; ++k)
      EXPECT_NEAR(all[i][k].item<double>(),
                  engine::spherical_distance(images[i].view({1, 5}), texts[k].view({1, 5})).item<double>(),
                  1e-12);
}

TEST(SphericalDistance, Gradient) {
  const at::Tensor texts = at::randn({3, 4}, seeded(3), at::kDouble);
  expect_gradient([&](const at::Tensor& x) { return engine::spherical_distance(x, texts).sum(); },
                  at::randn({2, 4}, seeded(4)));
}

TEST(SphericalDistance, GradientIsFiniteWhereItCouldNotBe) {
  for (const std::vector<double>& image : {std::vector<double>{1, 2}, {-1, -2}, {0, 0}}) {
    const at::Tensor x = row(image).set_requires_grad(true);
    engine::spherical_distance(x, row({1, 2})).sum().backward();
    EXPECT_TRUE(x.grad().isfinite().all().item<bool>()) << image[0];
  }
}

/// Of a prompt without a mask.
engine::PromptLoss loss_of(const at::Tensor& distances, double weight, double stop) {
  const std::vector<CutoutPlace> places(static_cast<std::size_t>(distances.size(0)), {0.5, 0.5, 1, 1});
  return engine::prompt_loss(distances, weight, stop, engine::direction_mask('a', places));
}

bool held(const engine::PromptLoss& loss) { return loss.asked.item<bool>() && !loss.free.item<bool>(); }

/// The specification's loss of one prompt over the whole picture, number by number.
struct Expected {
  double value = 0;
  std::vector<double> gradient;
  bool held = true;
};
Expected expected_loss(const std::vector<double>& distances, double weight, double stop) {
  Expected result;
  const double sign = weight < 0 ? -1 : 1, n = static_cast<double>(distances.size());
  for (const double distance : distances) {
    const bool free = distance * sign >= stop;
    result.value += std::abs(weight) * std::max(distance * sign, stop) / n;
    result.gradient.push_back(free ? weight / n : 0);
    if (free) result.held = false;
  }
  return result;
}

TEST(PromptLoss, WeightsStopsAndTheirGradients) {
  const std::vector<double> distances = {0.2, 0.9, 0.5, 1.4};
  for (const double weight : {1.0, 2.5, 0.1, -1.0, -3.0})
    for (const double stop : {-kInfinity, 0.0, 0.5, 0.6, 2.0, -0.7, -0.1}) {
      const at::Tensor x = at::tensor(distances, at::kDouble).set_requires_grad(true);
      const engine::PromptLoss loss = loss_of(x, weight, stop);
      const Expected expected = expected_loss(distances, weight, stop);
      EXPECT_NEAR(loss.value.item<double>(), expected.value, 1e-12) << weight << " " << stop;
      EXPECT_EQ(held(loss), expected.held) << weight << " " << stop;
      loss.value.backward();
      for (std::size_t i = 0; i < distances.size(); ++i)
        EXPECT_NEAR(x.grad()[static_cast<std::int64_t>(i)].item<double>(), expected.gradient[i], 1e-12)
            << weight << " " << stop << " element " << i;
    }
}

TEST(PromptLoss, HeldOnlyWhenNothingIsLeftToGain) {
  EXPECT_TRUE(held(loss_of(at::tensor({0.2, 0.3}), 1, 0.4)));
  EXPECT_FALSE(held(loss_of(at::tensor({0.2, 0.5}), 1, 0.4)));
  EXPECT_TRUE(held(loss_of(at::tensor({1.2, 1.3}), -1, -1.0))) << "pushed far enough away";
  EXPECT_FALSE(held(loss_of(at::tensor({0.2, 1.3}), -1, -1.0)));
}

}  // namespace
}  // namespace reverie::test
