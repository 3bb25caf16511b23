// What the host makes of the pictures and videos that settings name.

#include "media/pictures.h"

#include <ATen/ATen.h>

#include "media/footage.h"
#include "media/sources.h"
#include "media/web_file.h"
#include "models/server.h"

namespace reverie::test {
namespace {

/// An uncompressed picture that any program reads: a portable pixmap of `height` rows of three pixels.
std::string pixmap(int height) {
  std::string bytes = "P6\n3 " + std::to_string(height) + "\n255\n";
  for (int i = 0; i < height * 9; ++i) bytes += static_cast<char>(i * 28);
  return bytes;
}

class PicturesTest : public testing::Test {
 protected:
  PicturesTest() : host_(host_options()), pictures_(plugins(), host_) {
    before_ = std::getenv("XDG_CACHE_HOME") ? std::getenv("XDG_CACHE_HOME") : "";
    ::setenv("XDG_CACHE_HOME", (scratch_ / "cache").c_str(), 1);
  }
  ~PicturesTest() override {
    before_.empty() ? ::unsetenv("XDG_CACHE_HOME") : ::setenv("XDG_CACHE_HOME", before_.c_str(), 1);
  }
  std::string write(const std::string& name, const std::string& bytes) {
    return scratch_.write(name, bytes).string();
  }

