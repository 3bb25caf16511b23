// The loss palette against closed forms, and against the least of all ways to move colours.

#include <ATen/core/grad_mode.h>

#include <numeric>

#include "losses/loss_under_test.h"
#include "support/numbers.h"

namespace reverie::test {
namespace {

using Params = std::map<std::string, std::string>;

double palette(const at::Tensor& image, const Params& params, const at::Tensor& target = {},
               const at::Tensor& mask = {}, std::int64_t step = 0) {
  const auto loss = make_loss("palette", {image.size(3), image.size(2)}, params);
  if (target.defined()) loss->set_target(target);
  loss->set_mask(mask);
  PictureModel model;
  Loss::Context context;
  context.step = step;
  return evaluate(*loss, image, model, context).item<double>();
}

at::Tensor picture(std::int64_t width, std::int64_t height, std::uint64_t seed) {
  return at::rand({1, 3, height, width}, seeded(seed));
}

/// A picture of these colours, one pixel each, in a row.
at::Tensor row(const std::vector<std::vector<double>>& colours) {
  at::Tensor result = at::empty({1, 3, 1, static_cast<std::int64_t>(colours.size())});
  for (std::size_t i = 0; i < colours.size(); ++i)
    for (std::size_t c = 0; c < 3; ++c)
      result[0][static_cast<std::int64_t>(c)][0][static_cast<std::int64_t>(i)] = colours[i][c];
  return result;
}

TEST(PaletteLoss, WhereColoursAreMakesNoDifference) {
  const at::Tensor image = picture(12, 10, 1);
  const at::Tensor shuffled =
      image.flatten(2).index_select(2, at::randperm(120, seeded(2), at::kLong)).view({1, 3, 20, 6});
  EXPECT_NEAR(palette(image, {}, shuffled), 0, 1e-12);
  EXPECT_GT(palette(image, {}, shuffled * 0.8), 1e-3);
}

TEST(PaletteLoss, ColoursThatAllMoveAlikeHaveTheirDistance) {
  const at::Tensor image = picture(9, 7, 3) * 0.5;
  for (const std::vector<double>& move : {std::vector<double>{0.2, 0, 0}, {0, 0, 0.3}, {0.1, -0.2, 0.15}}) {
    double square = 0;
    for (const double d : move) square += d * d;
    const at::Tensor moved = image + at::tensor(move, at::kFloat).view({1, 3, 1, 1});
    EXPECT_NEAR(palette(image, {}, moved), square / 3, 1e-6);
  }
}

/// The mean, over the directions of the cube's edges and diagonals, of the least mean square by which
/// projections can be moved onto the others, of all ways to pair them.
double least_of_all_ways(const at::Tensor& from, const at::Tensor& to) {
  const std::int64_t count = from.size(3);
  double total = 0;
  int directions = 0;
  for (int r = -1; r <= 1; ++r)
    for (int g = -1; g <= 1; ++g)
      for (int b = -1; b <= 1; ++b) {
        if (r == 0 && g == 0 && b == 0) continue;
        ++directions;  // opposite ones have the same distance
        const double length = std::sqrt(r * r + g * g + b * b);
        const auto along = [&](const at::Tensor& picture, std::int64_t i) {
          const auto value = [&](int c) { return picture[0][c][0][i].item<double>(); };
          return (r * value(0) + g * value(1) + b * value(2)) / length;
        };
        std::vector<std::int64_t> order(static_cast<std::size_t>(count));
        std::iota(order.begin(), order.end(), 0);
        double least = 1e9;
        do {
          double sum = 0;
          for (std::int64_t i = 0; i < count; ++i)
            sum += std::pow(along(from, i) - along(to, order[static_cast<std::size_t>(i)]), 2);
          least = std::min(least, sum / static_cast<double>(count));
        } while (std::next_permutation(order.begin(), order.end()));
        total += least;
      }
  return total / directions;
}

TEST(PaletteLoss, NoOtherWayToMoveColoursIsShorter) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    const at::Tensor from = picture(5, 1, seed), to = picture(5, 1, seed + 10);
    EXPECT_NEAR(palette(from, {}, to), least_of_all_ways(from, to), 1e-6);
  }
}

TEST(PaletteLoss, AListTakesEqualParts) {
  const Params two = {{"colours", "#000,FFFFFF"}};
  EXPECT_NEAR(palette(row({{1, 1, 1}, {0, 0, 0}, {0, 0, 0}, {1, 1, 1}}), two), 0, 1e-12);
  // One of four whites too many: |(1, 1, 1)|^2 / 3 for a quarter of the picture.
  EXPECT_NEAR(palette(row({{1, 1, 1}, {1, 1, 1}, {0, 0, 0}, {1, 1, 1}}), two), 0.25, 1e-6);
  const Params orange = {{"colours", "#ff8000"}};
  EXPECT_NEAR(palette(row({{1, 0.501961, 0}, {1, 0.501961, 0.3}}), orange), 0.09 / 3 / 2, 1e-6);
}

