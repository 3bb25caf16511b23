// What is done to a moved frame before it is optimised: colours, sharpness, noise, and where it is applied.

#include <numeric>

#include "engine/colour_match.h"
#include "engine/frame_noise.h"
#include "engine/lab.h"
#include "engine/loop.h"
#include "engine/retouched_model.h"
#include "studio.h"

namespace reverie::test {
namespace {

at::Tensor one_pixel(double r, double g, double b) {
  return at::tensor({r, g, b}, at::kDouble).view({1, 3, 1, 1});
}

at::Tensor picture_between(std::int64_t height, std::int64_t width, double low, double high,
                           std::uint64_t seed) {
  return at::rand({1, 3, height, width}, seeded(seed), at::TensorOptions(at::kFloat)) * (high - low) + low;
}

// B. Lindbloom's tables of sRGB's primaries for D65.
TEST(Lab, HasThePublishedCoordinates) {
  const auto expect = [](const at::Tensor& rgb, double l, double a, double b) {
    EXPECT_LT(largest(engine::rgb_to_lab(rgb) - one_pixel(l, a, b)), 0.02) << rgb;
  };
  expect(one_pixel(1, 1, 1), 100, 0, 0);
  expect(one_pixel(0, 0, 0), 0, 0, 0);
  expect(one_pixel(1, 0, 0), 53.2408, 80.0925, 67.2032);
  expect(one_pixel(0, 1, 0), 87.7347, -86.1827, 83.1793);
  expect(one_pixel(0, 0, 1), 32.2970, 79.1875, -107.8602);
}

TEST(Lab, LeadsBack) {
  const at::Tensor picture = picture_between(20, 30, 0, 1, 1);
  EXPECT_LT(largest(engine::lab_to_rgb(engine::rgb_to_lab(picture)) - picture), 1e-4);
}

std::tuple<at::Tensor, at::Tensor> moments(const at::Tensor& x) {
  return at::std_mean(x.to(at::kDouble), {2, 3}, /*unbiased=*/false);
}

// Colours in the middle of the range, so that nothing has to be limited to 0..1.
TEST(MatchColours, GivesMeanAndDeviationOfTheReference) {
  const at::Tensor picture = picture_between(24, 24, 0.42, 0.5, 2),
                   reference = picture_between(30, 20, 0.5, 0.62, 3);
  const auto expect_moments = [&](const at::Tensor& now, const at::Tensor& wanted, double tolerance) {
    const auto [deviation, mean] = moments(now);
    const auto [wanted_deviation, wanted_mean] = moments(wanted);
    EXPECT_LT(largest(mean - wanted_mean), tolerance);
    EXPECT_LT(largest(deviation - wanted_deviation), tolerance);
  };
  expect_moments(engine::rgb_to_lab(engine::match_colours(picture, reference, ColourSpace::lab)),
                 engine::rgb_to_lab(reference), 1e-2);
  expect_moments(engine::match_colours(picture, reference, ColourSpace::rgb), reference, 1e-5);
  const auto saturation_value = [](const at::Tensor& rgb) {
    const at::Tensor most = rgb.amax(1, true);
    return at::cat({(most - rgb.amin(1, true)) / most, most}, 1);
  };
  const at::Tensor hsv = engine::match_colours(picture, reference, ColourSpace::hsv);
  const auto [deviation, mean] = moments(saturation_value(hsv));
  const auto [wanted_deviation, wanted_mean] = moments(saturation_value(reference));
  EXPECT_LT(largest(mean - wanted_mean), 0.01) << "but for saturations that would fall below 0";
}

TEST(MatchColours, KeepsHuesInHsv) {
  const at::Tensor picture = picture_between(16, 16, 0.1, 0.9, 4),
                   reference = picture_between(16, 16, 0.3, 0.8, 5);
  const at::Tensor matched = engine::match_colours(picture, reference, ColourSpace::hsv);
  const auto way = [](const at::Tensor& rgb) {  // of each channel from the brightest to the darkest
    const at::Tensor most = rgb.amax(1, true);
    return (most - rgb) / (most - rgb.amin(1, true)).clamp_min(1e-6);
  };
  const at::Tensor coloured = (matched.amax(1, true) - matched.amin(1, true)) > 0.02;
  EXPECT_LT(largest((way(matched) - way(picture)) * coloured), 1e-2);
}

TEST(MatchColours, GivesTheHistogramOfTheReference) {
  const at::Tensor picture = picture_between(16, 24, 0, 1, 6),
                   reference = picture_between(24, 16, 0.2, 0.4, 7);
  const at::Tensor matched = engine::match_colours(picture, reference, ColourSpace::histogram);
  const auto sorted = [](const at::Tensor& x) { return std::get<0>(x.flatten(2).sort(2)); };
  EXPECT_LT(largest(sorted(matched) - sorted(reference)), 1e-5);
  // The order of values stays, and equal ones stay equal.
  EXPECT_TRUE(at::equal(picture.flatten(2).argsort(2, false), matched.flatten(2).argsort(2, false)));
  const at::Tensor even =
      engine::match_colours(at::full({1, 3, 8, 8}, 0.7), reference, ColourSpace::histogram);
  EXPECT_EQ(largest(even - even.select(3, 0).select(2, 0).view({1, 3, 1, 1})), 0);
}

TEST(MatchColours, ChangesNothingWhereColoursAreRight) {
  const at::Tensor picture = picture_between(16, 16, 0, 1, 8);
  for (const ColourSpace space :
       {ColourSpace::lab, ColourSpace::hsv, ColourSpace::rgb, ColourSpace::histogram})
    EXPECT_LT(largest(engine::match_colours(picture, picture, space) - picture), 1e-4)
        << static_cast<int>(space);
}

TEST(MatchColours, DoesNotBlowUpWhatIsNearlyEven) {
  const at::Tensor even = picture_between(16, 16, 0.5, 0.501, 9),
                   reference = picture_between(16, 16, 0, 1, 10);
  const at::Tensor matched = engine::match_colours(even, reference, ColourSpace::rgb);
  EXPECT_LE(largest(matched - matched.mean({2, 3}, true)), 3.01 * largest(even - even.mean({2, 3}, true)));
}

// The plain formula, pixel by pixel.
TEST(Sharpened, IsAnUnsharpMaskWithinWhatIsNear) {
  const at::Tensor picture = picture_between(9, 11, 0, 1, 12);
  const double radius = 1.3, amount = 0.7;
  const at::Tensor sharp = engine::sharpened(picture, amount, radius);
  const auto at_place = [&](const at::Tensor& x, std::int64_t row,
                            std::int64_t column) {  // edges are repeated
    return x[0][0][std::clamp<std::int64_t>(row, 0, 8)][std::clamp<std::int64_t>(column, 0, 10)]
        .item<double>();
  };
  bool any_limited = false, any_free = false;
  for (std::int64_t y = 0; y < 9; ++y)
    for (std::int64_t x = 0; x < 11; ++x) {
      double sum = 0, blurred = 0, least = 1, most = 0;
      for (int i = -6; i <= 6; ++i)
        for (int j = -6; j <= 6; ++j) {
          const double weight = std::exp(-(i * i + j * j) / (2 * radius * radius)),
                       value = at_place(picture, y + i, x + j);
          sum += weight;
          blurred += weight * value;
          if (std::abs(i) <= 2 && std::abs(j) <= 2) {  // the next whole number
            least = std::min(least, value);
            most = std::max(most, value);
          }
        }
      const double here = at_place(picture, y, x), wanted = here + amount * (here - blurred / sum);
      EXPECT_NEAR(at_place(sharp, y, x), std::clamp(wanted, least, most), 1e-4) << x << ", " << y;
      (wanted < least || wanted > most ? any_limited : any_free) = true;
    }
  EXPECT_TRUE(any_limited && any_free);
}

TEST(Sharpened, DoesNotBuildUp) {
  at::Tensor picture = picture_between(24, 24, 0.4, 0.6, 13);
  for (int i = 0; i < 200; ++i) picture = engine::sharpened(picture, 0.5, 1);
  EXPECT_GE(picture.min().item<double>(), 0.4);
  EXPECT_LE(picture.max().item<double>(), 0.6);
}

TEST(Sharpened, SeesTheOppositeEdgeOfAPictureThatJoinsItself) {
  const at::Tensor picture = picture_between(12, 16, 0, 1, 11);
  const Tiling both("xy");
  const at::Tensor turned = engine::sharpened(picture.roll({5, 7}, {2, 3}), 1, 2, both);
  EXPECT_LT(largest(turned - engine::sharpened(picture, 1, 2, both).roll({5, 7}, {2, 3})), 1e-5);
}

TEST(FrameNoise, IsOfItsFrameAndKeyAlone) {
  for (const auto& noise : {engine::white_noise(5, 3, 40, 60), engine::perlin_noise(5, 3, 40, 60, 8)}) {
    const auto [deviation, mean] = at::std_mean(noise, std::nullopt, /*unbiased=*/false, false);
    EXPECT_NEAR(mean.item<double>(), 0, 0.05);
    EXPECT_NEAR(deviation.item<double>(), 1, 0.05);
  }
  at::manual_seed(77);
  EXPECT_TRUE(at::equal(engine::white_noise(5, 3, 40, 60), engine::white_noise(5, 3, 40, 60)));
  const at::Tensor own = engine::white_noise(5, 3, 40, 60).flatten();
  for (const at::Tensor& other : {engine::white_noise(5, 4, 40, 60), engine::white_noise(6, 3, 40, 60),
                                  engine::white_noise(4, 3, 40, 60)})
    EXPECT_LT(std::abs(at::dot(own, other.flatten()).item<double>()) / static_cast<double>(own.numel()),
              0.05);
}

TEST(FrameNoise, PerlinIsSmoothAndJoinsItself) {
  const at::Tensor noise = engine::perlin_noise(1, 2, 48, 64, 16), white = engine::white_noise(1, 2, 48, 64);
  const auto step = [](const at::Tensor& x, std::int64_t axis) { return x - x.roll({1}, {axis}); };
  for (const std::int64_t axis : {2, 3}) {
    const at::Tensor steps = step(noise, axis).abs();
    EXPECT_LT(steps.mean().item<double>(), 0.35 * step(white, axis).abs().mean().item<double>());
    // roll() puts the step over the seam at 0.
    EXPECT_LE(steps.select(axis, 0).mean().item<double>(), 2 * steps.mean().item<double>());
  }
  // On the corners of its lattice gradient noise is 0, here before the mean was taken away.
  const at::Tensor corners = noise.slice(2, 0, 48, 16).slice(3, 0, 64, 16);
  EXPECT_LT(largest(corners - corners[0][0][0][0]), 1e-5);
}

/// A model that is one number, and knows how often it was made.
class Number final : public ImageModel {
 public:
  void randomise() override {}
  void encode(const at::Tensor&) override {}
  std::vector<at::Tensor> parameters() override { return {}; }
  double learning_rate() const override { return 1; }
  at::Tensor decode() override { return {}; }
  at::Tensor decode_final() override { return {}; }
  std::map<std::string, at::Tensor> state() const override {
    return {{"value", at::full({1}, value, at::kFloat)}, {"count", at::scalar_tensor(count, at::kLong)}};
  }
  void load_state(const std::map<std::string, at::Tensor>& state) override {
    value = state.at("value").item<double>();
    count = state.at("count").item<std::int64_t>();
  }
  double value = 0;
  std::int64_t count = 0;
};

TEST(Loop, GoesOverInEqualSteps) {
  const Studio studio("scenes=red;cutouts=2;loop=true;loop_frames=4");
  engine::Loop loop(studio.settings, 20);
  Number model;
  // Until frame 16 nothing changes, and frames 1 to 4 are kept.
  for (std::int64_t frame = 0; frame <= 16; ++frame) {
    model.value = static_cast<double>(frame);
    model.count = frame;
    loop.end_frame(frame, model);
    EXPECT_EQ(model.value, static_cast<double>(frame));
    EXPECT_EQ(loop.leaves_out(frame), frame <= 4);
  }
  EXPECT_EQ(loop.state().size(), 4u * 2);
  engine::Loop again(studio.settings, 20);  // as after a restart
  again.load_state(loop.state());
  // What stays at 100 where the beginning was 1, 2, 3 and 4 goes a quarter of the way to 1, a third of the
  // rest to 2, half of what is left to 3, and is 4 then.
  model.value = 100;
  model.count = 100;
  double wanted = 100;
  for (std::int64_t i = 1; i <= 4; ++i) {
    wanted += (static_cast<double>(i) - wanted) / static_cast<double>(5 - i);
    again.end_frame(16 + i, model);
    EXPECT_NEAR(model.value, wanted, 1e-4);
    EXPECT_EQ(model.count, i < 4 ? 100 : 4) << "only numbers in float32 go over; in the end all is as it was";
  }
  EXPECT_EQ(model.value, 4);
  EXPECT_TRUE(again.state().empty()) << "what was used is not kept";
}

/// A model whose canvas has as many channels as it is told, or which has none.
class Canvas final : public ImageModel {
 public:
  explicit Canvas(std::int64_t channels) : channels_(channels) {}
  void randomise() override {}
  void encode(const at::Tensor& image) override {
    pixels_ = image;
    ++encoded;
  }
  std::vector<at::Tensor> parameters() override { return {}; }
  double learning_rate() const override { return 1; }
  at::Tensor decode() override { return pixels_; }
  at::Tensor decode_final() override { return pixels_; }
  std::optional<at::Tensor> canvas() const override {
    if (channels_ == 0) return std::nullopt;
    return channels_ == 3 ? pixels_ : at::cat({pixels_, pixels_}, 1);
  }
  void set_canvas(const at::Tensor& canvas) override { pixels_ = canvas.narrow(1, 0, 3); }
  std::map<std::string, at::Tensor> state() const override { return {}; }
  void load_state(const std::map<std::string, at::Tensor>&) override {}

