// Masks of prompts against cases by hand, and image masks against a program at the mask's full size.

#include "engine/masks.h"

#include <fstream>
#include <sstream>

#include "cutouts.h"
#include "reverie/error.h"
#include "support/numbers.h"
#include "support/process.h"

namespace reverie::test {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::vector<double> numbers(const at::Tensor& tensor) {
  const at::Tensor values = tensor.to(at::kDouble).contiguous();
  return {values.data_ptr<double>(), values.data_ptr<double>() + values.numel()};
}

TEST(CutoutPlace, IsInFractionsOfThePicture) {
  const CutoutPlace place = pytti::place_of({-10, 20, 40, 40}, 100, 50);
  EXPECT_DOUBLE_EQ(place.x, 0.1);
  EXPECT_DOUBLE_EQ(place.y, 0.8);
  EXPECT_DOUBLE_EQ(place.width, 0.4);
  EXPECT_DOUBLE_EQ(place.height, 0.8);
}

TEST(DirectionMask, HoldsBackOnTheOtherSide) {
  // Left and up; right and down, small; in the middle, wide.
  const std::vector<CutoutPlace> places = {{0.2, 0.3, 0.6, 0.8}, {0.9, 0.7, 0.1, 0.6}, {0.5, 0.5, 0.9, 0.5}};
  const auto stops = [&](char letter, double cutoff = 0.5) {
    const engine::MaskValues values = engine::direction_mask(letter, places, cutoff);
    EXPECT_EQ(numbers(values.weights), (std::vector<double>{1, 1, 1}));
    return numbers(values.stops);
  };
  using Stops = std::vector<double>;
  EXPECT_EQ(stops('a'), Stops(3, -kInfinity));
  EXPECT_EQ(stops('r'), Stops({1, 0, 0}));
  EXPECT_EQ(stops('l'), Stops({0, 1, 0}));
  EXPECT_EQ(stops('d'), Stops({1, 0, 0}));
  EXPECT_EQ(stops('u'), Stops({0, 1, 0}));
  EXPECT_EQ(stops('n'), Stops({0, 1, 0}));
  EXPECT_EQ(stops('f'), Stops({1, 0, 0}));
  EXPECT_EQ(stops('r', 0.6), Stops({1, 0, 1}));
  EXPECT_EQ(stops('l', 0.1), Stops({1, 1, 1}));
  EXPECT_EQ(stops('n', 0.55), Stops({0, 1, 1}));
  EXPECT_THROW(engine::direction_mask('x', places), Error);
}

TEST(SemanticMask, StopsByDistanceToThePhrase) {
  const at::Tensor distances = at::tensor({0.5, 0.84, 0.86, 1.2}).set_requires_grad(true);
  // 0.7 + 0.3 * 0.5 = 0.85
  EXPECT_EQ(numbers(engine::semantic_mask(distances, 0.5).stops), (std::vector<double>{0, 0, 1, 1}));
  EXPECT_EQ(numbers(engine::semantic_mask(distances, -0.5).stops), (std::vector<double>{0, 1, 1, 1}));
  const engine::MaskValues open = engine::semantic_mask(distances, std::nullopt);
  EXPECT_TRUE(at::equal(open.stops, distances.detach()));
  EXPECT_FALSE(open.stops.requires_grad());
  EXPECT_EQ(numbers(open.weights), std::vector<double>(4, 1));
}

/// White on the left half, black on the right.
at::Tensor half(std::int64_t width, std::int64_t height) {
  return at::cat({at::ones({1, 1, height, width / 2}), at::zeros({1, 1, height, width / 2})}, 3);
}
constexpr CutoutPlace kWhole{0.5, 0.5, 1, 1}, kLeft{0.25, 0.5, 0.5, 1}, kRight{0.75, 0.5, 0.5, 1};

void expect_weights(const at::Tensor& mask, const std::vector<CutoutPlace>& places,
                    const std::vector<double>& expected, double tolerance = 1e-6) {
  const engine::MaskValues values = engine::ImageMask(mask)(places);
  EXPECT_EQ(numbers(values.stops), std::vector<double>(places.size(), -kInfinity));
  const std::vector<double> weights = numbers(values.weights);
  ASSERT_EQ(weights.size(), expected.size());
  for (std::size_t i = 0; i < weights.size(); ++i)
    EXPECT_NEAR(weights[i], expected[i], tolerance) << "cutout " << i;
}

TEST(ImageMask, OneCutoutByHand) {
  const double root = std::sqrt(0.5);
  expect_weights(half(8, 4), {kWhole}, {0.5 / root});
  expect_weights(half(8, 4), {kLeft}, {1 / root});
  expect_weights(half(8, 4), {kRight}, {0});
  expect_weights(half(8, 4), {{0.5, 0.3, 0.25, 0.4}}, {0.5 / root});
  // Three quarters of it on white, in fractions of the mask's pixels.
  expect_weights(half(2, 1), {{0.4, 0.5, 0.4, 0.5}}, {0.75 / root});
  // No larger than a pixel, and one pixel for all.
  expect_weights(half(8, 4), {{0.3, 0.3, 1e-3, 1e-3}}, {1 / root});
  expect_weights(at::full({1, 1, 1, 1}, 0.36), {{0.2, 0.9, 0.1, 0.1}}, {0.6});
}

TEST(ImageMask, ErrorGoesFromLargeCutoutsToSmallOnes) {
  // The whole picture gets 1/2 and misses every pixel by +-1/2; r = sqrt(1/4 / n).
  const double root = std::sqrt(0.5), r2 = std::sqrt(0.25 / 2), r3 = std::sqrt(0.25 / 3);
  expect_weights(half(8, 4), {kWhole, kLeft}, {0.5 / root, (1 + r2) / root});
  expect_weights(half(8, 4), {kRight, kWhole}, {-r2 / root, 0.5 / root});
  // The second left one finds what the first one added: it missed by 1 - (1 + r3).
  const double gathered = 0.25 / 3 - r3 * r3 / 3;
  expect_weights(half(8, 4), {kLeft, kLeft, kWhole},
                 {(1 + r3) / root, (1 + std::sqrt(gathered)) / root, 0.5 / root});
}

TEST(ImageMask, RemembersNothing) {
  const engine::ImageMask mask(half(8, 4));
  const std::vector<CutoutPlace> places = {kWhole, kLeft, kRight};
  const engine::MaskValues first = mask(places), second = mask(places);
  EXPECT_TRUE(at::equal(first.weights, second.weights));
}

TEST(ImageMask, CutoutsAreClippedToThePicture) {
  const double root = std::sqrt(0.5);
  expect_weights(half(8, 4), {{0, 0, 1, 1}}, {1 / root});        // a quarter of it is inside
  expect_weights(half(8, 4), {{0.5, 0.5, 3, 3}}, {0.5 / root});  // larger than the picture
  expect_weights(half(8, 4), {{-0.6, 0.5, 1, 1}}, {0});          // outside
  expect_weights(half(8, 4), {{-0.5, 0.5, 1, 1}}, {0});          // touching
  expect_weights(half(8, 4), {{0.5, 1.4, 0.2, 0.1}, kLeft}, {0, 1 / root});
}

TEST(ImageMask, AlmostBlackSwitchesThePromptOff) {
  at::Tensor mask = at::zeros({1, 1, 40, 50});
  mask[0][0][3][4] = 1;
  expect_weights(mask, {kWhole, kLeft}, {0, 0});  // 1 in 2000
  mask[0][0][3][5] = 1;
  expect_weights(mask, {kWhole}, {std::sqrt(0.001)});
}

TEST(ImageMask, IsACopy) {
  const at::Tensor picture = half(8, 4);
  const engine::ImageMask mask(picture);
  picture.zero_();
  EXPECT_GT(numbers(mask({kLeft}).weights)[0], 1);
}

/// Blobs with hard edges: 0 and 1, in ninths to be written as digits.
at::Tensor blobs(std::int64_t width, std::int64_t height, std::uint64_t seed) {
  const at::Tensor coarse = at::rand({1, 1, 6, 7}, seeded(seed));
  return (at::upsample_bilinear2d(coarse, {height, width}, false) > 0.55).to(at::kFloat);
}
at::Tensor greys(std::int64_t width, std::int64_t height, std::uint64_t seed) {
  return (at::rand({1, 1, height, width}, seeded(seed)) * 9).round() / 9;
}

std::vector<double> reference_weights(const at::Tensor& mask, const std::vector<pytti::Cutout>& cutouts) {
  const Scratch scratch;
  {
    std::ofstream file(scratch / "given");
    file << mask.size(3) << ' ' << mask.size(2) << '\n';
    const at::Tensor ninths = (mask * 9).round().to(at::kInt).contiguous();
    const int* digit = ninths.data_ptr<int>();
    for (std::int64_t y = 0; y < mask.size(2); ++y) {
      for (std::int64_t x = 0; x < mask.size(3); ++x) file << *digit++;
      file << '\n';
    }
    for (const pytti::Cutout& c : cutouts)
      file << c.x << ' ' << c.y << ' ' << c.width << ' ' << c.width << '\n';
  }
  const Outcome outcome =
      run({"/bin/sh", "-c", "'" REVERIE_TEST_PYTHON "' '" REVERIE_TEST_FOLDER "/masks_reference.py' < given"},
          scratch.path());
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  std::istringstream lines(outcome.out);
  std::vector<double> result;
  for (double weight; lines >> weight;) result.push_back(weight);
  return result;
}

std::vector<pytti::Cutout> drawn(std::int64_t width, std::int64_t height, const char* border_mode,
                                 std::uint64_t seed) {
  return pytti::draw_cutouts(40, width, height, 60, {2, 0.25, border_mode}, seeded(seed));
}

TEST(ImageMask, SmallMasksAreAsTheReference) {
  for (const char* border_mode : {"clamp", "black"})
    for (const bool hard : {true, false}) {
      const at::Tensor mask = hard ? blobs(213, 150, 1) : greys(213, 150, 2);
      const std::vector<pytti::Cutout> cutouts = drawn(213, 150, border_mode, 3);
      expect_weights(mask, pytti::places_of(cutouts, 213, 150), reference_weights(mask, cutouts), 1e-4);
    }
}

TEST(ImageMask, LargeMasksAreAlmostAsTheReference) {
  const at::Tensor mask = blobs(1001, 702, 4);
  const std::vector<pytti::Cutout> cutouts = drawn(1001, 702, "mirror", 5);
  expect_weights(mask, pytti::places_of(cutouts, 1001, 702), reference_weights(mask, cutouts), 0.02);
}

TEST(ImageMask, ShrinkingIsAsExactAsPromised) {
  const std::int64_t width = 1001, height = 702, factor = 4;  // the least that makes it 256 or less
  const std::pair<const char*, at::Tensor> masks[] = {
      {"blobs", blobs(width, height, 6)},
      // The worst there is: every pixel of the small mask is a mixture.
      {"stripes", (at::arange(width) / 2 % 2).floor().to(at::kFloat).expand({1, 1, height, width})},
      {"noise", (at::rand({1, 1, height, width}, seeded(7)) > 0.5).to(at::kFloat)},
  };
  for (const auto& [name, mask] : masks) {
    const engine::ImageMask shrunk(mask);
    const double root = std::sqrt(mask.mean(at::kDouble).item<double>());
    for (const pytti::Cutout& c : drawn(width, height, "clamp", 8)) {
      const double exact =
          mask.narrow(2, c.y, c.width).narrow(3, c.x, c.width).mean(at::kDouble).item<double>();
      const double ours = numbers(shrunk({pytti::place_of(c, width, height)}).weights)[0] * root;
      const double side = static_cast<double>(c.width) / factor;
      EXPECT_LT(std::abs(ours - exact), (side + 1) / (side * side)) << name;
    }
  }
}

/// The specification's formula, number by number.
struct Expected {
  double value = 0;
  std::vector<double> gradient;
  bool asked = false, free = false;
};
Expected expected_loss(const std::vector<double>& distances, double weight, double stop,
                       const std::vector<double>& mask_stops, const std::vector<double>& mask_weights) {
  Expected result;
  const auto n = static_cast<double>(distances.size());
  for (std::size_t i = 0; i < distances.size(); ++i) {
    const double w = weight * mask_weights[i], sign = (w > 0) - (w < 0);
    const double s = std::max(mask_stops[i] + std::min(sign, 0.0), stop);
    const bool free = w != 0 && distances[i] * sign >= s;
    if (w != 0) result.value += std::abs(w) * std::max(distances[i] * sign, s) / n;
    result.gradient.push_back(free ? w / n : 0);
    const bool let_through = w != 0 && distances[i] * sign >= mask_stops[i] + std::min(sign, 0.0);
    result.asked |= let_through;
    result.free |= let_through && free;
  }
  return result;
}

TEST(MaskedPromptLoss, FollowsTheFormula) {
  const std::vector<double> distances = {0.2, 0.9, 0.5, 1.4, 0.7};
  const std::vector<std::vector<double>> all_stops = {
      std::vector<double>(5, -kInfinity), {0, 1, 0, 1, 1}, {1, 1, 1, 1, 1}, {0.3, 0.8, 0.6, 1.5, 0.7}};
  const std::vector<std::vector<double>> all_weights = {
      {1, 1, 1, 1, 1}, {0.5, 2, 0, 0.25, 1}, {-0.1, 0.3, 1, 0, -1}, {0, 0, 0, 0, 0}};
  for (const auto& stops : all_stops)
    for (const auto& weights : all_weights)
      for (const double weight : {1.0, 2.5, -1.0, -3.0, 0.0})
        for (const double stop : {-kInfinity, -0.6, 0.0, 0.6, 2.0, kInfinity}) {
          const at::Tensor x = at::tensor(distances, at::kDouble).set_requires_grad(true);
          const engine::PromptLoss loss = engine::prompt_loss(
              x, weight, stop, {at::tensor(stops, at::kDouble), at::tensor(weights, at::kDouble)});
          const Expected expected = expected_loss(distances, weight, stop, stops, weights);
          if (std::isfinite(expected.value))
            EXPECT_NEAR(loss.value.item<double>(), expected.value, 1e-12) << weight << " " << stop;
          else
            EXPECT_EQ(loss.value.item<double>(), expected.value) << weight << " " << stop;
          EXPECT_EQ(loss.asked.item<bool>(), expected.asked) << weight << " " << stop;
          EXPECT_EQ(loss.free.item<bool>(), expected.free) << weight << " " << stop;
          loss.value.backward();
          for (std::size_t i = 0; i < distances.size(); ++i) {
            const double gradient = x.grad()[static_cast<std::int64_t>(i)].item<double>();
            if (expected.gradient[i] == 0)
              EXPECT_EQ(gradient, 0) << weight << " " << stop << " cutout " << i;
            else
              EXPECT_NEAR(gradient, expected.gradient[i], 1e-12) << weight << " " << stop << " cutout " << i;
          }
        }
}

TEST(MaskedPromptLoss, DirectionsActOnBothSigns) {
  // Text distances lie below 1: a masked prompt neither pulls nor pushes there.
  const at::Tensor x = at::tensor({0.8, 0.9}).set_requires_grad(true);
  const engine::MaskValues right = engine::direction_mask('r', {kLeft, kRight});
  for (const double weight : {1.0, -1.0}) {
    const engine::PromptLoss loss = engine::prompt_loss(x, weight, -kInfinity, right);
    EXPECT_TRUE(loss.free.item<bool>());
    x.mutable_grad() = at::Tensor();
    loss.value.backward();
    EXPECT_EQ(numbers(x.grad()), (std::vector<double>{0, weight / 2}));
  }
}

TEST(MaskedPromptLoss, WithoutACutoffThePhraseMustBeNearerThanThePrompt) {
  const at::Tensor x = at::tensor({0.8, 0.8}).set_requires_grad(true);
  const engine::PromptLoss loss =
      engine::prompt_loss(x, 1, -kInfinity, engine::semantic_mask(at::tensor({0.7, 0.9}), std::nullopt));
  EXPECT_NEAR(loss.value.item<double>(), (0.8 + 0.9) / 2, 1e-6);
  loss.value.backward();
  EXPECT_EQ(numbers(x.grad()), (std::vector<double>{0.5, 0}));
}

}  // namespace
}  // namespace reverie::test
