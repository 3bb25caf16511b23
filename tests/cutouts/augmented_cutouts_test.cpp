// The fused operator against the same steps taken one by one with LibTorch's operators, and its noise.

#include "augmented_cutouts.h"

#include <ATen/Parallel.h>

#include "kernels.h"
#include "support/numbers.h"

namespace reverie::test {
namespace {

struct Seen {
  at::Tensor images, gradient;
};

template <typename Take>
Seen look(const at::Tensor& picture, const at::Tensor& direction, Take take) {
  const at::Tensor leaf = picture.clone().set_requires_grad(true);
  const at::Tensor images = take(leaf);
  (images * direction).sum().backward();
  return {images.detach(), leaf.grad()};
}

pytti::Augmentation silent(std::int64_t count, std::int64_t side, std::uint64_t seed) {
  pytti::Augmentation changes = pytti::draw_augmentation(count, side, seeded(seed));
  changes.noise.zero_();
  return changes;
}

TEST(AugmentedCutouts, AreTheSeparateSteps) {
  struct Case {
    std::int64_t width, height, side;
    const char* mode;
    double overviews = 0;
  };
  for (const Case c :
       {Case{96, 80, 32, "clamp"}, Case{80, 96, 33, "mirror"}, Case{70, 70, 64, "wrap"},
        Case{40, 50, 70, "black"}, Case{30, 30, 17, "smear"}, Case{9, 7, 21, "clamp"}, Case{5, 5, 1, "clamp"},
        Case{1, 1, 8, "clamp"}, Case{96, 60, 32, "clamp", 0.5}, Case{30, 70, 40, "wrap", 1}}) {
    SCOPED_TRACE(std::string(c.mode) + " " + std::to_string(c.width) + " to " + std::to_string(c.side));
    constexpr std::int64_t n = 24;
    const at::Tensor picture = at::rand({1, 3, c.height, c.width}, seeded(1));
    const at::Tensor direction = at::randn({n, 3, c.side, c.side}, seeded(2));
    const pytti::CutoutSettings settings{1, 0.25, c.mode, c.overviews};
    const auto cutouts = pytti::draw_cutouts(n, c.width, c.height, c.side, settings, seeded(3));
    const pytti::Augmentation changes = silent(n, c.side, 4);
    const Seen fused = look(picture, direction, [&](const at::Tensor& image) {
      return pytti::take_augmented_cutouts(image, cutouts, c.side, settings, changes, {});
    });
    const Seen separate = look(picture, direction, [&](const at::Tensor& image) {
      return pytti::augment(pytti::take_cutouts(image, cutouts, c.side, settings), changes, seeded(5));
    });
    // A point exactly on the edge of the perspective may round to either side of it.
    const at::Tensor off = (fused.images - separate.images).abs() > 1e-4;
    EXPECT_LE(off.sum().item<std::int64_t>(), off.numel() / 2000);
    const double error = (fused.gradient - separate.gradient).norm().item<double>();
    EXPECT_LT(error, 2e-3 * separate.gradient.norm().item<double>());
  }
}

TEST(AugmentedCutouts, GreyPicturesHaveFiniteGradients) {
  for (const double grey : {0.0, 0.4, 1.0}) {
    const at::Tensor picture = at::full({1, 3, 40, 40}, grey);
    const pytti::Augmentation changes = silent(16, 24, 1);
    const auto cutouts = pytti::draw_cutouts(16, 40, 40, 24, {}, seeded(2));
    const Seen seen = look(picture, at::randn({16, 3, 24, 24}, seeded(3)), [&](const at::Tensor& image) {
      return pytti::take_augmented_cutouts(image, cutouts, 24, {}, changes, {});
    });
    EXPECT_TRUE(at::isfinite(seen.gradient).all().item<bool>());
    EXPECT_LT(largest(seen.gradient), 1e3);
  }
}

TEST(AugmentedCutouts, GradientIsTheSlope) {
  // Away from the kinks (equal channels, pixel borders) the operator is nearly linear in the picture: a
  // random direction's slope is measured in float, so not with a tiny step.
  const at::Tensor picture = at::rand({1, 3, 20, 24}, seeded(1)) * 0.5 + 0.2;
  const at::Tensor offsets = at::tensor({0.0, 0.12, 0.25}, at::kFloat).view({1, 3, 1, 1});
  const at::Tensor point = picture * 0.1 + 0.3 + offsets;  // red < green < blue everywhere
  const pytti::Augmentation changes = silent(12, 16, 5);
  const auto cutouts = pytti::draw_cutouts(12, 24, 20, 16, {}, seeded(6));
  const at::Tensor direction = at::randn({12, 3, 16, 16}, seeded(7));
  const auto value = [&](const at::Tensor& image) {
    return (pytti::take_augmented_cutouts(image, cutouts, 16, {}, changes, {}).to(at::kDouble) * direction)
        .sum();
  };
  const at::Tensor leaf = point.clone().set_requires_grad(true);
  value(leaf).backward();
  for (std::uint64_t i = 0; i < 5; ++i) {
    const at::Tensor step = at::randn(point.sizes(), seeded(10 + i)) * 2e-3;
    const double measured = (value(point + step) - value(point - step)).item<double>();
    const double predicted = 2 * (leaf.grad() * step).sum().item<double>();
    EXPECT_NEAR(measured, predicted, 2e-2 * leaf.grad().norm().item<double>() * step.norm().item<double>());
  }
}

TEST(AugmentedCutouts, DoNotDependOnTheNumberOfThreads) {
  const at::Tensor picture = at::rand({1, 3, 150, 130}, seeded(1));
  const pytti::Augmentation changes = pytti::draw_augmentation(21, 48, seeded(2));
  const auto cutouts = pytti::draw_cutouts(21, 130, 150, 48, {}, seeded(3));
  const at::Tensor direction = at::randn({21, 3, 48, 48}, seeded(4));
  const int before = at::get_num_threads();
  std::vector<Seen> seen;
  for (const int threads : {1, 2, 3, 5}) {
    at::set_num_threads(threads);
    seen.push_back(look(picture, direction, [&](const at::Tensor& image) {
      return pytti::take_augmented_cutouts(image, cutouts, 48, {}, changes, {});
    }));
  }
  at::set_num_threads(before);
  for (const Seen& other : seen) {
    EXPECT_TRUE(at::equal(other.images, seen[0].images));
    EXPECT_TRUE(at::equal(other.gradient, seen[0].gradient));
  }
}

/// Noise alone: a black picture, no other change.
at::Tensor noise(std::int64_t count, std::int64_t side, std::uint64_t seed) {
  pytti::Augmentation changes = pytti::draw_augmentation(count, side, seeded(seed));
  changes.affine.copy_(at::tensor({1.0, 0.0, 0.0, 0.0, 1.0, 0.0}, at::kFloat).view({2, 3}));
  changes.perspective.copy_(at::eye(3));
  changes.noise.fill_(1);
  const std::vector<pytti::Cutout> cutouts(static_cast<std::size_t>(count), pytti::Cutout{0, 0, 8, 8});
  return pytti::take_augmented_cutouts(at::zeros({1, 3, 8, 8}), cutouts, side, {}, changes, {});
}

TEST(AugmentedCutoutNoise, IsStandardNormal) {
  const at::Tensor draws = noise(4, 100, 1).flatten();
  const std::vector<double> values(draws.const_data_ptr<float>(),
                                   draws.const_data_ptr<float>() + draws.numel());
  EXPECT_LT(ks_distance(values, normal_cdf), ks_bound(values.size()));
  const double n = static_cast<double>(values.size());
  double fourth = 0, beyond = 0;
  for (const double v : values) {
    fourth += v * v * v * v / n;
    beyond += std::abs(v) > 3.5;
  }
  EXPECT_NEAR(fourth, 3, 5 * std::sqrt(96 / n));
  EXPECT_NEAR(beyond, n * 2 * normal_cdf(-3.5), 5 * std::sqrt(n * 2 * normal_cdf(-3.5)));
}

TEST(AugmentedCutoutNoise, NeighboursChannelsAndAugmentedCutoutsAreIndependent) {
  const at::Tensor draws = noise(6, 64, 2);
  const auto expect_unrelated = [](const at::Tensor& a, const at::Tensor& b) {
    EXPECT_LT(std::abs((a * b).mean().item<double>()), 5 / std::sqrt(static_cast<double>(a.numel())));
  };
  expect_unrelated(draws.narrow(3, 0, 63), draws.narrow(3, 1, 63));
  expect_unrelated(draws.narrow(2, 0, 63), draws.narrow(2, 1, 63));
  expect_unrelated(draws.narrow(1, 0, 2), draws.narrow(1, 1, 2));
  expect_unrelated(draws.narrow(0, 0, 5), draws.narrow(0, 1, 5));
  expect_unrelated(draws.square() - 1, (draws.roll({1}, {3}).square() - 1) / 2);
  EXPECT_TRUE(at::equal(draws, noise(6, 64, 2)));
  EXPECT_FALSE(at::equal(draws, noise(6, 64, 3)));
}

}  // namespace
}  // namespace reverie::test
