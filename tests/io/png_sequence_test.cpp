// What png_sequence writes besides pixels, and under which names. Pixels, and disks that fail, are tested
// with all sinks in tests/conformance.

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <png.h>

#include <cstdio>
#include <fstream>
#include <map>
#include <memory>

#include "engine/host_services.h"
#include "plugins/registry.h"
#include "reverie/output_sink.h"
#include "settings/png_settings.h"
#include "support/in_scratch.h"
#include "support/numbers.h"

namespace reverie::test {
namespace {

namespace fs = std::filesystem;

/// A file as libpng reads it.
struct Png {
  at::Tensor rgb;  ///< bytes [H, W, 3]; of 16 bits a channel [H, W, 6], the higher byte first
  std::map<std::string, std::pair<std::string, int>>
      texts;  ///< by keyword; with their libpng compression type
  bool has_time = false, is_srgb = false;
  int depth = 0;
};

/// False if libpng finds a mistake. Nothing in here needs cleaning up when it does.
bool read(png_structp png, png_infop info, std::FILE* file, Png& result) {
  if (setjmp(png_jmpbuf(png))) return false;
  png_init_io(png, file);
  png_read_info(png, info);
  result.depth = png_get_bit_depth(png, info);
  result.rgb = at::empty(
      {png_get_image_height(png, info), png_get_image_width(png, info), 3 * result.depth / 8}, at::kByte);
  for (std::int64_t y = 0; y < result.rgb.size(0); ++y)
    png_read_row(png, result.rgb.mutable_data_ptr<png_byte>() + y * result.rgb.stride(0), nullptr);
  png_read_end(png, info);
  return true;
}

Png read_png(const fs::path& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), &std::fclose);
  if (!file) throw std::runtime_error("no file " + path.string());
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  Png result;
  const bool sound = read(png, info, file.get(), result);
  png_textp texts = nullptr;
  int count = 0;
  png_get_text(png, info, &texts, &count);
  for (int i = 0; i < count; ++i) result.texts[texts[i].key] = {texts[i].text, texts[i].compression};
  result.has_time = png_get_valid(png, info, PNG_INFO_tIME) != 0;
  result.is_srgb = png_get_valid(png, info, PNG_INFO_sRGB) != 0;
  png_destroy_read_struct(&png, &info, nullptr);
  EXPECT_TRUE(sound) << path;
  return result;
}

/// By the reader that `reverie config PICTURE.png` uses.
std::string settings_in(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  file.ignore(8);
  std::string text, why;
  return find_png_settings(file, 1 << 20, text, why) ? text : "none: " + why;
}

at::Tensor picture(std::int64_t width, std::int64_t height, std::uint64_t seed) {
  return at::rand({1, 3, height, width}, seeded(seed));
}

class PngSequence : public InScratch {
 protected:
  PngSequence() : registry_(std::vector<fs::path>{REVERIE_PLUGINS}), host_({"cpu", 1, "", ""}) {}

  std::shared_ptr<OutputSink> sink(const std::string& settings = "{}", std::int64_t digits = 0,
                                   const std::string& bits = "8") {
    const PluginFile& plugin = registry_.find(OutputSink::kKind, "png_sequence");
    Settings params = default_params(plugin);
    SettingValue value = *params.find("frame_digits");
    value.number = static_cast<double>(digits);
    params.set("frame_digits", value);
    SettingValue depth = *params.find("png_bits");
    depth.text = bits;
    params.set("png_bits", depth);
    return create<OutputSink>(plugin, host_, params, {"out", "hill", 12, settings});
  }

  PluginRegistry registry_;
  engine::HostServices host_;
};

TEST_F(PngSequence, SettingsTravelInEachPicture) {
  const std::string settings = "{\"scenes\": \"a \\\"red\\\" hill|Ünï → 日本 𝛼\",\n \"seed\": 7}\n";
  const auto it = sink(settings);
  for (const std::int64_t number : {1, 2}) {
    const Png png = read_png(it->write(picture(20, 10, 1), number));
    ASSERT_EQ(png.texts.size(), 2u);
    EXPECT_EQ(png.texts.at("reverie.settings").first, settings);
    EXPECT_GE(png.texts.at("reverie.settings").second, PNG_ITXT_COMPRESSION_NONE) << "iTXt, which is UTF-8";
    EXPECT_EQ(png.texts.at("Software"), (std::pair<std::string, int>("Reverie", PNG_TEXT_COMPRESSION_NONE)));
    EXPECT_TRUE(png.is_srgb);
    EXPECT_FALSE(png.has_time);
    EXPECT_EQ(png.depth, 8);
  }
  EXPECT_EQ(settings_in("out/hill_1.png"), settings);
}

TEST_F(PngSequence, LongAndShortSettings) {
  std::string settings = "{\"scenes\": \"";
  for (int i = 0; settings.size() < 200000; ++i) settings += std::to_string(i * i) + " ";
  settings += "\"}";
  const fs::path file = sink(settings)->write(picture(8, 8, 1), 1);
  EXPECT_EQ(settings_in(file), settings);
  EXPECT_LT(fs::file_size(file), settings.size()) << "they are compressed";
  sink("")->write(picture(8, 8, 1), 1);
  EXPECT_EQ(read_png(file).texts.at("reverie.settings").first, "");
}

