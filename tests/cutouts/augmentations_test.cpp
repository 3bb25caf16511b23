// What happens to cutouts: how often, how much, and to which pixels.

#include "augmentations.h"

#include <array>

#include "support/numbers.h"

namespace reverie::test {
namespace {

constexpr std::int64_t kDraws = 4000, kSide = 64;

const pytti::Augmentation& drawn() {
  static const pytti::Augmentation augmentation = pytti::draw_augmentation(kDraws, kSide, seeded(1));
  return augmentation;
}

/// Does nothing to `count` pictures.
pytti::Augmentation nothing(std::int64_t count) {
  return {at::eye(2, 3).repeat({count, 1, 1}),
          at::eye(3).repeat({count, 1, 1}),
          at::zeros({count}),
          at::ones({count}),
          at::zeros({count, 4}),
          at::zeros({count}),
          at::zeros({count, 2}, at::kLong)};
}

at::Tensor applied(const at::Tensor& images, const pytti::Augmentation& augmentation) {
  return pytti::augment(images, augmentation, seeded(2));
}

at::Tensor matrix(std::initializer_list<double> values, std::int64_t rows) {
  return at::tensor(std::vector<double>(values), at::kDouble).to(at::kFloat).view({1, rows, 3});
}

TEST(Homography, MapsTheFourPoints) {
  const at::Tensor from = at::tensor({-1.0, -1.0, 1.0, -1.0, 1.0, 1.0, -1.0, 1.0}, at::kDouble).view({4, 2});
  for (std::uint64_t seed = 1; seed < 20; ++seed) {
    const at::Tensor to = from + (at::rand({4, 2}, seeded(seed), at::kDouble) - 0.5);
    const at::Tensor h = pytti::homography(from, to);
    EXPECT_EQ(h[2][2].item<double>(), 1.0);
    for (std::int64_t i = 0; i < 4; ++i) {
      const at::Tensor p = at::matmul(h, at::cat({from[i], at::ones({1}, at::kDouble)}));
      EXPECT_LT(largest(p.narrow(0, 0, 2) / p[2] - to[i]), 1e-10);
    }
  }
}

TEST(DrawnAffine, FlipsTurnsAndShiftsAsOftenAndAsFarAsSpecified) {
  const auto m = drawn().affine.accessor<float, 3>();
  std::size_t flips = 0, moved = 0;
  std::vector<double> angles, across, down;
  for (std::int64_t i = 0; i < kDraws; ++i) {
    const double determinant = m[i][0][0] * m[i][1][1] - m[i][0][1] * m[i][1][0];
    EXPECT_NEAR(std::abs(determinant), 1, 1e-5) << "sizes never change";
    const double flip = determinant < 0 ? -1 : 1;
    flips += flip < 0;
    const double angle = std::atan2(-m[i][1][0], m[i][1][1]) * 180 / M_PI;
    if (angle == 0 && m[i][0][2] == 0) continue;
    ++moved;
    angles.push_back(angle);
    across.push_back(m[i][0][2] / 2);  // the side is 2 in these coordinates
    down.push_back(m[i][1][2] / 2);
  }
  expect_frequency(flips, kDraws, 0.3);
  expect_frequency(moved, kDraws, 0.8);
  expect_uniform(angles, -30 - 1e-4, 30 + 1e-4);
  expect_uniform(across, -0.1 - 1e-6, 0.1 + 1e-6);
  expect_uniform(down, -0.1 - 1e-6, 0.1 + 1e-6);
}

TEST(DrawnPerspective, MovesCornersInwards) {
  std::size_t moved = 0;
  std::vector<double> shifts;
  const at::Tensor corners =
      at::tensor({-1.0, -1.0, 1.0, -1.0, 1.0, 1.0, -1.0, 1.0}, at::kDouble).view({4, 2});
  for (std::int64_t i = 0; i < kDraws; ++i) {
    const at::Tensor h = drawn().perspective[i].to(at::kDouble);
    if (at::equal(h, at::eye(3, at::kDouble))) continue;
    ++moved;
    if (shifts.size() > 4000) continue;
    // Where the input's corners are seen in the output.
    const at::Tensor p = at::matmul(at::cat({corners, at::ones({4, 1}, at::kDouble)}, 1), at::inverse(h).t());
    const at::Tensor inwards = ((corners - p.narrow(1, 0, 2) / p.narrow(1, 2, 1)) * corners).contiguous();
    for (std::int64_t k = 0; k < 8; ++k) shifts.push_back(inwards.data_ptr<double>()[k] / 2);
  }
  expect_frequency(moved, kDraws, 0.4);
  // Distortion 0.2 lets a corner move by up to a tenth of the side along each edge.
  expect_uniform(shifts, -1e-4, 0.1 + 1e-4);
}

TEST(DrawnColours, Jitter) {
  std::vector<double> hues, saturations;
  for (std::int64_t i = 0; i < kDraws; ++i) {
    const double hue = drawn().hue[i].item<double>(), saturation = drawn().saturation[i].item<double>();
    if (hue == 0 && saturation == 1) continue;
    hues.push_back(hue);
    saturations.push_back(saturation);
  }
  expect_frequency(hues.size(), kDraws, 0.7);
  expect_uniform(hues, -0.01 - 1e-6, 0.01 + 1e-6);
  expect_uniform(saturations, 0.99 - 1e-6, 1.01 + 1e-6);
}

TEST(DrawnErasing, RectanglesOfTheSpecifiedAreaAndRatioInside) {
  const auto box = drawn().erased.accessor<float, 2>();
  std::size_t erased = 0, flat = 0, whole = 0;
  double area_sum = 0;
  for (std::int64_t i = 0; i < kDraws; ++i) {
    const double width = box[i][2] - box[i][0], height = box[i][3] - box[i][1];
    if (width == 0 && height == 0) continue;
    ++erased;
    for (int k = 0; k < 4; ++k) EXPECT_EQ(box[i][k], std::round(box[i][k]));
    EXPECT_GE(box[i][0], 0);
    EXPECT_GE(box[i][1], 0);
    EXPECT_LE(box[i][2], kSide);
    EXPECT_LE(box[i][3], kSide);
    // Rounding moves each edge by half a pixel; a rectangle that would be longer than the side is cut.
    const double slack = (width + height + 1) / 2;
    EXPECT_LE(width * height, 0.4 * kSide * kSide + slack);
    if (width < kSide && height < kSide) {
      ++whole;
      EXPECT_GE(width * height, 0.1 * kSide * kSide - slack);
      EXPECT_GE((height + 0.5) / (width - 0.5), 0.3);
      EXPECT_LE((height - 0.5) / (width + 0.5), 3.3);
    }
    flat += width > height;
    area_sum += width * height / (kSide * kSide);
  }
  expect_frequency(erased, kDraws, 0.7);
  EXPECT_NEAR(area_sum / static_cast<double>(erased), 0.25, 0.01);
  EXPECT_NEAR(static_cast<double>(flat) / static_cast<double>(erased), 0.5, 0.06)
      << "neither flat nor upright is preferred";
  EXPECT_GT(whole, erased * 8 / 10);
}

TEST(DrawnNoise, Factor) {
  const at::Tensor noise = drawn().noise.to(at::kDouble).contiguous();
  expect_uniform(std::vector<double>(noise.data_ptr<double>(), noise.data_ptr<double>() + kDraws), 0,
                 0.1 + 1e-6);
}

TEST(DrawnAll, TheSeedDecides) {
  const pytti::Augmentation a = pytti::draw_augmentation(20, 8, seeded(5)),
                            b = pytti::draw_augmentation(20, 8, seeded(5));
  const pytti::Augmentation c = pytti::draw_augmentation(20, 8, seeded(6));
  EXPECT_TRUE(at::equal(a.affine, b.affine) && at::equal(a.erased, b.erased) && at::equal(a.noise, b.noise));
  EXPECT_FALSE(at::equal(a.noise, c.noise));
}

TEST(Augment, NothingChangesNothing) {
  for (const std::int64_t side : {1, 2, 7, 32}) {
    const at::Tensor images = at::rand({3, 3, side, side}, seeded(3));
    EXPECT_LT(largest(applied(images, nothing(3)) - images), 1e-5) << side;
  }
}

TEST(Augment, Flip) {
  const at::Tensor images = at::rand({2, 3, 9, 9}, seeded(4));
  pytti::Augmentation flip = nothing(2);
  flip.affine[0] = matrix({-1, 0, 0, 0, 1, 0}, 2)[0];
  const at::Tensor result = applied(images, flip);
  EXPECT_LT(largest(result[0] - images[0].flip({2})), 1e-5);
  EXPECT_LT(largest(result[1] - images[1]), 1e-5) << "each picture for itself";
}

TEST(Augment, ShiftByWholePixelsRepeatsTheEdge) {
  const at::Tensor images = at::rand({1, 3, 10, 10}, seeded(5));
  pytti::Augmentation shift = nothing(1);
  shift.affine[0] = matrix({1, 0, 0.4, 0, 1, -0.2}, 2)[0];  // 2 pixels and -1 pixel of 10 that span 2
  const at::Tensor result = applied(images, shift);
  for (std::int64_t y = 0; y < 10; ++y)
    for (std::int64_t x = 0; x < 10; ++x)
      EXPECT_LT(largest(result.select(2, y).select(2, x) - images.select(2, std::max<std::int64_t>(y - 1, 0))
                                                               .select(2, std::min<std::int64_t>(x + 2, 9))),
                1e-5);
}

TEST(Augment, QuarterTurn) {
  const at::Tensor images = at::rand({1, 3, 8, 8}, seeded(6));
  pytti::Augmentation turn = nothing(1);
  turn.affine[0] = matrix({0, 1, 0, -1, 0, 0}, 2)[0];  // output (x, y) shows input (y, -x)
  EXPECT_LT(largest(applied(images, turn) - images.transpose(2, 3).flip({3})), 1e-5);
}

TEST(Augment, BeyondThePerspectiveIsBlack) {
  const at::Tensor images = at::rand({1, 3, 8, 8}, seeded(7)) + 0.1;
  pytti::Augmentation small = nothing(1);
  small.perspective[0] = matrix({2, 0, 0, 0, 2, 0, 0, 0, 1}, 3)[0];  // the input fills the middle half
  const at::Tensor result = applied(images, small);
  const at::Tensor middle = result.narrow(2, 2, 4).narrow(3, 2, 4);
  EXPECT_EQ((result != 0).sum().item<std::int64_t>(), 3 * 16);
  EXPECT_LT(largest(middle - at::avg_pool2d(images, 2)), 1e-5)
      << "bilinear halfway between pixels is their mean";
}

TEST(Augment, ErasesExactlyTheRectangleAndItsGradient) {
  const at::Tensor images = (at::rand({2, 3, 12, 12}, seeded(8)) * 0.8 + 0.1).set_requires_grad(true);
  pytti::Augmentation erase = nothing(2);
  erase.erased[0] = at::tensor({3.0, 5.0, 7.0, 11.0});
  const at::Tensor result = applied(images, erase);
  result.sum().backward();
  for (std::int64_t y = 0; y < 12; ++y)
    for (std::int64_t x = 0; x < 12; ++x) {
      const bool inside = x >= 3 && x < 7 && y >= 5 && y < 11;
      const at::Tensor seen = result[0].select(1, y).select(1, x), was = images[0].select(1, y).select(1, x);
      const at::Tensor gradient = images.grad()[0].select(1, y).select(1, x);
      EXPECT_LT(largest(seen - (inside ? at::zeros({3}) : was)), 1e-5) << x << "," << y;
      // Bilinear sampling at pixel centres may leave a rounding error's worth of weight to a neighbour.
      EXPECT_LT(largest(gradient - (inside ? 0.0 : 1.0)), 1e-3) << x << "," << y;
    }
  EXPECT_LT(largest(result[1] - images[1]), 1e-5);
}

TEST(Augment, NoiseHasTheGivenDeviation) {
  const at::Tensor images = at::full({3, 3, 64, 64}, 0.5);
  pytti::Augmentation noisy = nothing(3);
  noisy.noise = at::tensor({0.0, 0.05, 0.1});
  const at::Tensor noise = applied(images, noisy) - images;
  EXPECT_LT(largest(noise[0]), 1e-5);
  for (const std::int64_t i : {1, 2}) {
    const double expected = 0.05 * double(i), n = 3 * 64 * 64;
    EXPECT_NEAR(noise[i].mean().item<double>(), 0, 5 * expected / std::sqrt(n));
    EXPECT_NEAR(noise[i].std().item<double>(), expected, 5 * expected / std::sqrt(2 * n));
  }
  EXPECT_LT(std::abs((noise[1] * noise[2]).mean().item<double>()), 5 * 0.05 * 0.1 / std::sqrt(3.0 * 64 * 64))
      << "independent";
}

/// Without colour jitter and noise the whole chain is linear, so its derivative must be its own adjoint.
TEST(Augment, GradientIsTheAdjoint) {
  pytti::Augmentation a = pytti::draw_augmentation(6, 16, seeded(9));
  a.hue.zero_();
  a.saturation.fill_(1);
  a.noise.zero_();
  const at::Tensor x = (at::rand({6, 3, 16, 16}, seeded(10)) * 0.5 + 0.25).set_requires_grad(true);
  const at::Tensor direction = (at::rand({6, 3, 16, 16}, seeded(11)) - 0.5) * 0.1;
  const at::Tensor weights = at::rand({6, 3, 16, 16}, seeded(12));
  const at::Tensor y = applied(x, a);
  y.backward(weights);
  const double forward = ((applied(x + direction, a) - y) * weights).sum().item<double>();
  EXPECT_NEAR((x.grad() * direction).sum().item<double>(), forward, 2e-4 * std::max(1.0, std::abs(forward)));
}

using Colour = std::array<double, 3>;

/// RGB to HSV and back by sextants, as textbooks write it.
Colour shifted(const Colour& rgb, double hue_shift, double factor) {
  const double high = std::max({rgb[0], rgb[1], rgb[2]}), low = std::min({rgb[0], rgb[1], rgb[2]}),
               chroma = high - low;
  double hue = 0;
  if (chroma > 0) {
    if (high == rgb[0])
      hue = 60 * (rgb[1] - rgb[2]) / chroma;
    else if (high == rgb[1])
      hue = 120 + 60 * (rgb[2] - rgb[0]) / chroma;
    else
      hue = 240 + 60 * (rgb[0] - rgb[1]) / chroma;
  }
  hue = std::fmod(hue + 360 * hue_shift + 720, 360);
  const double saturation = std::clamp(high > 0 ? chroma / high * factor : 0, 0.0, 1.0);
  const int sextant = static_cast<int>(hue / 60) % 6;
  const double f = hue / 60 - std::floor(hue / 60);
  const double p = high * (1 - saturation), q = high * (1 - saturation * f),
               t = high * (1 - saturation * (1 - f));
  switch (sextant) {
    case 0:
      return {high, t, p};
    case 1:
      return {q, high, p};
    case 2:
      return {p, high, t};
    case 3:
      return {p, q, high};
    case 4:
      return {t, p, high};
    default:
      return {high, p, q};
  }
}

TEST(ShiftColours, AgreesWithTheTextbook) {
  std::vector<Colour> colours = {{0, 0, 0}, {1, 1, 1},   {0.5, 0.5, 0.5}, {1, 0, 0},
                                 {0, 1, 0}, {0, 0, 1},   {1, 1, 0},       {0, 1, 1},
                                 {1, 0, 1}, {1, 0.5, 0}, {0.2, 0.7, 0.7}, {0.3, 0.3, 0.1}};
  const at::Tensor random = at::rand({300, 3}, seeded(13), at::kDouble);
  for (std::int64_t i = 0; i < 300; ++i)
    colours.push_back(
        {random[i][0].item<double>(), random[i][1].item<double>(), random[i][2].item<double>()});
  const auto n = static_cast<std::int64_t>(colours.size());
  const at::Tensor pixels = at::empty({1, 3, 1, n}, at::kDouble);
  for (std::int64_t i = 0; i < n; ++i)
    for (int c = 0; c < 3; ++c)
      pixels[0][c][0][i] = colours[static_cast<std::size_t>(i)][static_cast<std::size_t>(c)];
  for (const double hue : {0.0, 0.01, -0.01, 1.0 / 3, -0.5, 0.9})
    for (const double saturation : {1.0, 0.99, 1.01, 0.0, 0.5, 3.0}) {
      const at::Tensor result =
          pytti::shift_colours(pixels, at::tensor({hue}, at::kDouble), at::tensor({saturation}, at::kDouble));
      for (std::int64_t i = 0; i < n; ++i) {
        const Colour expected = shifted(colours[static_cast<std::size_t>(i)], hue, saturation);
        for (int c = 0; c < 3; ++c)
          ASSERT_NEAR(result[0][c][0][i].item<double>(), expected[static_cast<std::size_t>(c)], 1e-4)
              << "colour " << i << " hue " << hue << " saturation " << saturation;
      }
    }
}

TEST(ShiftColours, Gradient) {
  const at::Tensor weights = at::rand({2, 3, 2, 3}, seeded(14), at::kDouble);
  const at::Tensor hue = at::tensor({0.01, -0.2}, at::kDouble),
                   saturation = at::tensor({0.99, 0.7}, at::kDouble);
  expect_gradient(
      [&](const at::Tensor& x) { return (pytti::shift_colours(x, hue, saturation) * weights).sum(); },
      at::rand({2, 3, 2, 3}, seeded(15), at::kDouble) * 0.8 + 0.1);
}

TEST(ShiftColours, GradientIsFiniteOnGreyAndBlack) {
  for (const double grey : {0.0, 0.5, 1.0}) {
    const at::Tensor x = at::full({1, 3, 1, 1}, grey).set_requires_grad(true);
    pytti::shift_colours(x, at::tensor({0.01}), at::tensor({1.01})).sum().backward();
    EXPECT_TRUE(x.grad().isfinite().all().item<bool>()) << grey;
  }
}

}  // namespace
}  // namespace reverie::test
