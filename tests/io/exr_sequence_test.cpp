// EXR files as FFmpeg's program reads them: floats of linear light.

#include <cmath>

#include "video_files.h"

namespace reverie::test {
namespace {

TEST_F(WithVideo, ExrFilesHoldLinearLight) {
  const at::Tensor image = smooth_picture(37, 23, 1);
  const auto it = sink({{"frame_digits", "3"}}, "out", 12, "exr_sequence");
  const fs::path file = it->write(image, 7);
  it->close();
  EXPECT_EQ(file, "out/hill_007.exr");
  EXPECT_EQ(names_in("out"), std::set<std::string>{"hill_007.exr"});
  EXPECT_EQ(probe(file).at("codec_name"), "exr");

  const std::string bytes = stored_pixels(file);  // planes of green, blue and red
  constexpr std::size_t kPlane = 37 * 23;
  ASSERT_EQ(bytes.size(), 3 * kPlane * sizeof(float));
  std::vector<float> values(3 * kPlane);
  std::memcpy(values.data(), bytes.data(), bytes.size());
  double largest = 0;
  for (const auto& [channel, plane] : {std::pair{0, 2}, {1, 0}, {2, 1}})
    for (std::int64_t y = 0; y < 23; ++y)
      for (std::int64_t x = 0; x < 37; ++x) {
        const double coded = image[0][channel][y][x].item<double>();
        const double light = coded <= 0.04045 ? coded / 12.92 : std::pow((coded + 0.055) / 1.055, 2.4);
        const auto at = static_cast<std::size_t>(plane) * kPlane + static_cast<std::size_t>(y * 37 + x);
        largest = std::max(largest, std::abs(values[at] - light) / std::max(light, 1e-4));
      }
  EXPECT_LT(largest, 1.0 / 1024) << "floats of 16 bits have 11 that count";
}

TEST_F(WithVideo, ExrFilesAreReadBackAsTheyWere) {
  const at::Tensor image = smooth_picture(16, 9, 3);
  const fs::path file = sink({}, "out", 12, "exr_sequence")->write(image, 1);
  EXPECT_LT((host_.load_image(file.string()) - image).abs().max().item<double>(), 5e-4);
}

}  // namespace
}  // namespace reverie::test