TEST(PaletteLoss, AnyShareDrawsEachPixelToItsNearest) {
  const Params two = {{"colours", "#000,#fff"}, {"share", "any"}};
  EXPECT_NEAR(palette(row({{1, 1, 1}, {1, 1, 1}, {1, 1, 1}}), two), 0, 1e-12);
  EXPECT_NEAR(palette(row({{0.1, 0.2, 0}, {1, 0.7, 1}}), two), (0.01 + 0.04 + 0.09) / 6, 1e-6);
}

TEST(PaletteLoss, OnlyWhatTheMaskShowsTakesPart) {
  // The right half is whatever it is: the left one has black and white in equal parts.
  const at::Tensor image = row({{0, 0, 0}, {1, 1, 1}, {0.3, 0.9, 0.1}, {1, 1, 1}});
  const at::Tensor left = at::tensor({1.0f, 1.0f, 0.0f, 0.0f}).view({1, 1, 1, 4});
  const Params two = {{"colours", "#000,#fff"}};
  EXPECT_NEAR(palette(image, two, {}, left), 0, 1e-12);
  EXPECT_GT(palette(image, two), 1e-3);
  const at::Tensor grey = row({{0.2, 0.2, 0.2}, {0.9, 0.9, 0.9}, {0, 1, 0}, {0, 1, 0}});
  // All elements count in the mean, as in other losses with masks.
  EXPECT_NEAR(palette(grey, two, {}, left), (0.04 + 0.01) / 4, 1e-6);
  EXPECT_NEAR(palette(grey, {{"colours", "#000,#fff"}, {"share", "any"}}, {}, left), (0.04 + 0.01) / 4, 1e-6);
}

TEST(PaletteLoss, LargePicturesAreSampledAllOver) {
  // 40000 pixels of one colour and the others: every step has the value of the whole, and another choice.
  const at::Tensor image = at::full({1, 3, 200, 200}, 0.25).set_requires_grad(true);
  const auto loss = make_loss("palette", {200, 200}, {{"colours", "#000"}});
  PictureModel model;
  at::Tensor seen = at::zeros({200, 200});
  for (int step = 0; step < 40; ++step) {
    Loss::Context context;
    context.step = step;
    const at::Tensor value = evaluate(*loss, image, model, context);
    EXPECT_NEAR(value.item<double>(), 0.0625, 1e-6);
    image.mutable_grad() = at::Tensor();
    value.backward();
    seen += (image.grad()[0][0] != 0).to(at::kFloat);
  }
  EXPECT_EQ((seen == 0).sum().item<int>(), 0) << "every pixel has its turn";
  // 16384 of 40000 in each of forty steps, but for pixels in two parts that both have chosen.
  EXPECT_LE(seen.mean().item<double>(), 40 * 0.4096 + 1e-6);
  EXPECT_GE(seen.mean().item<double>(), 40 * 0.4096 * 0.95);
  EXPECT_EQ(palette(picture(200, 200, 4), {{"colours", "#123"}}, {}, {}, 7),
            palette(picture(200, 200, 4), {{"colours", "#123"}}, {}, {}, 7));
}

TEST(PaletteLoss, Gradient) {
  const at::Tensor target = picture(4, 3, 8), mask = at::rand({1, 1, 3, 4}, seeded(9));
  for (const Params& params :
       {Params{}, {{"colours", "#f00,#0a4,#013"}}, {{"colours", "#f00,#0a4,#013"}, {"share", "any"}}})
    for (const bool masked : {false, true})
      expect_gradient(
          [&](const at::Tensor& x) {
            const auto loss = make_loss("palette", {4, 3}, params);
            if (params.empty()) loss->set_target(target);
            if (masked) loss->set_mask(mask);
            PictureModel model;
            return evaluate(*loss, x, model);
          },
          at::rand({1, 3, 3, 4}, seeded(5), at::kDouble));
}

TEST(PaletteLoss, DescentGivesAPictureTheColoursOfAnother) {
  const at::Tensor target = picture(16, 16, 1).pow(3), image = picture(16, 16, 2).set_requires_grad(true);
  const auto loss = make_loss("palette", {16, 16});
  loss->set_target(target);
  PictureModel model;
  for (int i = 0; i < 200; ++i) {
    image.mutable_grad() = at::Tensor();
    evaluate(*loss, image, model).backward();
    const at::NoGradGuard no_grad;
    at::Tensor(image).sub_(image.grad(), 100);
  }
  for (int c = 0; c < 3; ++c)
    EXPECT_LT(largest(std::get<0>(image.detach()[0][c].flatten().sort()) -
                      std::get<0>(target[0][c].flatten().sort())),
              0.05);
}

TEST(PaletteLoss, WhatIsNoColourIsToldByItsSetting) {
  for (const char* wrong : {"#12345", "#xyz", "red"}) {
    const Error error = error_of([&] { make_loss("palette", {4, 4}, {{"colours", wrong}}); });
    EXPECT_EQ(error.kind(), ErrorKind::settings);
    EXPECT_NE(std::string(error.what()).find("'colours'"), std::string::npos) << error.what();
  }
  EXPECT_EQ(error_of([&] { make_loss("palette", {4, 4}, {{"share", "any"}}); }).kind(), ErrorKind::settings);
}

}  // namespace
}  // namespace reverie::test