  Scratch scratch_;
  engine::HostServices host_;
  media::Pictures pictures_;
  std::string before_;
};

TEST_F(PicturesTest, AreLoadedByThePluginThatAcceptsThem) {
  const at::Tensor picture = pictures_.load(write("a.ppm", pixmap(2)));
  const at::Tensor expected =
      (at::arange(18) * 28 % 256).to(at::kFloat).div(255).view({1, 2, 3, 3}).permute({0, 3, 1, 2});
  EXPECT_LE(largest_difference(picture, expected), 1e-6);
  EXPECT_TRUE(at::equal(picture, host_.load_image((scratch_ / "a.ppm").string())));
  const at::Tensor colour = pictures_.load(write("plain.colour", "1 0.5 0.25 8 6 3"));
  EXPECT_EQ(colour.sizes(), (at::IntArrayRef{1, 3, 6, 8}));
  EXPECT_EQ(colour[0][1][0][0].item<float>(), 0.5f);
}

TEST_F(PicturesTest, MasksAreLuma) {
  const std::string path = write("plain.colour", "1 0.5 0.25 8 6 3");
  const double luma = 0.299 + 0.5 * 0.587 + 0.25 * 0.114;  // ITU-R BT.601
  media::Footage footage(pictures_.open(path));
  footage.seek(0);
  EXPECT_LE(largest_difference(footage.mask(false), at::full({1, 1, 6, 8}, luma)), 1e-6);
  EXPECT_LE(largest_difference(footage.mask(true), at::full({1, 1, 6, 8}, 1 - luma)), 1e-6);
}

TEST_F(PicturesTest, VideosStepAndHoldTheirLastFrame) {
  media::Footage footage(pictures_.open((kSamples / "clip.mkv").string(), 16));  // its own rate is 8
  const auto frame = [&](std::int64_t index) {
    footage.seek(index);
    return footage.image().clone();
  };
  const at::Tensor first = frame(0), second = frame(4);
  EXPECT_TRUE(at::equal(first, pictures_.load((kSamples / "clip.mkv").string())));
  EXPECT_FALSE(at::equal(first, second));
  EXPECT_TRUE(at::equal(frame(5), second));
  const at::Tensor last = frame(15);
  EXPECT_TRUE(at::equal(frame(16), last));
  EXPECT_TRUE(at::equal(frame(1000), last));
}

TEST_F(PicturesTest, TheLastFrameIsTheSameHoweverItIsComeTo) {
  // In steps of 4 from the start, 12 is the last that is met before the end at 16.
  const auto open = [&] { return media::Footage(pictures_.open((kSamples / "clip.mkv").string(), 16)); };
  media::Footage striding = open(), leaping = open(), exact = open();
  for (const std::int64_t index : {0, 4, 8, 12}) EXPECT_EQ(striding.seek(index), index);
  EXPECT_EQ(striding.seek(16), 15);
  EXPECT_EQ(leaping.seek(99), 15);
  exact.seek(15);
  EXPECT_TRUE(at::equal(striding.image(), exact.image()));
  EXPECT_TRUE(at::equal(leaping.image(), exact.image()));
}

/// The first pixel's red of each frame, times 100.
std::vector<long> reds(FrameSource& source) {
  std::vector<long> values;
  while (const auto frame = source.read(std::ssize(values)))
    values.push_back(std::lround((*frame)[0][0][0][0].item<double>() * 100));
  return values;
}

class FolderOfFrames : public PicturesTest {
 protected:
  FolderOfFrames() {
    fs::create_directory(scratch_ / "frames");
    const std::pair<const char*, int> files[] = {{"f_2.ppm", 20},     {"f_10.ppm", 100},   {"f_1.ppm", 10},
                                                 {"g_0003.ppm", 200}, {"g_0001.ppm", 180}, {"g_1.ppm", 250},
                                                 {"notes.txt", 0}};
    for (const auto& [name, red] : files) {
      std::string bytes = "P6\n3 2\n255\n";
      for (int i = 0; i < 6; ++i) bytes += {static_cast<char>(red), 0, 0};
      scratch_.write(std::string("frames/") + name, bytes);
    }
  }
  std::string path(const std::string& name) const { return (scratch_ / "frames" / name).string(); }
};

TEST_F(FolderOfFrames, IsAVideoInTheOrderOfItsNumbers) {
  const auto folder = pictures_.open(path(""), 12);
  EXPECT_EQ(folder->info().frames, 6);
  EXPECT_EQ(folder->info().size, (ImageSize{3, 2}));
  EXPECT_EQ(reds(*folder), (std::vector<long>{4, 8, 39, 71, 98, 78})) << "in 1/100 of 255";
  EXPECT_EQ(reds(*pictures_.open(path("f_%d.ppm"), 12)), (std::vector<long>{4, 8, 39}));
  EXPECT_EQ(reds(*pictures_.open(path("g_%04d.ppm"))), (std::vector<long>{71, 78}));
  media::Footage footage(pictures_.open(path("f_%d.ppm"), 12));
  EXPECT_EQ(footage.seek(9), 2);
}

TEST_F(FolderOfFrames, ErrorsNameWhatIsMissing) {
  const auto said = [&](const std::string& name) {
    return std::string(error_of([&] { pictures_.open(path(name)); }).what());
  };
  EXPECT_TRUE(holds(said("h_%04d.ppm"), path("h_%04d.ppm"))) << said("h_%04d.ppm");
  fs::create_directory(path("empty"));
  EXPECT_TRUE(holds(said("empty"), path("empty"))) << said("empty");
  scratch_.write("frames/f_11.ppm", "no picture");
  const auto broken = pictures_.open(path("f_%d.ppm"));
  EXPECT_TRUE(holds(error_of([&] { broken->read(3); }).what(), path("f_11.ppm")));
}

TEST_F(PicturesTest, ErrorsNameTheFile) {
  const std::string text = write("text.png", "no picture"), empty = write("empty.png", ""),
                    cut = write("cut.ppm", pixmap(20).substr(0, 60));
  for (const std::string& path : {text, empty, cut, (scratch_ / "none.png").string()}) {
    const Error error = error_of([&] { pictures_.load(path); });
    EXPECT_EQ(error.kind(), ErrorKind::file) << path;
    EXPECT_TRUE(holds(error.what(), "'" + path + "'")) << error.what();
    EXPECT_FALSE(holds(error.what(), "could not start")) << error.what();
  }
  EXPECT_TRUE(holds(error_of([&] { pictures_.load(text); }).what(), "neither a picture nor a video"));
  EXPECT_TRUE(holds(error_of([&] { pictures_.load(cut); }).what(), "cannot be decoded"));
}

TEST_F(PicturesTest, WithoutAPluginNothingCanBeRead) {
  const PluginRegistry none({scratch_ / "no plugins"});
  const media::Pictures pictures(none, host_);
  EXPECT_EQ(error_of([&] { pictures.load(write("a.ppm", pixmap(2))); }).kind(), ErrorKind::plugin);
}

TEST_F(PicturesTest, AddressesAreDownloadedOnce) {
  const Server server(scratch_.write("served", pixmap(4)));
  const std::string url = server.url("good") + "/a.ppm";
  const at::Tensor picture = pictures_.load(url);
  EXPECT_EQ(picture.sizes(), (at::IntArrayRef{1, 3, 4, 3}));
  EXPECT_TRUE(at::equal(host_.load_image(url), picture));
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST_F(PicturesTest, PagesInPlaceOfPicturesAreNotKept) {
  const Server server(scratch_.write("served", "<html>Please log in.</html>"));
  const std::string url = server.url("good") + "/a.png";
  for (int i = 0; i < 2; ++i) {
    const Error error = error_of([&] { pictures_.load(url); });
    EXPECT_TRUE(holds(error.what(), "'" + url + "'")) << error.what();
    EXPECT_TRUE(holds(error.what(), "neither a picture nor a video")) << error.what();
  }
  EXPECT_EQ(server.requests().size(), 2u) << "the second time it is asked for again";
}

TEST_F(PicturesTest, FileAddressesAreFiles) {
  EXPECT_NO_THROW(pictures_.load("file://" + write("a.ppm", pixmap(2))));
}

}  // namespace
}  // namespace reverie::test
