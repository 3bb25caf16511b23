#include "reverie/output_sink.h"

#include <png.h>

#include <iostream>

#include "conformance/promise.h"
#include "conformance/tensors.h"
#include "fixtures/plugins_under_test.h"
#include "reverie/vector_drawing.h"
#include "support/disk_trouble.h"

namespace reverie::test {
namespace {

/// A PNG file as libpng reads it: bytes [H, W, 3].
at::Tensor read_png(const fs::path& path) {
  png_image header{};
  header.version = PNG_IMAGE_VERSION;
  if (!png_image_begin_read_from_file(&header, path.c_str()))
    throw std::runtime_error(path.string() + ": " + header.message);
  header.format = PNG_FORMAT_RGB;
  at::Tensor bytes = at::empty({header.height, header.width, 3}, at::kByte);
  if (!png_image_finish_read(&header, nullptr, bytes.data_ptr(), 0, nullptr))
    throw std::runtime_error(path.string() + ": " + header.message);
  return bytes;
}

/// A picture whose values are exactly those of 8-bit files.
at::Tensor eight_bit_picture(std::int64_t width, std::int64_t height, std::uint64_t seed) {
  return (random_picture(width, height, seed) * 255).round() / 255;
}

at::Tensor bytes_of(const at::Tensor& image) {
  return (image[0] * 255).round().to(at::kByte).permute({1, 2, 0}).contiguous();
}

class OutputSinkConformance : public testing::TestWithParam<std::string> {
 protected:
  OutputSinkConformance() : host_(host_options()) {}

  const PluginFile& plugin() const { return plugins().find(OutputSink::kKind, GetParam()); }
  std::shared_ptr<OutputSink> sink(const fs::path& folder) {
    return create<OutputSink>(plugin(), host_, usual_params(plugin()),
                              {folder, "name", 12, R"({"scenes": "x"})"});
  }
  /// Only files of single pictures can be read back here.
  bool pictures(const fs::path& file) const { return file.extension() == ".png"; }

  std::set<fs::path> files() const {
    std::set<fs::path> result;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder_.path()))
      if (!entry.is_directory()) result.insert(entry.path());
    return result;
  }

  engine::HostServices host_;
  TemporaryFolder folder_;
};

TEST_P(OutputSinkConformance, WritesFramesIntoAFolderThatItMakes) {
  promise("write()",
          "returns the file the frame is in, <base_name>_<n>.* or <base_name>.* in the folder; nothing "
          "is written before the first frame");
  const fs::path folder = folder_ / "new/and deeper";
  const auto it = sink(folder);
  EXPECT_FALSE(fs::exists(folder)) << "nothing is written before the first frame";
  std::set<fs::path> written;
  for (const std::int64_t number : {1, 2, 10}) {
    const at::Tensor image = eight_bit_picture(31, 17, static_cast<std::uint64_t>(number));
    const fs::path file = it->write(image, number);
    written.insert(file);
    EXPECT_EQ(file.parent_path(), folder);
    EXPECT_EQ(file.filename().string().rfind("name", 0), 0u) << file;
    if (!pictures(file)) continue;
    EXPECT_EQ(file.stem().string(), "name_" + std::to_string(number));
    EXPECT_TRUE(at::equal(read_png(file), bytes_of(image))) << file;
  }
  it->close();
  EXPECT_EQ(files(), written) << "no temporary files stay behind";
}

TEST_P(OutputSinkConformance, WritesAnySize) {
  promise("write()", "pictures of any size");
  int number = 0;
  for (const auto& [width, height] : {std::pair{1, 1}, {1, 7}, {2048, 4}, {640, 360}}) {
    const auto it = sink(folder_ / std::to_string(number));
    const at::Tensor image = eight_bit_picture(width, height, 3);
    const fs::path file = it->write(image, ++number);
    it->close();
    EXPECT_GT(fs::file_size(file), 0u);
    EXPECT_TRUE(!pictures(file) || at::equal(read_png(file), bytes_of(image))) << width << "x" << height;
  }
}

TEST_P(OutputSinkConformance, RoundsAndTakesAnyMemoryLayout) {
  promise("write()", "the picture is only read, however it lies in memory");
  const auto it = sink(folder_.path());
  // Just off the 8-bit values, and stored the other way round.
  const at::Tensor exact = eight_bit_picture(20, 10, 4);
  const at::Tensor image = (exact + 0.4 / 255).clamp(0, 1).transpose(2, 3).contiguous().transpose(2, 3);
  ASSERT_FALSE(image.is_contiguous());
  const at::Tensor copy = image.clone();
  const fs::path file = it->write(image, 1);
  it->close();
  EXPECT_TRUE(at::equal(image, copy)) << "the picture is only read";
  EXPECT_TRUE(!pictures(file) || at::equal(read_png(file), bytes_of(exact)));
}

TEST_P(OutputSinkConformance, WritingAgainReplacesTheFileAtOnce) {
  promise("write()", "a file is complete or absent whatever happens");
  const auto it = sink(folder_.path());
  const at::Tensor first = eight_bit_picture(16, 16, 5), second = eight_bit_picture(16, 16, 6);
  const fs::path file = it->write(first, 1);
  if (!pictures(file)) GTEST_SKIP() << "frames are not files of their own";
  // Whoever has the old file open keeps it whole: it is replaced, not written over.
  const fs::path old = folder_ / "old";
  fs::create_hard_link(file, old);
  EXPECT_EQ(it->write(second, 1), file);
  it->close();
  EXPECT_TRUE(at::equal(read_png(file), bytes_of(second)));
  EXPECT_TRUE(at::equal(read_png(old), bytes_of(first)));
  EXPECT_EQ(files(), (std::set<fs::path>{file, old}));
}

