// The statistics of augmented cutouts against those of kornia, whose augmentations the specification names.

#include <json/json.h>

#include <fstream>

#include "augmented_cutouts.h"
#include "support/numbers.h"
#include "support/process.h"

namespace reverie::test {
namespace {

TEST(Kornia, PixelsHaveTheSameMeansAndMeanSquares) {
  constexpr std::int64_t side = 128, n = 2000, batch = 250;
  // Smooth, because kornia interpolates twice where we do once, and lopsided, so that a flip shows.
  const at::Tensor line = at::linspace(0, 1, side);
  const at::Tensor x = line.view({1, side}).expand({side, side}),
                   y = line.view({side, 1}).expand({side, side});
  const at::Tensor picture =
      at::stack({0.2 + 0.8 * x * y, 0.9 - 0.6 * x, 0.3 + 0.5 * (3 * x + y).sin().square()});

  const Scratch scratch;
  Json::Value rows(Json::arrayValue);
  for (std::int64_t c = 0; c < 3; ++c)
    for (std::int64_t i = 0; i < side; ++i)
      for (std::int64_t k = 0; k < side; ++k)
        rows[static_cast<int>(c)][static_cast<int>(i)][static_cast<int>(k)] = picture[c][i][k].item<double>();
  std::ofstream(scratch / "picture.json") << rows;
  const Outcome outcome = run({"/bin/sh", "-c",
                               "'" REVERIE_TEST_PYTHON "' '" REVERIE_TEST_FOLDER "/kornia_moments.py' " +
                                   std::to_string(n) + " < picture.json"},
                              scratch.path());
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  Json::Value kornia;
  std::istringstream(outcome.out) >> kornia;
  const auto tensor = [&](const char* name) {
    std::vector<double> values;
    for (const Json::Value& value : kornia[name]) values.push_back(value.asDouble());
    return at::tensor(values).view({3, side, side});
  };

  at::Tensor mean = at::zeros({3, side, side}), square = at::zeros({3, side, side});
  const std::vector<pytti::Cutout> whole(batch, pytti::Cutout{0, 0, side, side});
  for (std::int64_t i = 0; i < n / batch; ++i) {
    pytti::Augmentation changes =
        pytti::draw_augmentation(batch, side, seeded(static_cast<std::uint64_t>(i)));
    changes.noise.zero_();
    const at::Tensor seen = pytti::take_augmented_cutouts(picture.unsqueeze(0), whole, side, {}, changes, {});
    mean += seen.sum(0) / n;
    square += seen.square().sum(0) / n;
  }
  // Single pixels deviate by about 0.3, so their means over two samples of n by 0.01. To that comes half a
  // pixel at the edge of the perspective, where kornia counts from centre to centre.
  for (const auto& [ours, theirs] : {std::pair(mean, tensor("mean")), std::pair(square, tensor("square"))}) {
    const at::Tensor difference = ours - theirs;
    EXPECT_LT(largest(difference), 0.06);
    EXPECT_LT(difference.square().mean().sqrt().item<double>(), 0.015);
    EXPECT_NEAR(difference.mean().item<double>(), 0, 0.007);
  }
}

}  // namespace
}  // namespace reverie::test
