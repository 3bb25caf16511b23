// The loss style against closed forms, over features that are the pixels themselves; and as runs use it.

#include "cli/real_program.h"
#include "conformance/tensors.h"
#include "losses/perceptors.h"
#include "support/numbers.h"
#include "support/scratch.h"
#include "windows.h"

namespace reverie::test {
namespace {

at::Tensor picture_of(std::int64_t width, std::int64_t height, std::uint64_t seed) {
  return random_picture(width, height, seed);
}

double value_of(Loss& loss, const at::Tensor& image, std::int64_t step = 0) {
  PictureModel model(image);
  Loss::Context context;
  context.step = step;
  return evaluate(loss, image, model, context).item<double>();
}

/// The same pixels at other places.
at::Tensor shuffled(const at::Tensor& picture) {
  const at::Tensor order = at::randperm(picture.size(2) * picture.size(3), seeded(9), at::kLong);
  return picture.flatten(2).index_select(2, order).view(picture.sizes());
}

TEST(Windows, CoverAPictureAtEqualDistances) {
  const at::Tensor picture = picture_of(10, 4, 1);
  const at::Tensor windows = windows_of(picture, 4, 1);
  ASSERT_EQ(windows.sizes(), (std::vector<std::int64_t>{3, 3, 4, 4}));
  for (const std::int64_t i : {0, 1, 2}) EXPECT_TRUE(at::equal(windows[i], picture[0].narrow(2, 3 * i, 4)));
  EXPECT_TRUE(at::equal(windows_of(picture_of(4, 4, 2), 4, 1), picture_of(4, 4, 2)));
  // Twice as many along the shorter side: the picture is enlarged to 20 x 8.
  EXPECT_EQ(windows_of(picture, 4, 2).sizes(), (std::vector<std::int64_t>{10, 3, 4, 4}));
  const at::Tensor even = at::full({1, 3, 37, 11}, 0.3);
  EXPECT_LT(largest(windows_of(even, 8, 1) - 0.3), 1e-6);
}

TEST(Style, GramByHand) {
  PixelSense sense(6);
  const auto loss = looking_through(sense, "style", {{"style_measure", "gram"}, {"style_layers", "1"}});
  const at::Tensor picture = picture_of(6, 6, 1), target = picture_of(12, 6, 2);
  loss->set_target(target);
  const auto gram = [](const at::Tensor& image, int a, int b) {
    double sum = 0;
    for (std::int64_t y = 0; y < image.size(2); ++y)
      for (std::int64_t x = 0; x < image.size(3); ++x)
        sum += image[0][a][y][x].item<double>() * image[0][b][y][x].item<double>();
    return sum / static_cast<double>(image.size(2) * image.size(3));
  };
  double difference = 0, length = 0;
  for (int a = 0; a < 3; ++a)
    for (int b = 0; b < 3; ++b) {
      difference += std::pow(gram(picture, a, b) - gram(target, a, b), 2);
      length += std::pow(gram(target, a, b), 2);
    }
  EXPECT_NEAR(value_of(*loss, picture), difference / length, 1e-5 * difference / length);
}

// In one dimension, the distance is that of the sorted values.
TEST(Style, WassersteinOfOneChannelByHand) {
  PixelSense sense(4, 1);
  const auto loss = looking_through(sense, "style", {{"style_layers", "1"}});
  for (const std::int64_t width : {4, 8}) {
    const at::Tensor picture = picture_of(4, 4, 3), target = picture_of(width, 4, 4).square();
    loss->set_target(target);
    const auto sorted = [](const at::Tensor& image) {
      return std::get<0>(image[0][0].flatten().to(at::kDouble).sort());
    };
    const at::Tensor ours = sorted(picture), theirs = sorted(target);
    double sum = 0;
    for (std::int64_t i = 0; i < 16; ++i)
      sum += std::pow((ours[i] - theirs[width == 4 ? i : 2 * i + 1]).item<double>(), 2);
    const double variance = theirs.var(0, false).item<double>();
    EXPECT_NEAR(value_of(*loss, picture), sum / 16 / variance, 1e-4 * sum / 16 / variance) << width;
  }
}

// Colours that are all moved by d are |R d|^2 away along a direction R, on average |d|^2 / 3.
TEST(Style, WassersteinOfAShiftIsItsLengthOnAverage) {
  PixelSense sense(16);
  const auto loss = looking_through(sense, "style", {{"style_layers", "1"}});
  const at::Tensor target = picture_of(16, 16, 5) * 0.5;
  const at::Tensor shift = at::tensor({0.3, 0.1, 0.2}).view({1, 3, 1, 1});
  loss->set_target(target);
  double mean = 0;
  constexpr int kSteps = 400;  // three directions in each
  for (int step = 0; step < kSteps; ++step) mean += value_of(*loss, target + shift, step) / kSteps;
  const double variance = target[0].flatten(1).var(1, false).mean().item<double>();
  EXPECT_NEAR(mean, 0.14 / 3 / variance, 0.08 * 0.14 / 3 / variance);
  EXPECT_EQ(value_of(*loss, target + shift, 7), value_of(*loss, target + shift, 7));
  EXPECT_NE(value_of(*loss, target + shift, 7), value_of(*loss, target + shift, 8));
}

TEST(Style, PlacesDoNotCount) {
  PixelSense sense(8);
  for (const char* measure : {"gram", "wasserstein"}) {
    const auto loss = looking_through(sense, "style", {{"style_measure", measure}, {"style_layers", "1"}});
    const at::Tensor target = picture_of(8, 8, 6);
    loss->set_target(target);
    EXPECT_LT(value_of(*loss, shuffled(target)), 1e-9) << measure;
    EXPECT_GT(value_of(*loss, target * 0.7), 1e-3) << measure;
    // Means over squares of two know of places.
    const auto both = looking_through(sense, "style", {{"style_measure", measure}});
    both->set_target(target);
    EXPECT_LT(value_of(*both, target), 1e-9) << measure;
    EXPECT_GT(value_of(*both, shuffled(target)), 1e-4) << measure;
  }
}

TEST(Style, TheValueIsTheMeanOverItsLayers) {
  PixelSense sense(8);
  const auto value = [&](const std::string& layers) {
    std::map<std::string, std::string> params = {{"style_measure", "gram"}};
    if (!layers.empty()) params["style_layers"] = layers;
    const auto loss = looking_through(sense, "style", params);
    loss->set_target(picture_of(8, 8, 1));
    return value_of(*loss, picture_of(8, 8, 2) * 0.5);
  };
  EXPECT_NEAR(value(""), (value("1") + value("2")) / 2, 1e-6);
  EXPECT_NEAR(value("2,1"), value(""), 1e-6);
}

TEST(Style, GradientsAreDifferences) {
  PixelSense sense(6);
  for (const char* measure : {"gram", "wasserstein"}) {
    const auto loss = looking_through(sense, "style", {{"style_measure", measure}});
    loss->set_target(picture_of(9, 6, 1).to(at::kDouble));
    const at::Tensor picture = picture_of(7, 5, 2);
    PictureModel model(picture);
    expect_gradient([&](const at::Tensor& image) { return evaluate(*loss, image, model); }, picture, 1e-5);
  }
}

TEST(Style, SaysWhatItNeeds) {
  PixelSense blind(8, 0), sense(8);
  const Error none = error_of([&] { looking_through(blind, "style"); });
  EXPECT_EQ(none.kind(), ErrorKind::settings);
  for (const char* part : {"pixels", "features"})
    EXPECT_NE(std::string(none.what()).find(part), std::string::npos) << none.what();
  const Error other = error_of([&] { looking_through(sense, "style", {{"style_perceptor", "elsewhere"}}); });
  EXPECT_NE(std::string(other.what()).find("'style_perceptor' is 'elsewhere'"), std::string::npos)
      << other.what();
  const Error word = error_of([&] { looking_through(sense, "style", {{"style_layers", "fine"}}); });
  EXPECT_NE(std::string(word.what()).find("'fine'"), std::string::npos) << word.what();
  const auto deep = looking_through(sense, "style", {{"style_layers", "3"}});
  const Error layer = error_of([&] { deep->set_target(picture_of(8, 8, 1)); });
  EXPECT_NE(std::string(layer.what()).find("2 depths"), std::string::npos) << layer.what();
}

TEST(Style, ARunDrawsNearToTheStyle) {
  const Scratch folder;
  // A style of red and blue stripes.
  std::vector<unsigned char> pixels;
  for (int y = 0; y < 64; ++y)
    for (int x = 0; x < 64; ++x) {
      const bool red = (x / 8) % 2 == 0;
      for (const int value : {red ? 220 : 20, 30, red ? 20 : 220})
        pixels.push_back(static_cast<unsigned char>(value));
    }
  png_image header{};
  header.version = PNG_IMAGE_VERSION;
  header.width = header.height = 64;
  header.format = PNG_FORMAT_RGB;
  ASSERT_TRUE(
      png_image_write_to_file(&header, (folder / "stripes.png").c_str(), 0, pixels.data(), 0, nullptr));
  const auto mean = [&](const std::string& perceptor, const std::string& run, const Words& more) {
    const std::string name = perceptor + run;
    Words words = tiny("a hill", {"perceptors=" + perceptor, "steps_per_scene=30", "file_namespace=" + name});
    words.insert(words.end(), more.begin(), more.end());
    const Outcome outcome = render(folder.path(), words);
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return read_png(folder / ("images_out/" + name + "/" + name + "_1.png")).mean;
  };
  for (const char* perceptor : {"tiny_resnet", "tiny_vit"}) {
    const auto plain = mean(perceptor, "plain", {}),
               styled =
                   mean(perceptor, "styled", {"losses=[{name: style, target: stripes.png, weight: 20}]"});
    // Stripes have little green.
    EXPECT_LT(styled[1], plain[1] - 20) << perceptor;
  }
}

}  // namespace
}  // namespace reverie::test
