// The kernels for cards, walked over by a loop: against the CPU's vectors, LibTorch's operators and
// differences. And who is left out when a kernel is wrong.

#include <c10/util/Exception.h>
#include <torch/library.h>

#include "card_operators.h"
#include "cutouts_on_card.h"
#include "support/host_walk.h"
#include "support/numbers.h"

namespace reverie::test {
namespace {

/// What is made wrong on purpose.
enum class Fault { none, value, gradient, noise, throws };
Fault fault = Fault::none;

std::tuple<at::Tensor, at::Tensor> forward(const at::Tensor& picture, const at::Tensor& cutouts,
                                           std::int64_t side) {
  if (fault == Fault::throws) throw std::runtime_error("no such card");
  auto result = picture.scalar_type() == at::kDouble
                    ? pytti::augmented_cutouts<double, HostWalk>(picture, cutouts, side)
                    : pytti::augmented_cutouts<float, HostWalk>(picture, cutouts, side);
  if (fault == Fault::value) std::get<1>(result).select(2, side / 2).add_(0.01);
  if (fault == Fault::noise) std::get<1>(result) = std::get<0>(result).clone();
  return result;
}
at::Tensor backward(const at::Tensor& warped, const at::Tensor& gradient, const at::Tensor& cutouts,
                    std::int64_t height, std::int64_t width) {
  const at::Tensor result =
      warped.scalar_type() == at::kDouble
          ? pytti::augmented_cutouts_backward<double, HostWalk>(warped, gradient, cutouts, height, width)
          : pytti::augmented_cutouts_backward<float, HostWalk>(warped, gradient, cutouts, height, width);
  return fault == Fault::gradient ? result * 1.05 : result;
}

TORCH_LIBRARY_FRAGMENT(reverie, library) {
  for (const char* schema : pytti::kCutoutSchemas) library.def(schema);
}
TORCH_LIBRARY_IMPL(reverie, CPU, library) {
  library.impl("augmented_cutouts", &forward);
  library.impl("augmented_cutouts_backward", &backward);
}

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

constexpr std::int64_t kCount = 24;

struct Case {
  std::int64_t width, height, side;
  const char* mode;
  double overviews = 0;
};
const Case kCases[] = {{96, 80, 32, "clamp"},  {80, 96, 33, "mirror"}, {70, 70, 64, "wrap"},
                       {40, 50, 70, "black"},  {30, 30, 17, "smear"},  {9, 7, 21, "clamp"},
                       {5, 5, 1, "clamp"},     {1, 1, 8, "clamp"},     {96, 60, 32, "clamp", 0.5},
                       {30, 70, 40, "wrap", 1}};

TEST(CutoutElements, AreTheVectorsOfTheCpu) {
  for (const Case& c : kCases) {
    SCOPED_TRACE(std::string(c.mode) + " " + std::to_string(c.width) + " to " + std::to_string(c.side));
    const at::Tensor picture = at::rand({1, 3, c.height, c.width}, seeded(1));
    const at::Tensor direction = at::randn({kCount, 3, c.side, c.side}, seeded(2));
    const pytti::CutoutSettings settings{1, 0.25, c.mode, c.overviews};
    const auto cutouts = pytti::draw_cutouts(kCount, c.width, c.height, c.side, settings, seeded(3));
    const pytti::Augmentation changes = pytti::draw_augmentation(kCount, c.side, seeded(4));
    const Seen vectors = look(picture, direction, [&](const at::Tensor& image) {
      return pytti::take_augmented_cutouts(image, cutouts, c.side, settings, changes, {});
    });
    const Seen elements = look(picture, direction, [&](const at::Tensor& image) {
      const auto [source, places] = pytti::extend_picture(image, cutouts, settings);
      return pytti::take_cutouts_by_operators(source, places, c.side, changes);
    });
    // The same formulas, but the compiler may contract them differently: a point on the edge of the
    // perspective, or two channels that are nearly equal, may go either way.
    const at::Tensor off = (vectors.images - elements.images).abs() > 1e-4;
    EXPECT_LE(off.sum().item<std::int64_t>(), off.numel() / 2000);
    EXPECT_LT((vectors.gradient - elements.gradient).norm().item<double>(),
              2e-3 * vectors.gradient.norm().item<double>());
  }
}

TEST(CutoutElements, AreLibTorchsOperators) {
  for (const Case& c : kCases) {
    SCOPED_TRACE(std::string(c.mode) + " " + std::to_string(c.width) + " to " + std::to_string(c.side));
    const at::Tensor picture = at::rand({1, 3, c.height, c.width}, seeded(1));
    const at::Tensor direction = at::randn({kCount, 3, c.side, c.side}, seeded(2));
    const pytti::CutoutSettings settings{1, 0.25, c.mode, c.overviews};
    const auto cutouts = pytti::draw_cutouts(kCount, c.width, c.height, c.side, settings, seeded(3));
    pytti::Augmentation changes = pytti::draw_augmentation(kCount, c.side, seeded(4));
    changes.noise.zero_();
    const Seen operators = look(picture, direction, [&](const at::Tensor& image) {
      return pytti::augment_without_noise(pytti::take_cutouts(image, cutouts, c.side, settings), changes);
    });
    const Seen elements = look(picture, direction, [&](const at::Tensor& image) {
      const auto [source, places] = pytti::extend_picture(image, cutouts, settings);
      return pytti::take_cutouts_by_operators(source, places, c.side, changes);
    });
    const at::Tensor off = (operators.images - elements.images).abs() > 1e-4;
    EXPECT_LE(off.sum().item<std::int64_t>(), off.numel() / 2000);
    EXPECT_LT((operators.gradient - elements.gradient).norm().item<double>(),
              2e-3 * operators.gradient.norm().item<double>());
  }
}

TEST(CutoutElements, GradientIsTheSlope) {
  // Red < green < blue everywhere, far enough apart: without the kinks where channels tie.
  const at::Tensor offsets = at::tensor({0.0, 0.2, 0.4}, at::kDouble).view({1, 3, 1, 1});
  const at::Tensor picture = at::rand({1, 3, 7, 9}, seeded(1), at::kDouble) * 0.1 + 0.2 + offsets;
  pytti::Augmentation changes = pytti::draw_augmentation(6, 8, seeded(5));
  const auto cutouts = pytti::draw_cutouts(6, 9, 7, 8, {}, seeded(6));
  const at::Tensor direction = at::randn({6, 3, 8, 8}, seeded(7), at::kDouble);
  // What the perspective leaves black has three equal channels, but no gradient either.
  expect_gradient(
      [&](const at::Tensor& image) {
        return (pytti::take_cutouts_by_operators(image, cutouts, 8, changes) * direction).sum();
      },
      picture, 1e-5);
}

TEST(CutoutElements, BytesDoNotDependOnTheOrderOfThreads) {
  const at::Tensor picture = at::rand({1, 3, 50, 60}, seeded(1));
  const pytti::Augmentation changes = pytti::draw_augmentation(9, 32, seeded(2));
  const auto described = pytti::describe(pytti::draw_cutouts(9, 60, 50, 32, {}, seeded(3)), changes);
  const at::Tensor bytes =
      at::from_blob(const_cast<pytti::AugmentedCutout*>(described.data()),
                    {9, static_cast<std::int64_t>(sizeof(pytti::AugmentedCutout))}, at::kByte);
  const at::Tensor direction = at::randn({9, 3, 32, 32}, seeded(4)) * 1e-3;
  const auto [warped, images] = pytti::augmented_cutouts<float, HostWalk>(picture, bytes, 32);
  const auto [warped_too, shuffled] = pytti::augmented_cutouts<float, ShuffledWalk>(picture, bytes, 32);
  EXPECT_TRUE(at::equal(images, shuffled));
  EXPECT_TRUE(
      at::equal(pytti::augmented_cutouts_backward<float, HostWalk>(warped, direction, bytes, 50, 60),
                pytti::augmented_cutouts_backward<float, ShuffledWalk>(warped, direction, bytes, 50, 60)));
}

TEST(CutoutElements, GradientsOfAllSizesKeepTheirDigits) {
  const at::Tensor picture = at::rand({1, 3, 40, 40}, seeded(1));
  const pytti::Augmentation changes = pytti::draw_augmentation(8, 24, seeded(2));
  const auto cutouts = pytti::draw_cutouts(8, 40, 40, 24, {}, seeded(3));
  const at::Tensor direction = at::randn({8, 3, 24, 24}, seeded(4));
  const auto gradient = [&](double factor) {
    return look(picture, direction * factor,
                [&](const at::Tensor& image) {
                  return pytti::take_cutouts_by_operators(image, cutouts, 24, changes);
                })
        .gradient;
  };
  const at::Tensor one = gradient(1);
  for (const double factor : {1e-20, 1e-6, 1e6, 1e20})
    EXPECT_LT((gradient(factor) / factor - one).norm().item<double>(), 1e-5 * one.norm().item<double>())
        << factor;
  EXPECT_EQ(largest(gradient(0)), 0);
  EXPECT_TRUE(gradient(std::numeric_limits<double>::infinity()).isnan().any().item<bool>());
}

/// Warnings as LibTorch gives them out.
struct Warnings : c10::WarningHandler {
  std::vector<std::string> all;
  void process(const c10::Warning& warning) override { all.push_back(warning.msg()); }
};

struct CardKernelsTest : testing::Test {
  Warnings warnings;
  c10::WarningUtils::WarningHandlerGuard guard{&warnings};
  CardKernels kernels{"augmented cutouts",
                      {"reverie::augmented_cutouts", "reverie::augmented_cutouts_backward"},
                      &pytti::cutout_operators_agree};
  void TearDown() override { fault = Fault::none; }
};

TEST_F(CardKernelsTest, RightOnesAreUsed) {
  const at::Tensor before = at::globalContext().defaultGenerator(c10::kCPU).get_state();
  EXPECT_TRUE(kernels.usable(c10::kCPU));
  EXPECT_TRUE(at::equal(before, at::globalContext().defaultGenerator(c10::kCPU).get_state()))
      << "a restored run draws the same";
  EXPECT_TRUE(warnings.all.empty());
}

TEST_F(CardKernelsTest, WrongOnesAreLeftOutWithOneWarning) {
  for (const Fault wrong : {Fault::value, Fault::gradient, Fault::noise, Fault::throws}) {
    fault = wrong;
    warnings.all.clear();
    CardKernels tried{"augmented cutouts",
                      {"reverie::augmented_cutouts", "reverie::augmented_cutouts_backward"},
                      &pytti::cutout_operators_agree};
    for (int i = 0; i < 3; ++i) EXPECT_FALSE(tried.usable(c10::kCPU)) << static_cast<int>(wrong);
    ASSERT_EQ(warnings.all.size(), 1u);
    EXPECT_NE(warnings.all[0].find("augmented cutouts"), std::string::npos) << warnings.all[0];
    EXPECT_EQ(warnings.all[0].find("no such card") != std::string::npos, wrong == Fault::throws);
  }
}

TEST_F(CardKernelsTest, WhatIsNotLoadedIsNotUsedAndNoWarning) {
  CardKernels absent{
      "nothing", {"reverie::augmented_cutouts", "reverie::absent"}, &pytti::cutout_operators_agree};
  EXPECT_FALSE(absent.usable(c10::kCPU));
  EXPECT_TRUE(warnings.all.empty());
}

}  // namespace
}  // namespace reverie::test
