// The cutout methods grid and disco: what is in their cutouts, by pictures whose colours are their places.

#include "fixtures/plugins_under_test.h"
#include "reverie/cutout_method.h"
#include "support/numbers.h"

namespace reverie::test {
namespace {

/// Red grows from left to right, green from top to bottom, 0..1 over the whole; blue is 1/2.
at::Tensor places(std::int64_t width, std::int64_t height) {
  const auto along = [](std::int64_t size) {
    return (at::arange(size, at::kFloat) + 0.5) / static_cast<double>(size);
  };
  const at::Tensor x = along(width).view({1, width}).expand({height, width});
  const at::Tensor y = along(height).view({height, 1}).expand({height, width});
  return at::stack({x, y, at::full({height, width}, 0.5)}).unsqueeze(0);
}

class Cutouts : public testing::Test {
 protected:
  Cutouts() : host_(host_options()) {}
  CutoutMethod::Batch take(const std::string& name, const std::map<std::string, double>& params,
                           const at::Tensor& image, std::int64_t count, std::int64_t side) {
    const PluginFile& plugin = plugins().find(CutoutMethod::kKind, name);
    Settings settings = default_params(plugin);
    for (const auto& [param, number] : params) set(settings, param, number);
    return create<CutoutMethod>(plugin, host_, settings, {count})->take(image, count, side);
  }
  engine::HostServices host_;
};

/// On pictures of places(): each cutout's middle is where its place says, and its sides reach as far.
void expect_at_their_places(const CutoutMethod::Batch& batch, double tolerance) {
  const std::int64_t side = batch.images.size(2);
  for (std::size_t i = 0; i < batch.places.size(); ++i) {
    const at::Tensor cutout = batch.images[static_cast<std::int64_t>(i)];
    const CutoutPlace& place = batch.places[i];
    EXPECT_NEAR(cutout[0].mean().item<double>(), place.x, tolerance) << i;
    EXPECT_NEAR(cutout[1].mean().item<double>(), place.y, tolerance) << i;
    // From the first pixel's middle to the last one's.
    const double reach = static_cast<double>(side - 1) / static_cast<double>(side);
    EXPECT_NEAR((cutout[0].select(1, side - 1) - cutout[0].select(1, 0)).mean().item<double>(),
                place.width * reach, 2 * tolerance)
        << i;
    EXPECT_NEAR((cutout[1].select(0, side - 1) - cutout[1].select(0, 0)).mean().item<double>(),
                place.height * reach, 2 * tolerance)
        << i;
  }
}

TEST_F(Cutouts, GridHasTheWholeItsQuartersAndTheirs) {
  const CutoutMethod::Batch batch =
      take("grid", {{"grid_levels", 3}, {"grid_overlap", 0}}, places(128, 64), 21, 16);
  expect_at_their_places(batch, 0.01);
  EXPECT_NEAR(batch.places[0].width, 1, 1e-9);
  double area = 0;
  std::map<double, int> widths;
  for (const CutoutPlace& place : batch.places) {
    area += place.width * place.height;
    ++widths[place.width];
    EXPECT_NEAR(place.width, place.height, 1e-9);
  }
  EXPECT_NEAR(area, 3, 1e-9) << "each level covers the picture once";
  EXPECT_EQ(widths, (std::map<double, int>{{0.25, 16}, {0.5, 4}, {1, 1}}));
}

TEST_F(Cutouts, GridsPartsReachOverEachOther) {
  // Quarters of 40 x 20 pixels, larger by half: by 10 and 5 on each inner side.
  const CutoutMethod::Batch batch =
      take("grid", {{"grid_levels", 2}, {"grid_overlap", 0.5}}, places(80, 40), 5, 16);
  expect_at_their_places(batch, 0.02);
  for (std::size_t i = 1; i < 5; ++i) {
    EXPECT_NEAR(batch.places[i].width, 50.0 / 80, 1e-9);
    EXPECT_NEAR(batch.places[i].height, 25.0 / 40, 1e-9);
    EXPECT_NEAR(batch.places[i].x, i % 2 ? 25.0 / 80 : 55.0 / 80, 1e-9);
    EXPECT_NEAR(batch.places[i].y, i < 3 ? 12.5 / 40 : 27.5 / 40, 1e-9);
  }
}

TEST_F(Cutouts, GridIsTheSameInEveryStep) {
  const at::Tensor image = at::rand({1, 3, 40, 60}, seeded(1));
  const at::Tensor first = take("grid", {}, image, 21, 16).images;
  EXPECT_TRUE(at::equal(take("grid", {}, image, 21, 16).images, first));
  EXPECT_TRUE(at::equal(take("grid", {}, image, 42, 16).images, at::cat({first, first})));
}

TEST_F(Cutouts, GridsPartsHaveTheirTurnWhereNotAllAreTaken) {
  std::map<std::pair<double, double>, int> seen;
  constexpr int kTimes = 800;
  for (int i = 0; i < kTimes; ++i) {
    const CutoutMethod::Batch batch =
        take("grid", {{"grid_levels", 2}, {"grid_overlap", 0}}, places(8, 8), 3, 4);
    EXPECT_EQ(batch.places[0].width, 1) << "the whole is always among them";
    EXPECT_NE(batch.places[1].x + 2 * batch.places[1].y, batch.places[2].x + 2 * batch.places[2].y);
    for (std::size_t k = 1; k < 3; ++k) ++seen[{batch.places[k].x, batch.places[k].y}];
  }
  EXPECT_EQ(seen.size(), 4u);
  for (const auto& [place, times] : seen) expect_frequency(static_cast<std::size_t>(times), kTimes, 0.5);
}

// A step's cutouts may come in batches, by groups or gradient accumulation: parts count as often as without.
TEST_F(Cutouts, BatchesHaveTheSharesOfAStep) {
  constexpr std::int64_t kCutouts = 40, kSide = 8;
  constexpr int kSteps = 100;
  struct Case {
    const char* name;
    std::map<std::string, double> params;
    double whole;  // expected share of the cutouts that show the whole picture
  };
  const Case cases[] = {
      {"grid", {{"grid_levels", 3}}, 2.0 / 40},  // of 40, the 1st and the 22nd
      {"disco", {{"overview_share", 0.15}, {"cut_augment", 0}}, 0.15},
  };
  for (const Case& c : cases)
    for (const std::int64_t batch : {1, 3}) {
      const PluginFile& plugin = plugins().find(CutoutMethod::kKind, c.name);
      Settings settings = default_params(plugin);
      for (const auto& [param, number] : c.params) set(settings, param, number);
      const auto method = create<CutoutMethod>(plugin, host_, settings, {kCutouts});
      std::size_t whole = 0, all = 0;
      for (int step = 0; step < kSteps; ++step)
        for (std::int64_t taken = 0; taken + batch <= kCutouts; taken += batch)
          for (const CutoutPlace& place : method->take(places(32, 32), batch, kSide).places) {
            ++all;
            whole += place.width > 0.999 && place.height > 0.999;
          }
      expect_frequency(whole, all, c.whole);
    }
}

/// Of a step's overviews one is grey, one mirrored and one both, also where they come in batches.
TEST_F(Cutouts, DiscosBatchesHaveEachKindOfOverview) {
  constexpr std::int64_t kCutouts = 12, kOverviews = 6;
  constexpr int kSteps = 200;
  for (const std::int64_t batch : {2, 4}) {  // with one overview each, and with two
    const PluginFile& plugin = plugins().find(CutoutMethod::kKind, "disco");
    Settings settings = default_params(plugin);
    set(settings, "overview_share", static_cast<double>(kOverviews) / kCutouts);
    set(settings, "cut_augment", 0);
    const auto method = create<CutoutMethod>(plugin, host_, settings, {kCutouts});
    std::map<std::pair<bool, bool>, std::size_t> seen;  // by grey, mirrored
    for (int step = 0; step < kSteps; ++step)
      for (std::int64_t taken = 0; taken < kCutouts; taken += batch) {
        const CutoutMethod::Batch part = method->take(places(32, 32), batch, 8);
        for (std::size_t i = 0; i < part.places.size(); ++i) {
          if (part.places[i].width < 0.999) continue;
          const at::Tensor cutout = part.images[static_cast<std::int64_t>(i)];
          // Red grows to the right; luma, too.
          const double rise = (cutout[0].select(1, 7) - cutout[0].select(1, 0)).mean().item<double>();
          ++seen[{largest(cutout[0] - cutout[2]) < 1e-6, rise < 0}];
        }
      }
    constexpr std::size_t kAll = kOverviews * kSteps;
    for (const auto& [grey, mirrored] :
         {std::pair(true, false), std::pair(false, true), std::pair(true, true)})
      expect_frequency(seen[{grey, mirrored}], kAll, 1.0 / kOverviews);
    expect_frequency(seen[{false, false}], kAll, 3.0 / kOverviews);
  }
}

const std::map<std::string, double> kPlain = {{"cut_augment", 0}, {"cut_icgray_p", 0}};

TEST_F(Cutouts, DiscosOverviewsShowAllOfThePicture) {
  auto params = kPlain;
  params["overview_share"] = 1;
  // 60 x 30 pixels in a square of 60: 15 black rows above and below.
  const at::Tensor image = places(60, 30) * 0.5 + 0.25;
  const CutoutMethod::Batch batch = take("disco", params, image, 6, 60);
  at::Tensor expected = at::zeros({3, 60, 60});
  expected.narrow(1, 15, 30).copy_(image[0]);
  const at::Tensor luma =
      (expected[0] * 0.299 + expected[1] * 0.587 + expected[2] * 0.114).expand({3, 60, 60});
  for (const std::int64_t plain : {0, 4, 5}) EXPECT_LT(largest(batch.images[plain] - expected), 1e-5);
  EXPECT_LT(largest(batch.images[1] - luma), 1e-5);
  EXPECT_LT(largest(batch.images[2] - expected.flip(2)), 1e-5);
  EXPECT_LT(largest(batch.images[3] - luma.flip(2)), 1e-5);
  for (const CutoutPlace& place : batch.places) {
    EXPECT_NEAR(place.x, 0.5, 1e-9);
    EXPECT_NEAR(place.y, 0.5, 1e-9);
    EXPECT_NEAR(place.width, 1, 1e-9);
    EXPECT_NEAR(place.height, 2, 1e-9);
  }
}

TEST_F(Cutouts, DiscosInnerCutoutsAreSquaresOfEverySizeAndPlace) {
  for (const double power : {1.0, 3.0}) {
    auto params = kPlain;
    params["overview_share"] = 0;
    params["cut_ic_pow"] = power;
    const CutoutMethod::Batch batch = take("disco", params, places(300, 200), 4000, 8);
    CutoutMethod::Batch some{batch.images.narrow(0, 0, 50),
                             {batch.places.begin(), batch.places.begin() + 50}};
    expect_at_their_places(some, 0.015);
    std::vector<double> sizes, across, down;
    for (const CutoutPlace& place : batch.places) {
      const double size = place.width * 300;
      EXPECT_NEAR(place.height * 200, size, 1e-6);
      EXPECT_GE(place.x - place.width / 2, -1e-9);
      EXPECT_LE(place.y + place.height / 2, 1 + 1e-9);
      sizes.push_back(size);
      across.push_back((place.x * 300 - size / 2) / (300 - size + 1));
      down.push_back(size > 190 ? -1 : (place.y * 200 - size / 2) / (200 - size + 1));
    }
    // Sides of 8 + floor(U^power * 192).
    for (const double most : {8, 20, 50, 100, 180}) {
      const auto smaller =
          std::count_if(sizes.begin(), sizes.end(), [&](double size) { return size < most + 0.5; });
      expect_frequency(static_cast<std::size_t>(smaller), sizes.size(),
                       std::pow((most - 7) / 192, 1 / power));
    }
    EXPECT_LT(ks_distance(across, [](double x) { return std::clamp(x + 0.004, 0.0, 1.0); }),
              ks_bound(across.size()) + 0.01);
    std::erase(down, -1);
    EXPECT_LT(ks_distance(down, [](double x) { return std::clamp(x + 0.02, 0.0, 1.0); }),
              ks_bound(down.size()) + 0.06);
  }
}

TEST_F(Cutouts, AShareOfDiscosInnerCutoutsIsGrey) {
  const CutoutMethod::Batch batch =
      take("disco", {{"cut_augment", 0}, {"cut_icgray_p", 0.25}, {"overview_share", 0.2}},
           at::rand({1, 3, 50, 50}, seeded(2)), 10, 16);
  int greys = 0;
  for (std::int64_t i = 0; i < 10; ++i) {
    const at::Tensor cutout = batch.images[i];
    const bool grey = largest(cutout[0] - cutout[1]) < 1e-6 && largest(cutout[0] - cutout[2]) < 1e-6;
    if (i >= 2) greys += grey;
  }
  EXPECT_EQ(greys, 2) << "a quarter of eight";
}

TEST_F(Cutouts, DiscosChangesAreAsLargeAsTheySay) {
  // Of an even picture, only colour and noise are left.
  constexpr std::int64_t kCount = 2000;
  const at::Tensor even = at::tensor({0.6f, 0.4f, 0.2f}).view({1, 3, 1, 1}).expand({1, 3, 32, 32});
  const at::Tensor images =
      take("disco", {{"overview_share", 0}, {"cut_icgray_p", 0}}, even, kCount, 8).images;
  const at::Tensor mean = images.mean({2, 3}), noise = images - mean.view({kCount, 3, 1, 1});
  // Of 64 pixels, one is taken by the mean.
  EXPECT_NEAR(noise.square().mean().item<double>() * 64 / 63, 0.017 * 0.017, 0.02 * 0.017 * 0.017);
  const at::Tensor luma = (mean * at::tensor({0.299f, 0.587f, 0.114f})).sum(1);
  std::vector<double> brightness, saturation;
  std::size_t greys = 0;
  for (std::int64_t i = 0; i < kCount; ++i) {
    brightness.push_back(luma[i].item<double>() / 0.437);
    const double colour = (mean[i][0] - mean[i][2]).item<double>() / 0.4;
    if (colour < 0.1)
      ++greys;
    else
      saturation.push_back(colour / brightness.back());
  }
  // Noise of 64 pixels moves the means a little.
  EXPECT_LT(ks_distance(brightness, [](double x) { return std::clamp((x - 0.9) / 0.2, 0.0, 1.0); }),
            ks_bound(brightness.size()) + 0.02);
  expect_frequency(greys, kCount, 0.1);
  EXPECT_NEAR(*std::min_element(brightness.begin(), brightness.end()), 0.9, 0.02);
  EXPECT_NEAR(*std::max_element(brightness.begin(), brightness.end()), 1.1, 0.02);
  // Contrast and saturation change it, each by a tenth at most.
  EXPECT_NEAR(*std::min_element(saturation.begin(), saturation.end()), 0.81, 0.03);
  EXPECT_NEAR(*std::max_element(saturation.begin(), saturation.end()), 1.21, 0.03);
}

TEST_F(Cutouts, DiscoMirrorsAndTurns) {
  // Red to the right, green downwards: their slopes tell how a cutout lies.
  constexpr std::int64_t kCount = 1000;
  const at::Tensor images =
      take("disco", {{"overview_share", 1}}, places(64, 64) * 0.5 + 0.25, kCount + 4, 32)
          .images.narrow(0, 4, kCount);
  const at::Tensor inner = images.narrow(2, 8, 16).narrow(3, 8, 16);
  const auto slope = [&](std::int64_t channel, std::int64_t axis) {
    return inner.select(1, channel).diff(1, axis).mean({1, 2});
  };
  std::size_t mirrored = 0, coloured = 0;
  std::vector<double> angles;
  const at::Tensor right = slope(0, 2), up = slope(0, 1), down = slope(1, 1);
  for (std::int64_t i = 0; i < kCount; ++i) {
    if ((inner[i][0] - inner[i][1]).abs().max().item<double>() < 0.12) continue;  // it is grey
    ++coloured;
    const double x = right[i].item<double>(), y = up[i].item<double>();
    mirrored += x < 0;
    EXPECT_GT(down[i].item<double>(), 0) << "never upside down";
    angles.push_back(std::atan(y / x) * 180 / std::acos(-1.0));
  }
  expect_frequency(mirrored, coloured, 0.5);
  EXPECT_LT(ks_distance(angles, [](double a) { return std::clamp((a + 10) / 20, 0.0, 1.0); }),
            ks_bound(angles.size()) + 0.03);
}

}  // namespace
}  // namespace reverie::test
