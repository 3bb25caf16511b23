// Limited Palette against its definition in plain LibTorch operators, and what its settings promise.

#include <torch/csrc/autograd/autograd.h>

#include "arithmetic.h"
#include "colours.h"
#include "model_under_test.h"
#include "reverie/varying_parameters.h"

namespace reverie::test {
namespace {

struct Sample {
  at::Tensor value, logits, palette;  // [N], [palettes, N], [shades, palettes, 3]
  std::vector<at::Tensor> all() const { return {value, logits, palette}; }
};

Sample sample(std::int64_t n, std::int64_t shades, std::int64_t palettes, std::uint64_t seed) {
  // Some brightness lies outside 0..1; palettes are sorted, as the model hands them over.
  Sample s{random_tensor({n}, seed) * 0.7 + 0.5, random_tensor({palettes, n}, seed + 1) * 3,
           std::get<0>((random_tensor({shades, palettes, 3}, seed + 2) * 0.5 + 0.5).sort(0))};
  for (const at::Tensor& t : s.all()) at::Tensor(t).set_requires_grad(true);
  return s;
}

/// The hard picture, and half of each gradient (spec: "the hard image forward, (soft + hard) / 2 backward").
struct Definition {
  at::Tensor hard, soft;  // [3, N]
};

Definition by_definition(const Sample& s) {
  const std::int64_t shades = s.palette.size(0);
  const at::Tensor v = s.value.clamp(0, 1) * (shades - 1);
  const at::Tensor best = s.logits.argmax(0), nearest = v.detach().round().to(at::kLong);
  const at::Tensor low = v.detach().floor().to(at::kLong).clamp(0, std::max<std::int64_t>(shades - 2, 0));
  const at::Tensor high = (low + 1).clamp_max(shades - 1), part = (v - low).unsqueeze(1).unsqueeze(2);
  const at::Tensor between = s.palette.index_select(0, low) * (1 - part) +
                             s.palette.index_select(0, high) * part;  // [N, palettes, 3]
  const at::Tensor weights = s.logits.softmax(0).t().unsqueeze(2);
  return {s.palette.index({nearest, best}).t(), (between * weights).sum(1).t()};
}

TEST(LimitedPaletteColours, AreThoseOfTheDefinition) {
  for (const auto& [n, shades, palettes] : {std::tuple{1000, 5, 20}, {77, 1, 3}, {513, 2, 1}, {300, 9, 33}}) {
    SCOPED_TRACE(testing::Message() << n << " pixels, " << palettes << " palettes of " << shades);
    const Sample s = sample(n, shades, palettes, 5);
    const at::Tensor colours = limited_palette::palette_colours(s.value, s.logits, s.palette),
                     seed = random_tensor({3, n}, 9);
    const Definition expected = by_definition(s);
    EXPECT_TRUE(at::equal(colours, expected.hard));

    const auto got = torch::autograd::grad({(colours * seed).sum()}, s.all());
    const auto want = torch::autograd::grad({((expected.soft + expected.hard) * seed).sum() / 2}, s.all(), {},
                                            std::nullopt, false, /*allow_unused=*/true);
    const at::Tensor inside = (s.value >= 0).logical_and(s.value <= 1);
    const at::Tensor by_value = want[0].defined() ? want[0] : at::zeros_like(s.value);
    EXPECT_LT(largest_difference(got[0].masked_select(inside), by_value.masked_select(inside)), 1e-4);
    EXPECT_LT(largest_difference(got[1], want[1]), 1e-5);
    EXPECT_LT(largest_difference(got[2], want[2]), 1e-3);
    // Outside, only what leads back inside: descent moves against the gradient.
    EXPECT_TRUE((got[0].masked_select(s.value < 0) <= 0).all().item<bool>());
    EXPECT_TRUE((got[0].masked_select(s.value > 1) >= 0).all().item<bool>());
  }
}

TEST(LimitedPaletteColours, NormalisationIsThatOfTheDefinition) {
  for (const auto& [n, palettes] : {std::pair{1000, 20}, {50, 2}, {4097, 7}}) {
    const at::Tensor logits = (random_tensor({palettes, n}, 4) * 2).set_requires_grad(true);
    const at::Tensor p = logits.to(at::kDouble).softmax(0);  // [palettes, N]
    const at::Tensor x = p - p.mean(1, true), deviation = x.square().sum(1).div(n - 1).sqrt();
    const at::Tensor normal = x / deviation.unsqueeze(1);
    const at::Tensor correlation = normal.matmul(normal.t()) / n;
    const at::Tensor apart = correlation * (1 - at::eye(palettes, at::kDouble));
    const at::Tensor expected = apart.mean() + (deviation * n).reciprocal().mean();

    const at::Tensor got = limited_palette::palette_normalisation(logits);
    EXPECT_NEAR(got.item<double>(), expected.item<double>(), 1e-5 * (1 + std::abs(expected.item<double>())));
    const at::Tensor slope = torch::autograd::grad({got}, {logits})[0],
                     expected_slope = torch::autograd::grad({expected}, {logits})[0];
    EXPECT_LT(largest_difference(slope, expected_slope), 1e-3 * expected_slope.abs().max().item<double>());
  }
}

TEST(LimitedPaletteColours, BothImplementationsAgree) {
  const Sample s = sample(3001, 6, 19, 11);
  const at::Tensor position = s.value.detach().clamp(0, 1) * 5, logits = s.logits.detach();
  const at::Tensor best = limited_palette::kPalettesAnywhere.preferred(logits);
  EXPECT_TRUE(at::equal(best, limited_palette::kPalettesOnCpu.preferred(logits)));
  const limited_palette::PaletteInput input{position, position.round().to(at::kLong), best, logits,
                                            s.palette.detach()};
  const at::Tensor gradient = random_tensor({3, 3001}, 12);
  const limited_palette::PaletteGradients a = limited_palette::kPalettesAnywhere.colours_backward(input,
                                                                                                  gradient),
                                          b = limited_palette::kPalettesOnCpu.colours_backward(input,
                                                                                               gradient);
  EXPECT_LT(largest_difference(a.position, b.position), 1e-5);
  EXPECT_LT(largest_difference(a.logits, b.logits), 1e-5);
  EXPECT_LT(largest_difference(a.palette, b.palette), 1e-3);
  EXPECT_LT(largest_difference(limited_palette::kPalettesAnywhere.moments(logits).products,
                               limited_palette::kPalettesOnCpu.moments(logits).products),
            1e-3);
}

/// [N, 3] different colours of a picture [1, 3, H, W].
at::Tensor colours_of(const at::Tensor& picture) {
  return std::get<0>(at::unique_dim(picture.squeeze(0).flatten(1).t().contiguous(), 0));
}

double brightness(const at::Tensor& colour) {
  const auto c = [&](int i) { return colour[i].item<double>(); };
  return 0.299 * c(0) * c(0) + 0.587 * c(1) * c(1) + 0.114 * c(2) * c(2);
}

TEST(LimitedPalette, StartsInGreysOfTheGamma) {
  ModelUnderTest limited("limited_palette");
  const auto model = limited.make(32, 24, {{"palettes", 3}, {"palette_size", 4}, {"gamma", 2}});
  const at::Tensor colours = colours_of(model->decode_final());
  ASSERT_EQ(colours.size(0), 4);
  // linspace(0, 2, 4)^2, stored at most 2, shown as half of it.
  const double expected[] = {0, 2.0 / 9, 8.0 / 9, 1};
  for (int i = 0; i < 4; ++i)
    for (int c = 0; c < 3; ++c) EXPECT_NEAR(colours[i][c].item<double>(), expected[i], 1e-6);
}

TEST(LimitedPalette, TakesItsColoursFromThePaletteShown) {
  ModelUnderTest limited("limited_palette");
  const auto model = limited.make(
      40, 30, {{"palettes", 4}, {"palette_size", 3}, {"random_initial_palette", 1}, {"pixel_size", 2}});
  const at::Tensor palette = *model->palette_picture();
  EXPECT_EQ(palette.sizes(), (std::vector<std::int64_t>{1, 3, 3, 4}));  // a row for each shade
  const at::Tensor allowed = colours_of(palette), used = colours_of(model->decode_final());
  EXPECT_EQ(model->decode_final().sizes(), (std::vector<std::int64_t>{1, 3, 60, 80}));
  for (std::int64_t i = 0; i < used.size(0); ++i)
    EXPECT_TRUE((allowed == used[i]).all(1).any().item<bool>()) << used[i];
  for (std::int64_t p = 0; p < 4; ++p)
    for (std::int64_t shade = 1; shade < 3; ++shade)
      EXPECT_LE(brightness(palette[0].select(2, p).select(1, shade - 1)),
                brightness(palette[0].select(2, p).select(1, shade)));
}

/// A step of plain descent towards `target`.
void descend(ImageModel& model, const at::Tensor& target) {
  at::Tensor loss = (model.decode() - target).square().mean();
  for (const Regulariser& own : model.regularisers()) loss = loss + own.value;
  const auto gradients = torch::autograd::grad({loss}, model.parameters(), {}, std::nullopt, false, true);
  for (std::size_t i = 0; i < gradients.size(); ++i)
    if (gradients[i].defined())
      assign(model.parameters()[i], model.parameters()[i].detach() - 0.05 * gradients[i].sign());
  model.after_step();
}

TEST(LimitedPalette, LockedPaletteNeverChanges) {
  ModelUnderTest limited("limited_palette");
  for (const bool lock : {true, false}) {
    const auto model = limited.make(16, 12, {{"lock_palette", lock}, {"random_initial_palette", 1}});
    const at::Tensor before = *model->palette_picture();
    for (int i = 0; i < 5; ++i) descend(*model, smooth_picture(16, 12));
    EXPECT_EQ(at::equal(*model->palette_picture(), before), lock);
  }
}

TEST(LimitedPalette, TargetPaletteHasTheColoursOfThePicture) {
  ModelUnderTest limited("limited_palette");
  const fs::path picture = kSource / "tests/image_models/sunset.png";
  const auto model =
      limited.make(64, 48, {{"palettes", 4}, {"hdr_weight", 0}}, {{"target_palette", picture.string()}});
  const at::Tensor palette = *model->palette_picture(), source = limited.host.load_image(picture.string());
  // Every colour of the sunset has one near it in the palette; greys would leave most far away.
  const at::Tensor pixels = at::adaptive_avg_pool2d(source, {24, 32}).squeeze(0).flatten(1).t();
  const auto mean_distance = [&](const at::Tensor& colours) {
    return std::get<0>(at::cdist(pixels, colours).min(1)).mean().item<double>();
  };
  const at::Tensor greys = at::linspace(0, 1, 20).unsqueeze(1).expand({20, 3}).contiguous();
  EXPECT_LT(mean_distance(colours_of(palette)), 0.5 * mean_distance(greys));
  for (int i = 0; i < 3; ++i) descend(*model, smooth_picture(64, 48));
  model->randomise();
  EXPECT_TRUE(at::equal(*model->palette_picture(), palette)) << "it is kept";
}

TEST(LimitedPalette, HdrLossIsThatOfTheDefinition) {
  ModelUnderTest limited("limited_palette");
  const auto model = limited.make(8, 8,
                                  {{"palettes", 2},
                                   {"palette_size", 3},
                                   {"gamma", 1.5},
                                   {"hdr_weight", 0.5},
                                   {"palette_normalization_weight", 0},
                                   {"random_initial_palette", 1}});
  const at::Tensor palette = *model->palette_picture();
  double expected = 0;
  for (int shade = 0; shade < 3; ++shade)
    for (int p = 0; p < 2; ++p)
      expected += std::pow(std::sqrt(brightness(palette[0].select(2, p).select(1, shade))) -
                               std::pow(shade / 2.0, 1.5),
                           2) /
                  6;
  const std::vector<Regulariser> own = model->regularisers();
  ASSERT_EQ(own.size(), 1u);
  EXPECT_NEAR(own[0].value.item<double>(), 0.5 * expected, 1e-6);
}

TEST(LimitedPalette, WhatVariesCountsAsIfItHadBegunWithIt) {
  ModelUnderTest limited("limited_palette");
  const Changes wanted = {{"gamma", 2}, {"hdr_weight", 0.5}, {"palette_normalization_weight", 0.7}};
  const auto begun = limited.make(8, 8, wanted), told = limited.make(8, 8);
  told->load_state(begun->state());
  FrameContext now;
  for (const auto& [name, number] : wanted) now.parameters[name] = {number};
  extension_of<VaryingParameters>(*told)->set_parameters(now);
  const std::vector<Regulariser> one = begun->regularisers(), other = told->regularisers();
  ASSERT_EQ(one.size(), 2u);
  ASSERT_EQ(other.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i)
    EXPECT_EQ(one[i].value.item<double>(), other[i].value.item<double>()) << one[i].name;
}

TEST(LimitedPalette, StaysInItsLimits) {
  ModelUnderTest limited("limited_palette");
  const auto model = limited.make(16, 12);
  for (const at::Tensor& parameter : model->parameters())
    assign(parameter, random_tensor(parameter.sizes(), 2) * 9);
  model->after_step();
  const std::vector<at::Tensor> p = model->parameters();
  EXPECT_TRUE(is_plane(p[0], p[0].sizes(), 0, 1));
  EXPECT_TRUE(is_plane(p[1], p[1].sizes(), 0, 9));
  EXPECT_TRUE(is_plane(p[2], p[2].sizes(), 0, 2));
}

}  // namespace
}  // namespace reverie::test
