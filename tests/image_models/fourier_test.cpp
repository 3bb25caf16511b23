// The Fourier image model against closed forms.

#include <array>

#include "model_under_test.h"

namespace reverie::test {
namespace {

constexpr double kTurn = 2 * 3.14159265358979323846;
// Of brightness in red, green and blue, and the longest of the three colour directions: brightness itself.
const double kBrightness[] = {0.26, 0.27, 0.27}, kLongest = std::sqrt(0.26 * 0.26 + 2 * 0.27 * 0.27);

TEST(Fourier, OneCoefficientIsOneWave) {
  ModelUnderTest fourier("fourier");
  for (const auto& [width, height] : {std::pair<std::int64_t, std::int64_t>{24, 16}, {15, 9}})
    for (double decay : {0.0, 1.0, 2.0})
      for (const auto& [across, down] : {std::pair{1, 0}, {3, 2}, {2, -4}}) {
        SCOPED_TRACE(testing::Message()
                     << width << "x" << height << " decay " << decay << " wave " << across << ", " << down);
        const auto model = fourier.make(width, height, {{"spectrum_decay", decay}});
        const at::Tensor spectrum = model->parameters().at(0);
        ASSERT_EQ(spectrum.sizes(), (std::vector<std::int64_t>{1, 3, height, width / 2 + 1, 2}));
        const double amplitude = 3;
        at::Tensor values = at::zeros_like(spectrum.detach());
        values[0][0][(down + height) % height][across][0] = amplitude;
        assign(spectrum, values);

        const double frequency = std::hypot(double(across) / double(width), double(down) / double(height));
        const double gain = 0.25 * std::pow(frequency, -decay);
        const at::Tensor picture = model->decode_final();
        for (std::int64_t y = 0; y < height; ++y)
          for (std::int64_t x = 0; x < width; ++x)
            for (int c = 0; c < 3; ++c) {
              const double wave =
                  std::cos(kTurn * (double(across * x) / double(width) + double(down * y) / double(height)));
              const double logit =
                  amplitude * gain * 2 / std::sqrt(double(width * height)) * wave * kBrightness[c] / kLongest;
              ASSERT_NEAR(picture[0][c][y][x].item<double>(), 1 / (1 + std::exp(-logit)), 1e-5)
                  << x << ", " << y << ", channel " << c;
            }
      }
}

TEST(Fourier, EncodingLosesLessThanALevelOf8Bits) {
  ModelUnderTest fourier("fourier");
  for (const auto& [width, height] : {std::pair{64, 48}, {33, 17}, {1, 1}, {1, 7}, {300, 2}}) {
    const auto model = fourier.make(width, height);
    const at::Tensor picture =
        (random_picture(width, height, 3) * 1.2 - 0.1).clamp(0, 1);  // with full black and white
    model->encode(picture);
    EXPECT_LT(largest_difference(model->decode_final(), picture), 0.51 / 255) << width << "x" << height;
  }
}

TEST(Fourier, LargerDecayIsSmoother) {
  ModelUnderTest fourier("fourier");
  const auto roughness = [&](double decay) {
    const auto model = fourier.make(64, 64, {{"spectrum_decay", decay}});
    const at::Tensor picture = at::logit(model->decode_final());
    return (picture.diff(1, 3).square().mean() / picture.var()).item<double>();
  };
  // Neighbours of white noise differ by twice its variance.
  EXPECT_NEAR(roughness(0), 2, 0.15);
  EXPECT_LT(roughness(1), 0.7 * roughness(0));
  EXPECT_LT(roughness(2), 0.3 * roughness(1));
}

/// What the tones of `picture` cost with these settings.
double tones(ModelUnderTest& fourier, const at::Tensor& picture, const Changes& changes) {
  const auto model = fourier.make(picture.size(3), picture.size(2), changes);
  model->encode(picture);
  double total = 0;
  for (const Regulariser& regulariser : model->regularisers()) total += regulariser.value.item<double>();
  return total;
}

/// [1, 3, 8, 8]: the left half of one colour, the right half of another.
at::Tensor halves(std::array<double, 3> left, std::array<double, 3> right) {
  const at::Tensor picture = at::empty({1, 3, 8, 8});
  for (int c = 0; c < 3; ++c) {
    picture[0][c].narrow(1, 0, 4).fill_(left[static_cast<std::size_t>(c)]);
    picture[0][c].narrow(1, 4, 4).fill_(right[static_cast<std::size_t>(c)]);
  }
  return picture;
}

TEST(Fourier, TonesAreFreeUnlessAsked) {
  ModelUnderTest fourier("fourier");
  EXPECT_TRUE(fourier.make(8, 8)->regularisers().empty());
}

TEST(Fourier, ContrastBeyondTheLimitCosts) {
  ModelUnderTest fourier("fourier");
  const Changes changes{{"contrast_weight", 3}, {"contrast_limit", 0.2}};
  // Two halves of one brightness each deviate from the mean by half of what lies between them.
  EXPECT_NEAR(tones(fourier, halves({0.2, 0.2, 0.2}, {0.8, 0.8, 0.8}), changes), 3 * 0.1 * 0.1, 1e-4);
  EXPECT_NEAR(tones(fourier, halves({0.35, 0.35, 0.35}, {0.65, 0.65, 0.65}), changes), 0, 1e-9);
  // Colours of one brightness have no contrast.
  EXPECT_NEAR(tones(fourier, halves({0.8, 0.5, 0.2}, {0.2, 0.5, 0.8}), changes), 0, 1e-9);
}

TEST(Fourier, ColourBeyondTheLimitCosts) {
  ModelUnderTest fourier("fourier");
  const Changes changes{{"saturation_weight", 2}, {"saturation_limit", 0.1}};
  // The channels are 0.3, 0 and 0.3 away from their mean.
  const double distance = std::sqrt(0.18 / 3) - 0.1;
  EXPECT_NEAR(tones(fourier, halves({0.8, 0.5, 0.2}, {0.2, 0.5, 0.8}), changes), 2 * distance * distance,
              1e-4);
  EXPECT_NEAR(tones(fourier, halves({0.1, 0.1, 0.1}, {0.9, 0.9, 0.9}), changes), 0, 1e-9);
}

TEST(Fourier, ValuesNearBlackAndWhiteCost) {
  ModelUnderTest fourier("fourier");
  const Changes changes{{"clipping_weight", 4}};
  // How far 0.95 is beyond 0.9 before the sigmoid, by its slope at 0.9, in tenths of the range.
  const double excess = (std::log(0.95 / 0.05) - std::log(0.9 / 0.1)) * (0.9 * 0.1) / 0.1;
  const double cost = 4 * excess * excess;
  EXPECT_NEAR(tones(fourier, halves({0.95, 0.95, 0.95}, {0.5, 0.5, 0.5}), changes), cost / 2, 1e-3);
  EXPECT_NEAR(tones(fourier, halves({0.05, 0.5, 0.5}, {0.5, 0.5, 0.5}), changes), cost / 6, 1e-3);
  EXPECT_NEAR(tones(fourier, halves({0.11, 0.11, 0.11}, {0.89, 0.89, 0.89}), changes), 0, 1e-9);
}

TEST(Fourier, WhiteIsPulledBackMoreThanLightGrey) {
  ModelUnderTest fourier("fourier");
  const auto pull = [&](double value) {
    const auto model = fourier.make(8, 8, {{"clipping_weight", 1}});
    model->encode(at::full({1, 3, 8, 8}, value));
    for (const Regulariser& regulariser : model->regularisers()) regulariser.value.backward();
    return model->parameters().at(0).grad().norm().item<double>();
  };
  EXPECT_GT(pull(0.97), pull(0.94));
  EXPECT_GT(pull(0.997), pull(0.97));
}

TEST(Fourier, TonesOfAnEvenPictureHaveAFiniteGradient) {
  ModelUnderTest fourier("fourier");
  const auto model = fourier.make(8, 8,
                                  {{"contrast_weight", 1},
                                   {"contrast_limit", 0},
                                   {"saturation_weight", 1},
                                   {"saturation_limit", 0},
                                   {"clipping_weight", 1}});
  model->encode(at::full({1, 3, 8, 8}, 0.5));
  for (const Regulariser& regulariser : model->regularisers()) regulariser.value.backward();
  EXPECT_TRUE(at::isfinite(model->parameters().at(0).grad()).all().item<bool>());
}

TEST(Fourier, PixelSizeEnlarges) {
  ModelUnderTest fourier("fourier");
  const auto model = fourier.make(8, 6, {{"pixel_size", 3}});
  const at::Tensor picture = random_picture(8, 6, 1) * 0.8 + 0.1;
  model->encode(at::upsample_nearest2d(picture, {18, 24}));
  EXPECT_LT(largest_difference(model->decode_final(), at::upsample_nearest2d(picture, {18, 24})), 1e-4);
}

}  // namespace
}  // namespace reverie::test
