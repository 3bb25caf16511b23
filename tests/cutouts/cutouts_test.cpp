// Where cutouts lie and what is in them.

#include "cutouts.h"

#include <map>

#include "support/numbers.h"

namespace reverie::test {
namespace {

const char* const kModes[] = {"clamp", "mirror", "wrap", "black", "smear"};

/// P(size <= s) for size = floor(M * clip(N(0.8, 0.3), least, 1)^power).
double size_cdf(double s, double shorter, double least, double power) {
  const double q =
      std::pow((s + 1) / shorter, 1 / power);  // the size is at most s where the clipped draw is below q
  if (q > 1) return 1;
  return q <= least ? 0 : normal_cdf((q - 0.8) / 0.3);
}

TEST(CutoutSizes, FollowTheSpecifiedDistribution) {
  struct Case {
    std::int64_t width, height, input;
    double power;
  };
  constexpr std::int64_t n = 20000;
  for (const Case c :
       {Case{200, 200, 64, 2}, Case{300, 100, 32, 1}, Case{90, 400, 10, 0.5}, Case{512, 512, 224, 3}}) {
    const double shorter = static_cast<double>(std::min(c.width, c.height));
    std::map<std::int64_t, std::int64_t> counts;
    for (const pytti::Cutout& cutout :
         pytti::draw_cutouts(n, c.width, c.height, c.input, {c.power, 0.25, "clamp"}, seeded(1)))
      ++counts[cutout.width];
    double worst = 0, seen = 0;
    for (std::int64_t s = 0; s <= static_cast<std::int64_t>(shorter); ++s) {
      seen += counts.count(s) ? static_cast<double>(counts[s]) : 0;
      const double expected =
          size_cdf(static_cast<double>(s), shorter, static_cast<double>(c.input) / shorter, c.power);
      worst = std::max(worst, std::abs(seen / n - expected));
    }
    EXPECT_EQ(seen, n) << "sizes beyond the shorter side";
    EXPECT_LT(worst, ks_bound(n)) << c.width << "x" << c.height << " power " << c.power;
    EXPECT_GE(counts.begin()->first,
              static_cast<std::int64_t>(shorter * std::pow(c.input / shorter, c.power)));
  }
}

TEST(CutoutSizes, OverviewsHaveThePicturesProportions) {
  pytti::CutoutSettings settings{2, 0, "clamp", 0.25};
  const std::vector<pytti::Cutout> cutouts = pytti::draw_cutouts(40, 200, 100, 32, settings, seeded(1));
  for (std::size_t i = 0; i < cutouts.size(); ++i) {
    const pytti::Cutout& c = cutouts[i];
    if (i < 10) {
      EXPECT_GE(c.width, 160);
      EXPECT_NEAR(static_cast<double>(c.width), 2.0 * static_cast<double>(c.height), 2);
      EXPECT_LE(c.x + c.width, 200);
      EXPECT_LE(c.y + c.height, 100);
    } else {
      EXPECT_EQ(c.width, c.height);
    }
  }
  // The other draws stay as they are, so that files without the setting keep their pictures.
  settings.overviews = 0;
  const std::vector<pytti::Cutout> without = pytti::draw_cutouts(40, 200, 100, 32, settings, seeded(1));
  for (std::size_t i = 10; i < cutouts.size(); ++i) EXPECT_EQ(cutouts[i].x, without[i].x);
}

TEST(CutoutSizes, LargeInputsSeeAllOfTheShorterSide) {
  for (const std::int64_t input : {40, 41, 224})
    for (const pytti::Cutout& cutout : pytti::draw_cutouts(200, 100, 40, input, {}, seeded(2)))
      EXPECT_EQ(cutout.width, 40);
}

/// Chi-squared of counts that should be equal in expectation to `p * n`, as deviations from its mean.
double excess(const std::vector<double>& counts, const std::vector<double>& p, double n) {
  double chi = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) chi += std::pow(counts[i] - n * p[i], 2) / (n * p[i]);
  const double freedom = static_cast<double>(counts.size()) - 1;
  return (chi - freedom) / std::sqrt(2 * freedom);
}

TEST(CutoutPlaces, ClampGathersWhatPokesOutAtTheEdges) {
  // width 120, size 80: pad 30, so floor(U * 101) - 30, clipped to 0..40. The height leaves no choice.
  constexpr std::int64_t n = 30000;
  std::vector<double> counts(41), p(41, 1.0 / 101);
  p[0] = p[40] = 31.0 / 101;
  for (const pytti::Cutout& cutout : pytti::draw_cutouts(n, 120, 80, 80, {2, 0.25, "clamp"}, seeded(3))) {
    ASSERT_GE(cutout.x, 0);
    ASSERT_LE(cutout.x, 40);
    EXPECT_EQ(cutout.y, 0);
    ++counts[static_cast<std::size_t>(cutout.x)];
  }
  EXPECT_LT(excess(counts, p, n), 5);
}

TEST(CutoutPlaces, OtherModesReachBeyondTheEdgesUniformly) {
  // -30 .. 40 + 30 across, -20 .. 20 down.
  constexpr std::int64_t n = 30000;
  for (const char* mode : {"mirror", "wrap", "black", "smear"}) {
    std::vector<double> across(101), down(41);
    for (const pytti::Cutout& cutout : pytti::draw_cutouts(n, 120, 80, 80, {2, 0.25, mode}, seeded(4))) {
      ASSERT_GE(cutout.x, -30);
      ASSERT_LE(cutout.x, 70);
      ASSERT_GE(cutout.y, -20);
      ASSERT_LE(cutout.y, 20);
      ++across[static_cast<std::size_t>(cutout.x + 30)];
      ++down[static_cast<std::size_t>(cutout.y + 20)];
    }
    EXPECT_LT(excess(across, std::vector<double>(101, 1.0 / 101), n), 5);
    EXPECT_LT(excess(down, std::vector<double>(41, 1.0 / 41), n), 5);
  }
}

TEST(CutoutPlaces, SmallCutoutsReachOnlyTheirOwnSizeBeyondTheEdge) {
  for (const pytti::Cutout& cutout : pytti::draw_cutouts(5000, 100, 100, 1, {8, 1, "wrap"}, seeded(5))) {
    EXPECT_GE(cutout.x, -cutout.width);
    EXPECT_LE(cutout.x, 100);
    EXPECT_GE(cutout.y, -cutout.width);
    EXPECT_LE(cutout.y, 100);
  }
}

TEST(CutoutPlaces, NoBorderMeansInside) {
  for (const char* mode : kModes)
    for (const pytti::Cutout& cutout : pytti::draw_cutouts(500, 30, 50, 8, {2, 0, mode}, seeded(6))) {
      EXPECT_GE(cutout.x, 0);
      EXPECT_LE(cutout.x + cutout.width, 30);
      EXPECT_GE(cutout.y, 0);
      EXPECT_LE(cutout.y + cutout.width, 50);
    }
}

TEST(CutoutPlaces, TheSeedDecides) {
  const auto draw = [](std::uint64_t seed) {
    std::vector<std::int64_t> all;
    for (const pytti::Cutout& c : pytti::draw_cutouts(50, 80, 60, 16, {}, seeded(seed)))
      all.insert(all.end(), {c.x, c.y, c.width});
    return all;
  };
  EXPECT_EQ(draw(7), draw(7));
  EXPECT_NE(draw(7), draw(8));
}

TEST(CutoutPlaces, BorderIsAFractionOfTheSideAndNoMoreThanIt) {
  EXPECT_EQ(pytti::border_pixels(100, 0.25), 25);
  EXPECT_EQ(pytti::border_pixels(7, 0.25), 2);
  EXPECT_EQ(pytti::border_pixels(100, 1), 100);
  EXPECT_EQ(pytti::border_pixels(1, 0.25), 0);
  EXPECT_EQ(pytti::border_pixels(50, 0), 0);
}

/// A picture whose pixel at (x, y) is 10 y + x, the same in all channels.
at::Tensor ramp(std::int64_t width, std::int64_t height) {
  const at::Tensor y = at::arange(height, at::kDouble).view({-1, 1}),
                   x = at::arange(width, at::kDouble).view({1, -1});
  return (10 * y + x).expand({1, 3, height, width}).contiguous();
}

at::Tensor take(const at::Tensor& image, const pytti::Cutout& cutout, std::int64_t input,
                const char* mode = "clamp", double border = 0.5) {
  const at::Tensor result = pytti::take_cutouts(image, {cutout}, input, {2, border, mode});
  EXPECT_EQ(result.sizes(), at::IntArrayRef({1, 3, input, input}));
  EXPECT_EQ(largest(result[0][0] - result[0][2]), 0);
  return result[0][0];
}

at::Tensor table(std::initializer_list<double> values, std::int64_t side) {
  return at::tensor(std::vector<double>(values), at::kDouble).view({side, side});
}

TEST(CutoutPixels, AreAveragedOverTheirArea) {
  // Blocks of 2x2: 0 1 10 11 average to 5.5.
  EXPECT_LT(largest(take(ramp(4, 4), {0, 0, 4, 4}, 2) - table({5.5, 7.5, 25.5, 27.5}, 2)), 1e-12);
  // Three pixels on two: both take the middle one.
  EXPECT_LT(largest(take(ramp(4, 4), {1, 0, 3, 3}, 2) - table({6.5, 7.5, 16.5, 17.5}, 2)), 1e-12);
  // Too few pixels are repeated.
  EXPECT_LT(largest(take(ramp(4, 4), {2, 1, 2, 2}, 4) -
                    table({12, 12, 13, 13, 12, 12, 13, 13, 22, 22, 23, 23, 22, 22, 23, 23}, 4)),
            1e-12);
}

/// What a border mode shows at coordinate i of a side of n pixels; -1 for black.
std::int64_t source(std::int64_t i, std::int64_t n, const std::string& mode) {
  if (mode == "black") return i < 0 || i >= n ? -1 : i;
  if (mode == "wrap") return (i % n + n) % n;
  if (mode == "smear") return std::clamp<std::int64_t>(i, 0, n - 1);
  return i < 0 ? -i : i >= n ? 2 * (n - 1) - i : i;  // mirror, without repeating the edge
}

TEST(CutoutPixels, BeyondTheEdge) {
  for (const char* mode : {"mirror", "wrap", "black", "smear"})
    for (const auto& [x, y] :
         {std::pair<std::int64_t, std::int64_t>{-2, -2}, {2, 2}, {-1, 2}, {0, 0}, {2, -2}}) {
      const at::Tensor seen = take(ramp(4, 4), {x, y, 4, 4}, 4, mode);
      for (std::int64_t row = 0; row < 4; ++row)
        for (std::int64_t column = 0; column < 4; ++column) {
          const std::int64_t sx = source(x + column, 4, mode), sy = source(y + row, 4, mode);
          EXPECT_EQ(seen[row][column].item<double>(), sx < 0 || sy < 0 ? 0.0 : double(10 * sy + sx))
              << mode << " at " << x + column << "," << y + row;
        }
    }
}

TEST(CutoutPixels, AMirrorThatIsTooShortSmearsTheRest) {
  // Four pixels mirror to 3 2 1 | 0 1 2 3; the fourth to the left repeats the outermost.
  const at::Tensor row = take(ramp(4, 4), {-4, 0, 4, 4}, 4, "mirror", 1)[0];
  EXPECT_LT(largest(row - at::tensor({3.0, 3.0, 2.0, 1.0}, at::kDouble)), 1e-12);
}

TEST(CutoutPixels, OfEverySizeOfPicture) {
  for (const char* mode : kModes)
    for (const auto& [width, height] :
         {std::pair<std::int64_t, std::int64_t>{1, 1}, {1, 9}, {9, 1}, {2, 3}, {50, 20}}) {
      const pytti::CutoutSettings settings{2, 1, mode};
      const at::Tensor image = at::rand({1, 3, height, width}, seeded(9));
      const std::vector<pytti::Cutout> places =
          pytti::draw_cutouts(60, width, height, 8, settings, seeded(10));
      for (const pytti::Cutout& cutout : places) {
        EXPECT_GE(cutout.width, 1);
        EXPECT_LE(cutout.width, std::min(width, height));
      }
      const at::Tensor seen = pytti::take_cutouts(image, places, 8, settings);
      EXPECT_EQ(seen.sizes(), at::IntArrayRef({60, 3, 8, 8}));
      EXPECT_GE(seen.min().item<float>(), 0);
      EXPECT_LE(seen.max().item<float>(), 1);
    }
}

TEST(CutoutPixels, Gradient) {
  const at::Tensor weights = at::rand({2, 3, 3, 3}, seeded(11), at::kDouble);
  for (const char* mode : kModes) {
    const std::vector<pytti::Cutout> places = std::string(mode) == "clamp"
                                                  ? std::vector<pytti::Cutout>{{0, 0, 4, 4}, {1, 0, 2, 2}}
                                                  : std::vector<pytti::Cutout>{{-2, 1, 4, 4}, {3, -1, 2, 2}};
    expect_gradient(
        [&](const at::Tensor& x) {
          return (pytti::take_cutouts(x, places, 3, {2, 0.5, mode}) * weights).sum();
        },
        at::rand({1, 3, 4, 5}, seeded(12)));
  }
}

}  // namespace
}  // namespace reverie::test