TEST_P(OutputSinkConformance, FolderThatCannotBeWrittenIsAnErrorThatNamesIt) {
  promise("write()", "throws Error(file), naming the folder, and leaves nothing behind");
  // A file in the folder's place stops even the superuser, whom permissions do not.
  std::ofstream(folder_ / "taken") << "a file";
  const fs::path folder = folder_ / "taken/images";
  const Error error = error_of([&] {
    const auto it = sink(folder);
    it->write(eight_bit_picture(8, 8, 7), 1);
    it->close();
  });
  EXPECT_EQ(error.kind(), ErrorKind::file);
  EXPECT_NE(std::string(error.what()).find(folder.string()), std::string::npos) << error.what();
  EXPECT_EQ(files(), (std::set<fs::path>{folder_ / "taken"}));
}

TEST_P(OutputSinkConformance, ADiskThatFailsLeavesTheOldFileAndNothingElse) {
  promise("write()", "on a full disk: Error(file), the old file whole, nothing half-written");
  const at::Tensor first = eight_bit_picture(16, 16, 8), second = eight_bit_picture(64, 64, 9);
  const auto probe = sink(folder_.path());
  const bool one_file_a_frame = pictures(probe->write(first, 1));
  probe->close();
  if (!one_file_a_frame) GTEST_SKIP() << "frames are not files of their own";

  for (const DiskTrouble& trouble : disk_troubles()) {
    const std::string complaint = complaint_about_trouble(trouble, [&](const fs::path& folder, int version) {
      return sink(folder)->write(version == 1 ? first : second, 1);
    });
    if (complaint.rfind("cannot be tried", 0) == 0)
      std::cout << trouble.name << " " << complaint << "\n";
    else
      EXPECT_EQ(complaint, "") << trouble.name;
  }
}

// A run that was restored writes frames again that it wrote before it was interrupted.
TEST_P(OutputSinkConformance, TheSameFramesMakeTheSameFiles) {
  promise("write()", "a restored run writes the same files again");
  const auto contents_of_run = [&](const fs::path& folder) {
    const auto it = sink(folder);
    for (const std::int64_t number : {1, 2, 3})
      it->write(random_picture(24, 16, static_cast<std::uint64_t>(number)), number);
    it->close();
    std::map<fs::path, std::string> result;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder))
      result[entry.path().filename()] = contents(entry.path());
    return result;
  };
  const auto first = contents_of_run(folder_ / "one");
  EXPECT_EQ(contents_of_run(folder_ / "two"), first);
  EXPECT_EQ(contents_of_run(folder_ / "one"), first);
}

TEST_P(OutputSinkConformance, DisplaysLeaveFramesAsTheyAre) {
  promise("display()", "nothing that is shown is part of the run's result");
  const fs::path shown = folder_ / "shown", plain = folder_ / "plain";
  const auto frames = [&](const fs::path& folder, bool display) {
    const auto it = sink(folder);
    std::map<fs::path, std::string> result;
    std::vector<fs::path> files;
    for (const std::int64_t number : {1, 2}) {
      const at::Tensor image = random_picture(24, 16, static_cast<std::uint64_t>(number));
      const at::Tensor palette = random_picture(5, 3, 7), copy = palette.clone();
      if (display) {
        it->display([&] { return image; }, std::nullopt, number * 10);
        it->display([&] { return image; }, palette, number * 10);
        EXPECT_TRUE(at::equal(palette, copy)) << "the palette is only read";
      }
      files.push_back(it->write(image, number));
    }
    it->close();
    for (const fs::path& file : files) result[file.filename()] = contents(file);
    return result;
  };
  EXPECT_EQ(frames(shown, true), frames(plain, false));
  for (const fs::path& file : files()) EXPECT_NE(file.extension(), ".part") << file;
}

TEST_P(OutputSinkConformance, ClosesWithoutAFrame) {
  promise("close()", "called once, also when there was no frame; nothing is written then");
  const fs::path folder = folder_ / "unused";
  sink(folder)->close();
  EXPECT_FALSE(fs::exists(folder));
}

TEST_P(OutputSinkConformance, KeepsADrawingBesideItsPicture) {
  promise("write_drawing()", "the drawing is in a file of its own, and the picture stays as it is");
  const auto it = sink(folder_ / "drawn");
  auto* part = extension_of<TakesDrawing>(*it);
  if (!part) return;
  const std::string svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"24\" height=\"16\"></svg>\n";
  const fs::path picture = it->write(random_picture(24, 16, 1), 1);
  const std::string before = contents(picture);
  part->write_drawing(svg, picture);
  part->write_drawing(svg, picture);
  it->close();
  EXPECT_EQ(contents(picture), before);
  int drawings = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_ / "drawn"))
    drawings += contents(entry.path()) == svg;
  EXPECT_EQ(drawings, 1);
}

INSTANTIATE_TEST_SUITE_P(All, OutputSinkConformance, testing::ValuesIn(names_of(OutputSink::kKind)),
                         name_as_is);

}  // namespace
}  // namespace reverie::test