  at::Tensor pixels_ = colour(0.2, 0.4, 0.6);
  int encoded = 0;

 private:
  std::int64_t channels_;
};

struct Retouching {
  explicit Retouching(const std::string& settings)
      : studio("scenes=red;cutouts=2;seed=3;" + settings), script(parsed()) {}
  Script parsed() const {
    std::vector<Problem> problems;
    std::vector<std::string> notices;
    Script script = parse_script(studio.settings, problems, notices, {}, /*moving=*/true);
    EXPECT_EQ(report(problems), "");
    return script;
  }
  /// What the model shows after a move that gives it `moved`.
  at::Tensor after(ImageModel& model, const at::Tensor& moved, std::int64_t frame = 1) {
    engine::Retouch retouch(studio.settings, script, [this](const std::string& path) {
      return media::Footage(std::make_shared<Reel>(studio.footage.at(path), studio.read_frames[path]));
    });
    const bool active = retouch.begin(frame, {{"t", 0.0}}, 0, model.decode_final());
    if (!active) return moved;  // the model is not even wrapped
    engine::RetouchedModel front(model, retouch);
    if (const auto canvas = front.canvas())
      front.set_canvas(canvas->size(1) == 3 ? moved : at::cat({moved, moved}, 1));
    else
      front.encode(moved);
    AnimationMode::Move move;
    front.finish(move);
    return model.decode_final();
  }
  Studio studio;
  Script script;
};

TEST(Retouch, WorksOnAnyCanvasAndWithoutOne) {
  for (const std::int64_t channels : {0, 3, 6}) {
    Retouching retouching("color_coherence=first;color_coherence_space=rgb");
    Canvas model(channels);
    EXPECT_LT(largest(retouching.after(model, colour(0.5, 0.5, 0.5)) - colour(0.2, 0.4, 0.6)), 1e-5)
        << channels;
    EXPECT_EQ(model.encoded, channels == 3 ? 0 : 1) << channels << " channels are encoded once, if at all";
  }
}

TEST(Retouch, TakesColoursFromAFileAndInPart) {
  Retouching retouching(
      "color_coherence=palette.png;color_coherence_space=rgb;color_coherence_strength=0.25");
  retouching.studio.footage["palette.png"] = {colour(0.8, 0.6, 0.1)};
  Canvas model(3);
  EXPECT_LT(largest(retouching.after(model, colour(0.4, 0.2, 0.5)) - colour(0.5, 0.3, 0.4)), 1e-5);
}

TEST(Retouch, UnderstandsDeforumsWords) {
  Retouching retouching("color_coherence=Match Frame 0 HSV");
  const Coherence coherence = coherence_of(retouching.studio.settings);
  EXPECT_EQ(coherence.reference, Coherence::Reference::first);
  EXPECT_EQ(coherence.space, ColourSpace::hsv);
}

TEST(Retouch, NoiseHasItsDeviation) {
  Retouching retouching("frame_noise=0.05*2");
  Canvas model(3);
  const at::Tensor noise = retouching.after(model, colour(0.5, 0.5, 0.5)) - 0.5;
  const double count = 3 * 12 * 16;
  EXPECT_NEAR(noise.std().item<double>(), 0.1, 5 * 0.1 / std::sqrt(2 * count));
  Canvas again(3);
  EXPECT_TRUE(at::equal(retouching.after(again, colour(0.5, 0.5, 0.5)) - 0.5, noise))
      << "same seed and frame";
  EXPECT_GT(largest(retouching.after(again, colour(0.5, 0.5, 0.5), 2) - 0.5 - noise), 0.1) << "another frame";
}

}  // namespace
}  // namespace reverie::test