TEST_F(PngSequence, TheSamePictureAndSettingsGiveTheSameBytes) {
  const at::Tensor image = picture(33, 21, 1);
  const fs::path file = sink("{\"seed\": 1}")->write(image, 1);
  const std::string bytes = read_bytes(file);
  fs::remove(file);
  sink("{\"seed\": 1}")->write(image.clone(), 1);
  EXPECT_EQ(read_bytes(file), bytes);
  sink("{\"seed\": 2}")->write(image, 1);
  EXPECT_NE(read_bytes(file), bytes);
}

TEST_F(PngSequence, NumbersAreFilledUpWithZeros) {
  const auto name = [&](std::int64_t digits, std::int64_t number) {
    return sink("{}", digits)->write(picture(2, 2, 1), number).filename().string();
  };
  EXPECT_EQ(name(0, 7), "hill_7.png");
  EXPECT_EQ(name(1, 7), "hill_7.png");
  EXPECT_EQ(name(4, 7), "hill_0007.png");
  EXPECT_EQ(name(4, 1234), "hill_1234.png");
  EXPECT_EQ(name(4, 12345), "hill_12345.png") << "never cut";
  EXPECT_EQ(name(12, 7), "hill_000000000007.png");
}

TEST_F(PngSequence, SixteenBitsKeepWhatEightWouldRoundAway) {
  const auto it = sink("{}", 0, "16");
  at::Tensor image = picture(33, 21, 1);
  image[0][0][0][0] = 0;
  image[0][1][0][0] = 1;
  image[0][2][0][0] = 1.5;
  const Png png = read_png(it->write(image, 1));
  EXPECT_EQ(png.depth, 16);
  const at::Tensor bytes = png.rgb.to(at::kInt).view({21, 33, 3, 2});
  const at::Tensor values = bytes.select(3, 0) * 256 + bytes.select(3, 1);
  for (std::int64_t y = 0; y < 21; ++y)
    for (std::int64_t x = 0; x < 33; ++x)
      for (std::int64_t c = 0; c < 3; ++c)
        ASSERT_NEAR(values[y][x][c].item<double>(), std::min(1.0, image[0][c][y][x].item<double>()) * 65535,
                    0.505)
            << y << " " << x << " " << c;
  EXPECT_EQ(settings_in("out/hill_1.png"), "{}");
}

TEST_F(PngSequence, ShowsThePaletteAsASwatch) {
  const auto it = sink("{\"seed\": 1}");
  const auto never = []() -> at::Tensor { throw std::logic_error("the picture is not needed"); };
  it->display(never, std::nullopt, 50);
  EXPECT_FALSE(fs::exists("out")) << "nothing is to be shown";

  const at::Tensor first = picture(5, 3, 1), second = picture(5, 3, 2);
  it->display(never, first, 50);
  EXPECT_EQ(names_in("out"), std::set<std::string>{"hill_palette.png"});
  fs::create_hard_link("out/hill_palette.png", "old.png");
  it->display(never, second, 100);
  EXPECT_EQ(names_in("out"), std::set<std::string>{"hill_palette.png"});
  for (const auto& [file, colours] : {std::pair("old.png", first), {"out/hill_palette.png", second}}) {
    const at::Tensor rgb = read_png(file).rgb;
    ASSERT_EQ(rgb.sizes(), at::IntArrayRef({3 * 32, 5 * 32, 3}));
    for (std::int64_t y = 0; y < rgb.size(0); y += 31)
      for (std::int64_t x = 0; x < rgb.size(1); x += 31)
        for (std::int64_t c = 0; c < 3; ++c)
          EXPECT_EQ(rgb[y][x][c].item<int>(),
                    std::lround(colours[0][c][y / 32][x / 32].item<float>() * 255.0f))
              << y << " " << x;
  }
}

TEST_F(PngSequence, ALargePaletteStaysAPictureOfReasonableSize) {
  const auto it = sink();
  it->display(nullptr, picture(100, 2, 1), 1);
  EXPECT_EQ(read_png("out/hill_palette.png").rgb.sizes(), at::IntArrayRef({2 * 20, 100 * 20, 3}));
  it->display(nullptr, picture(2, 3000, 1), 1);
  EXPECT_EQ(read_png("out/hill_palette.png").rgb.sizes(), at::IntArrayRef({3000, 2, 3}));
}

TEST_F(PngSequence, PicturesOfOtherShapesAreRefused) {
  for (const at::Tensor& image : {at::zeros({3, 4, 4}), at::zeros({2, 3, 4, 4}), at::zeros({1, 1, 4, 4}),
                                  at::zeros({1, 3, 0, 4}), at::zeros({1, 3, 4, 0})})
    EXPECT_THROW(sink()->write(image, 1), Error) << image.sizes();
  EXPECT_FALSE(fs::exists("out"));
}

}  // namespace
}  // namespace reverie::test
