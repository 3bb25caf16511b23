// What picture_sequence, contact_sheet, animated_png and raw_frames write, as decoders that they do not share
// code with read it.

#include <cstring>
#include <fstream>

#include "settings/png_settings.h"
#include "support/child.h"
#include "support/disk_trouble.h"
#include "video_files.h"

namespace reverie::test {
namespace {

/// A picture whose values are exactly those of files with so many bits.
at::Tensor stored_picture(std::int64_t width, std::int64_t height, std::uint64_t seed, int bits = 8) {
  const double most = (1 << bits) - 1;
  const at::Tensor noise =
      at::rand({1, 3, height, width}, at::make_generator<at::CPUGeneratorImpl>(seed), at::kDouble);
  return ((noise * most).round() / most).to(at::kFloat);
}

double largest_of(const at::Tensor& difference) { return difference.abs().max().item<double>(); }

class FrameSinks : public WithVideo {
 protected:
  std::shared_ptr<OutputSink> make(const std::string& name, const Changes& changes = {},
                                   const fs::path& folder = "out", double rate = 12) {
    return sink(changes, folder, rate, name);
  }
  double difference_of(const fs::path& file, const at::Tensor& image) {
    return (host_.load_image(file.string()) - image).abs().mean().item<double>() * 255;
  }
  /// What an interrupted and restored run makes of pictures, in `parts`, is what an uninterrupted one makes,
  /// in `whole`.
  void expect_restored_alike(const std::string& name, const Changes& changes, std::int64_t frames) {
    const auto write = [&](const fs::path& folder, std::int64_t first, std::int64_t last) {
      const auto pngs = make("png_sequence", changes, folder), it = make(name, changes, folder);
      for (std::int64_t number = first; number <= last; ++number) {
        pngs->write(smooth_picture(40, 24, number), number);
        it->write(smooth_picture(40, 24, number), number);
      }
      return it;
    };
    fs::remove_all("whole");
    fs::remove_all("parts");
    write("whole", 1, frames)->close();
    write("parts", 1, frames / 2);               // and killed
    write("parts", frames / 2 - 1, frames - 2);  // the backup was a little older
    write("parts", frames - 1, frames)->close();
    ASSERT_EQ(names_in("parts"), names_in("whole"));
    for (const std::string& file : names_in("whole"))
      EXPECT_TRUE(read_bytes("parts/" + file) == read_bytes("whole/" + file)) << file;
  }
};

// picture_sequence

TEST_F(FrameSinks, PicturesAreFilesOfTheirFormat) {
  struct Format {
    const char *name, *extension, *begins;
    double tolerance;
  };
  for (const Format& format : {Format{"jpeg", ".jpg", "\xFF\xD8\xFF", 1},
                               {"webp", ".webp", "RIFF", 2},
                               {"webp_lossless", ".webp", "RIFF", 1e-4}}) {
    fs::remove_all("out");
    const auto it = make("picture_sequence", {{"picture_format", format.name}, {"frame_digits", "3"}});
    const at::Tensor image = smooth_picture(67, 41, 1);
    const fs::path file = it->write(image, 7), kept = *it->keep(image, 50);
    it->close();
    EXPECT_EQ(file, std::string("out/hill_007") + format.extension);
    EXPECT_EQ(kept, std::string("out/hill_step_50") + format.extension);
    EXPECT_EQ(names_in("out").size(), 2u);
    EXPECT_EQ(read_bytes(file).rfind(format.begins, 0), 0u);
    EXPECT_EQ(read_bytes(file), read_bytes(kept));
    EXPECT_LT(difference_of(file, (image * 255).round() / 255), format.tolerance) << format.name;
  }
}

TEST_F(FrameSinks, LosslessWebpKeepsEveryBit) {
  const at::Tensor image = stored_picture(31, 17, 5);
  const fs::path file = make("picture_sequence", {{"picture_format", "webp_lossless"}})->write(image, 1);
  EXPECT_LT((host_.load_image(file.string()) - image).abs().max().item<double>(), 1e-6);
}

TEST_F(FrameSinks, JpegKeepsColoursOfSinglePixels) {
  // Stripes of red and blue of equal brightness: with chroma of half the resolution, they were one colour.
  at::Tensor image = at::zeros({1, 3, 32, 32});
  for (std::int64_t x = 0; x < 32; ++x) image[0][x % 2 ? 2 : 0].select(1, x).fill_(x % 2 ? 0.9 : 0.35);
  EXPECT_LT(difference_of(make("picture_sequence", {{"picture_quality", "95"}})->write(image, 1), image), 3);
}

TEST_F(FrameSinks, JpegQualityScalesTheStandardsTables) {
  // The first ten steps of Annex K's tables in zigzag order; 50 is the tables themselves, 75 half, 25 twice.
  const int luma[] = {16, 11, 12, 14, 12, 10, 16, 14, 13, 14},
            chroma[] = {17, 18, 18, 24, 21, 24, 47, 26, 26, 47};
  for (const auto& [quality, percent] : {std::pair{"50", 100}, {"75", 50}, {"25", 200}}) {
    const std::string file = read_bytes(
        make("picture_sequence", {{"picture_quality", quality}})->write(stored_picture(16, 16, 1), 1));
    // A segment of tables: its marker, its length, and for each table its number and 64 steps.
    const std::size_t segment = file.find("\xFF\xDB");
    ASSERT_NE(segment, std::string::npos);
    std::map<int, std::string> tables;
    const std::size_t length = static_cast<std::size_t>(static_cast<unsigned char>(file[segment + 2])) * 256 +
                               static_cast<unsigned char>(file[segment + 3]);
    for (std::size_t at = segment + 4; at < segment + 2 + length; at += 65)
      tables[file[at]] = file.substr(at + 1, 64);
    ASSERT_EQ(tables.size(), 2u);
    for (std::size_t i = 1; i < 10; ++i) {
      EXPECT_EQ(static_cast<unsigned char>(tables[0][i]), (luma[i] * percent + 50) / 100)
          << quality << " " << i;
      EXPECT_EQ(static_cast<unsigned char>(tables[1][i]), (chroma[i] * percent + 50) / 100)
          << quality << " " << i;
    }
  }
}

TEST_F(FrameSinks, QualityTradesSize) {
  for (const char* format : {"jpeg", "webp"}) {
    const auto size = [&](const char* quality) {
      const auto it = make("picture_sequence", {{"picture_format", format}, {"picture_quality", quality}});
      return fs::file_size(it->write(stored_picture(64, 64, 2), 1));
    };
    const auto fine = size("100"), middle = size("60"), coarse = size("1");
    EXPECT_GT(fine, middle) << format;
    EXPECT_GT(middle, coarse) << format;
  }
}

TEST_F(FrameSinks, TooLargePicturesAreToldWithTheLimit) {
  const Error error = error_of([&] {
    make("picture_sequence", {{"picture_format", "webp"}})->write(at::zeros({1, 3, 1, 16384}), 1);
  });
  EXPECT_EQ(error.kind(), ErrorKind::file);
  for (const char* part : {"16384x1", "WebP", "16383"})
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  EXPECT_FALSE(fs::exists("out"));
}

// contact_sheet

/// A frame of one grey.
at::Tensor grey(double level) { return at::full({1, 3, 20, 30}, level); }

const std::map<std::string, std::string> kSmallSheet = {
    {"sheet_pictures", "4"}, {"sheet_columns", "2"}, {"sheet_picture_width", "15"}};

TEST_F(FrameSinks, AContactSheetShowsFramesAtEqualDistances) {
  const auto it = make("contact_sheet", kSmallSheet);
  // Which frames are on the page when so many have come, for at most four of them.
  const std::vector<std::vector<std::int64_t>> expected = {
      {}, {1}, {1, 2}, {1, 2, 3}, {1, 2, 3, 4}, {1, 3, 5}, {1, 3, 5}, {1, 3, 5, 7}, {1, 3, 5, 7}, {1, 5, 9}};
  const auto level = [](std::int64_t number) { return 0.3 + 0.07 * static_cast<double>(number); };
  for (std::int64_t number = 1; number <= 9; ++number) {
    const fs::path file = it->write(grey(level(number)), number);
    const std::vector<std::int64_t>& shown = expected[static_cast<std::size_t>(number)];
    EXPECT_EQ(file, shown.back() == number ? "out/hill_sheet.jpg" : "") << number;
    const at::Tensor page = host_.load_image("out/hill_sheet.jpg");
    const auto count = static_cast<std::int64_t>(shown.size());
    // Pictures of 15 x 10 pixels, and 4 around each.
    ASSERT_EQ(page.size(3), (count > 1 ? 2 : 1) * 19 + 4) << number;
    ASSERT_EQ(page.size(2), (count + 1) / 2 * 14 + 4) << number;
    for (std::int64_t i = 0; i < count; ++i)
      EXPECT_NEAR(page[0][1][4 + i / 2 * 14 + 5][4 + i % 2 * 19 + 7].item<double>(),
                  level(shown[static_cast<std::size_t>(i)]), 0.02)
          << number << " place " << i;
  }
  it->close();
  EXPECT_EQ(names_in("out"), std::set<std::string>{"hill_sheet.jpg"});
}

TEST_F(FrameSinks, ARestoredRunEndsWithTheSameContactSheet) {
  for (const char* bits : {"8", "16"})
    for (const char* most : {"3", "4", "48"})
      expect_restored_alike("contact_sheet", {{"sheet_pictures", most}, {"png_bits", bits}}, 14);
}

TEST_F(FrameSinks, MissingFramesLeaveTheirPlacesEmpty) {
  make("contact_sheet", kSmallSheet)->write(grey(0.9), 3);
  const at::Tensor page = host_.load_image("out/hill_sheet.jpg");
  EXPECT_NEAR(page[0][0][9][11].item<double>(), 0.12, 0.02);
  EXPECT_NEAR(page[0][0][4 + 14 + 5][11].item<double>(), 0.9, 0.02);
}

// animated_png

TEST_F(FrameSinks, AnAnimatedPngHasEveryFrame) {
  for (const char* bits : {"8", "16"}) {
    fs::remove_all("out");
    const auto it = make("animated_png", {{"png_bits", bits}});
    std::vector<at::Tensor> images;
    for (std::int64_t number = 1; number <= 5; ++number) {
      images.push_back(stored_picture(23, 14, static_cast<std::uint64_t>(number), std::atoi(bits)));
      EXPECT_EQ(it->write(images.back(), number), "out/hill.apng");
      // It can be shown at any time.
      const auto animation = pictures_.open("out/hill.apng");
      for (std::size_t i = 0; i < images.size(); ++i) {
        const auto frame = animation->read(static_cast<std::int64_t>(i));
        ASSERT_TRUE(frame) << number << " " << i;
        EXPECT_LT((*frame - images[i]).abs().max().item<double>(), 1.0 / 60000) << number << " " << i;
      }
      EXPECT_FALSE(animation->read(number));
    }
    it->close();
    EXPECT_EQ(names_in("out"), std::set<std::string>{"hill.apng"});
  }
}

TEST_F(FrameSinks, AnAnimatedPngSaysHowLongAndHasTheSettings) {
  for (const auto& [rate, parts, whole] :
       {std::tuple{12.0, 1, 12}, {29.97, 100, 2997}, {0.5, 2, 1}, {100.0, 1, 100}}) {
    const std::string bytes =
        read_bytes(make("animated_png", {}, "out", rate)->write(stored_picture(4, 4, 1), 1));
    // Behind the chunk's name: its number, width, height and place, of four bytes each.
    const std::size_t at = bytes.find("fcTL") + 4 + 20;
    const auto two = [&](std::size_t from) {
      return static_cast<unsigned char>(bytes[from]) * 256 + static_cast<unsigned char>(bytes[from + 1]);
    };
    EXPECT_EQ(two(at), parts) << rate;
    EXPECT_EQ(two(at + 2), whole) << rate;
  }
  std::ifstream file("out/hill.apng", std::ios::binary);
  file.ignore(8);
  std::string text, why;
  EXPECT_TRUE(find_png_settings(file, 1 << 20, text, why)) << why;
  EXPECT_EQ(text, "{}");
}

TEST_F(FrameSinks, ARestoredRunEndsWithTheSameAnimatedPng) {
  for (const char* bits : {"8", "16"}) expect_restored_alike("animated_png", {{"png_bits", bits}}, 9);
}

TEST_F(FrameSinks, WhatIsWrittenBehindAnAnimationsEndLeavesItAsItIs) {
  // A process that is killed while it writes a frame has written behind the last chunk, and not yet over it.
  const auto it = make("animated_png");
  for (std::int64_t number = 1; number <= 3; ++number) it->write(stored_picture(9, 7, 1), number);
  const std::string before = read_bytes("out/hill.apng");
  std::ofstream("out/hill.apng", std::ios::binary | std::ios::app) << "the beginning of a frame";
  const auto animation = pictures_.open("out/hill.apng");
  EXPECT_TRUE(animation->read(2));
  EXPECT_FALSE(animation->read(3));
  make("animated_png")->write(stored_picture(9, 7, 2), 4);
  it->write(stored_picture(9, 7, 2), 4);
  EXPECT_EQ(read_bytes("out/hill.apng").substr(before.size()).find("the beginning"), std::string::npos);
}

TEST_F(FrameSinks, AnAnimationWithoutItsBeginningIsAFileOfItsOwn) {
  make("animated_png")->write(stored_picture(9, 7, 1), 1);
  const std::string before = read_bytes("out/hill.apng");
  EXPECT_EQ(make("animated_png")->write(stored_picture(9, 7, 3), 3), "out/hill_from_3.apng")
      << "the second is missing";
  EXPECT_EQ(make("animated_png")->write(stored_picture(9, 8, 2), 2), "out/hill_from_2.apng")
      << "of another size";
  EXPECT_EQ(make("animated_png", {{"png_bits", "16"}})->write(stored_picture(9, 7, 2), 2),
            "out/hill_from_2.apng");
  EXPECT_EQ(read_bytes("out/hill.apng"), before);
}

// raw_frames

std::string eight_bits(const at::Tensor& image) {
  const at::Tensor bytes = (image[0] * 255).round().to(at::kByte).permute({1, 2, 0}).contiguous();
  return {static_cast<const char*>(bytes.const_data_ptr()), static_cast<std::size_t>(bytes.numel())};
}

TEST_F(FrameSinks, RawFramesAreNothingButPixels) {
  const at::Tensor one = stored_picture(5, 4, 1), two = stored_picture(5, 4, 2);
  const auto it = make("raw_frames");
  EXPECT_EQ(it->write(one, 1), "out/hill_5x4.rgb");
  EXPECT_EQ(read_bytes("out/hill_5x4.rgb"), eight_bits(one));
  it->write(two, 2);
  it->close();
  EXPECT_EQ(read_bytes("out/hill_5x4.rgb"), eight_bits(one) + eight_bits(two));
}

TEST_F(FrameSinks, RawFramesOfSixteenBits) {
  const at::Tensor image = stored_picture(5, 4, 3, 16);
  const std::string bytes = read_bytes(make("raw_frames", {{"raw_pixels", "rgb48le"}})->write(image, 1));
  ASSERT_EQ(bytes.size(), 5u * 4 * 6);
  for (std::int64_t i = 0; i < 5 * 4 * 3; ++i) {
    const auto at = static_cast<std::size_t>(2 * i);
    const int value = static_cast<unsigned char>(bytes[at]) + 256 * static_cast<unsigned char>(bytes[at + 1]);
    ASSERT_EQ(value, std::lround(image[0][i % 3][i / 15][i / 3 % 5].item<double>() * 65535)) << i;
  }
}

TEST_F(FrameSinks, ARestoredRunEndsWithTheSameRawFrames) {
  for (const char* pixels : {"rgb24", "rgb48le"})
    expect_restored_alike("raw_frames", {{"raw_pixels", pixels}}, 9);
}

TEST_F(FrameSinks, RawFramesGoOnAtTheirPlace) {
  std::vector<at::Tensor> images;
  for (std::uint64_t i = 0; i < 4; ++i) images.push_back(stored_picture(3, 2, i));
  const auto first = make("raw_frames");
  for (std::int64_t i = 0; i < 3; ++i) first->write(images[static_cast<std::size_t>(i)], i + 1);
  // Killed in the middle of a frame, behind a backup at the second.
  std::ofstream("out/hill_3x2.rgb", std::ios::binary | std::ios::app) << "half a frame";
  const auto second = make("raw_frames");
  second->write(images[2], 3);
  second->write(images[3], 4);
  std::string expected;
  for (const at::Tensor& image : images) expected += eight_bits(image);
  EXPECT_EQ(read_bytes("out/hill_3x2.rgb"), expected);
  // Where there is less than what was saved, nothing is written over.
  EXPECT_EQ(make("raw_frames")->write(images[0], 9), "out/hill_3x2_from_9.rgb");
  EXPECT_EQ(read_bytes("out/hill_3x2.rgb"), expected);
  EXPECT_EQ(read_bytes("out/hill_3x2_from_9.rgb"), eight_bits(images[0]));
}

TEST_F(FrameSinks, AFullDiskIsToldAndLeavesTheFramesThatThereWere) {
  for (const std::string name : {"animated_png", "raw_frames"}) {
    const std::string file = name == "animated_png" ? "disk/out/hill.apng" : "disk/out/hill_64x64.rgb";
    const ChildReport report = in_child([&]() -> std::string {
      fs::create_directories("disk");
      if (const std::string why = mount_small_disk("disk"); !why.empty()) return "cannot be tried: " + why;
      const auto it = make(name, {}, "disk/out");
      std::int64_t number = 0;
      try {
        for (; number < 1000; ++number)
          it->write(stored_picture(64, 64, static_cast<std::uint64_t>(number)), number + 1);
        return "no error";
      } catch (const Error& error) {
        const std::string said = error.what();
        if (error.kind() != ErrorKind::file || said.find(file) == std::string::npos ||
            said.find("No space left on device") == std::string::npos || error.advice().empty())
          return said;
      }
      if (number < 2) return "the disk is too small for this test";
      if (name == "raw_frames") {
        const auto size = static_cast<std::int64_t>(fs::file_size(file));
        return size == number * 64 * 64 * 3 ? ""
                                            : std::to_string(size) + " bytes of " + std::to_string(number);
      }
      const auto animation = pictures_.open(file);
      for (std::int64_t i = 0; i < number; ++i) {
        const auto frame = animation->read(i);
        if (!frame || largest_of(*frame - stored_picture(64, 64, static_cast<std::uint64_t>(i))) > 1e-5)
          return "frame " + std::to_string(i) + " is lost";
      }
      return animation->read(number) ? "there is half a frame" : "";
    });
    EXPECT_TRUE(report.ended) << report.text;
    if (report.text.rfind("cannot be tried", 0) == 0) GTEST_SKIP() << report.text;
    EXPECT_EQ(report.text, "") << name;
  }
}

TEST_F(FrameSinks, FramesOfAnotherSizeAreRefused) {
  for (const char* name : {"raw_frames", "animated_png"}) {
    const auto it = make(name);
    it->write(stored_picture(5, 4, 1), 1);
    EXPECT_EQ(error_of([&] { it->write(stored_picture(4, 5, 1), 2); }).kind(), ErrorKind::file) << name;
  }
}

}  // namespace
}  // namespace reverie::test
