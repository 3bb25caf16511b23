// AVIF by picture_sequence as FFmpeg reads it, and animated_webp as libwebp's decoder of animations does,
// which writes neither.

#include <sstream>

#include "video_files.h"

namespace reverie::test {
namespace {

class AvifAndWebp : public WithVideo {
 protected:
  std::shared_ptr<OutputSink> avif(const Changes& changes = {}) {
    Changes all = {{"picture_format", "avif"}};
    for (const auto& [name, text] : changes) all[name] = text;
    return sink(all, "out", 12, "picture_sequence");
  }
  std::shared_ptr<OutputSink> webp(const Changes& changes = {}, double rate = 12,
                                   const fs::path& folder = "out") {
    return sink(changes, folder, rate, "animated_webp");
  }
};

/// A picture of whole numbers of 8 bits.
at::Tensor noise(std::int64_t width, std::int64_t height, std::uint64_t seed) {
  return at::randint(0, 256, {1, 3, height, width}, at::make_generator<at::CPUGeneratorImpl>(seed),
                     at::kFloat) /
         255;
}

TEST_F(AvifAndWebp, AvifIsNearThePicture) {
  const at::Tensor image = smooth_picture(67, 41, 1);
  const fs::path file = avif()->write(image, 7), kept = *avif()->keep(image, 50);
  EXPECT_EQ(file, "out/hill_7.avif");
  EXPECT_EQ(kept, "out/hill_step_50.avif");
  EXPECT_EQ(read_bytes(file).substr(4, 8), "ftypavif");
  EXPECT_EQ(read_bytes(file), read_bytes(kept));
  EXPECT_LT(mean_difference(decoded(file)[0], whole(image)), 1);
}

TEST_F(AvifAndWebp, AvifIsSmallerThanAJpegThatIsNoNearer) {
  const at::Tensor image = host_.load_image((kSource / "docs/pictures/first_light.png").string());
  const fs::path fine = avif({{"picture_quality", "60"}})->write(image, 1),
                 jpeg = sink({{"picture_quality", "60"}}, "out", 12, "picture_sequence")->write(image, 1);
  EXPECT_LT(mean_difference(decoded(fine)[0], whole(image)), mean_difference(decoded(jpeg)[0], whole(image)));
  EXPECT_LT(fs::file_size(fine), fs::file_size(jpeg));
}

TEST_F(AvifAndWebp, AvifLosslessKeepsEveryBit) {
  const at::Tensor image = noise(33, 18, 1);
  const fs::path file = avif({{"picture_format", "avif_lossless"}})->write(image, 1);
  // FFmpeg's planes are green, blue and red, without a conversion.
  const std::string planes = stored_pixels(file);
  const at::Tensor rgb = whole(image).permute({2, 0, 1}).to(at::kByte);
  ASSERT_EQ(planes.size(), static_cast<std::size_t>(rgb.numel()));
  const at::Tensor expected = at::stack({rgb[1], rgb[2], rgb[0]}).contiguous();
  EXPECT_EQ(std::memcmp(planes.data(), expected.const_data_ptr(), planes.size()), 0);
}

TEST_F(AvifAndWebp, AvifQualityTradesSizeAndTheSettingsAreThere) {
  const auto size = [&](const char* quality) {
    return fs::file_size(avif({{"picture_quality", quality}})->write(noise(64, 64, 2), 1));
  };
  const auto fine = size("100"), middle = size("60"), coarse = size("1");
  EXPECT_GT(fine, middle);
  EXPECT_GT(middle, coarse);
  EXPECT_NE(read_bytes("out/hill_1.avif").find("<reverie:settings>{}</reverie:settings>"), std::string::npos);
}

/// What read_webp.py finds.
struct Animation {
  std::int64_t width = 0, height = 0, frames = 0, repetitions = -1;
  std::vector<int> until;  ///< milliseconds from the beginning to each frame's end
  std::string settings;
  at::Tensor pixels;  ///< [N, H, W, 3]
};

Animation read(const fs::path& file) {
  const Outcome outcome =
      run({REVERIE_TEST_PYTHON, REVERIE_TEST_FOLDER "/read_webp.py", file.string()}, fs::current_path());
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  std::istringstream lines(outcome.out);
  Animation result;
  lines >> result.width >> result.height >> result.frames >> result.repetitions;
  for (int time; std::ssize(result.until) < result.frames && lines >> time;) result.until.push_back(time);
  lines >> std::ws;
  std::getline(lines, result.settings);
  const std::string bytes = read_bytes(file.string() + ".raw");
  fs::remove(file.string() + ".raw");
  const at::Tensor all = at::empty({std::ssize(bytes)}, at::kByte);
  std::memcpy(all.mutable_data_ptr(), bytes.data(), bytes.size());
  result.pixels = all.to(at::kInt).view({result.frames, result.height, result.width, 3});
  return result;
}

TEST_F(AvifAndWebp, AnAnimatedWebpHasEveryFrameAtItsTime) {
  const auto it = webp({{"webp_exact", "true"}}, 7);
  std::vector<at::Tensor> images;
  for (std::int64_t number = 1; number <= 5; ++number) {
    images.push_back(whole(noise(23, 15, static_cast<std::uint64_t>(number))));
    EXPECT_EQ(it->write(noise(23, 15, static_cast<std::uint64_t>(number)), number), "out/hill.webp");
    const Animation animation = read("out/hill.webp");  // it can be shown at any time
    EXPECT_EQ(animation.repetitions, 0) << "without end";
    EXPECT_EQ(animation.settings, "{}");
    EXPECT_TRUE(at::equal(animation.pixels, at::stack(images))) << number;
    for (std::size_t frame = 0; frame < images.size(); ++frame) {
      // Pillow says when a frame begins or when it ends, depending on its version.
      const long end = std::lround(1000.0 * static_cast<double>(frame + 1) / 7),
                 begin = std::lround(1000.0 * static_cast<double>(frame) / 7);
      const int said = animation.until.at(frame);
      EXPECT_TRUE(said == end || said == begin) << said << ", not " << begin << " or " << end;
    }
  }
  it->close();
  // The file is as long as it says.
  const std::string bytes = read_bytes("out/hill.webp");
  std::uint32_t size = 0;
  std::memcpy(&size, bytes.data() + 4, 4);
  EXPECT_EQ(size + 8, bytes.size());
}

TEST_F(AvifAndWebp, AnAnimatedWebpIsNearItsPictures) {
  const auto it = webp({{"webp_quality", "90"}});
  for (std::int64_t number = 1; number <= 3; ++number) it->write(smooth_picture(64, 40, number), number);
  const Animation animation = read("out/hill.webp");
  ASSERT_EQ(animation.frames, 3);
  for (std::int64_t number = 1; number <= 3; ++number)
    EXPECT_LT(mean_difference(animation.pixels[number - 1], whole(smooth_picture(64, 40, number))), 2.5);
  const auto size = [&](const char* quality) {
    return fs::file_size(webp({{"webp_quality", quality}}, 12, "other")->write(noise(64, 64, 1), 1));
  };
  EXPECT_GT(size("95"), size("20"));
}

TEST_F(AvifAndWebp, ARestoredRunEndsWithTheSameAnimatedWebp) {
  const auto write = [&](const fs::path& folder, std::int64_t first, std::int64_t last) {
    const auto it = webp({}, 12, folder);
    for (std::int64_t number = first; number <= last; ++number)
      it->write(smooth_picture(40, 24, number), number);
  };
  write("whole", 1, 9);
  write("parts", 1, 4);
  // Killed while it wrote a frame: behind the end.
  std::ofstream("parts/hill.webp", std::ios::binary | std::ios::app) << "the beginning of a frame";
  write("parts", 3, 7);  // the backup was a little older
  write("parts", 8, 9);
  EXPECT_TRUE(read_bytes("parts/hill.webp") == read_bytes("whole/hill.webp"));
  EXPECT_EQ(read("parts/hill.webp").frames, 9);
}

TEST_F(AvifAndWebp, AnAnimatedWebpWithoutItsBeginningIsAFileOfItsOwn) {
  webp()->write(noise(9, 7, 1), 1);
  const std::string before = read_bytes("out/hill.webp");
  EXPECT_EQ(webp()->write(noise(9, 7, 3), 3), "out/hill_from_3.webp") << "the second is missing";
  EXPECT_EQ(webp()->write(noise(9, 8, 2), 2), "out/hill_from_2.webp") << "of another size";
  EXPECT_EQ(read_bytes("out/hill.webp"), before);
  const auto it = webp({}, 12, "other");
  it->write(noise(5, 4, 1), 1);
  EXPECT_EQ(error_of([&] { it->write(noise(4, 5, 1), 2); }).kind(), ErrorKind::file);
}

}  // namespace
}  // namespace reverie::test
