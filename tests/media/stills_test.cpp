// Pictures with known pixels, in every format and depth; and files that are none.

#include <ATen/ATen.h>
#include <sys/stat.h>

#include <sstream>

#include "media/sources.h"

namespace reverie::test {
namespace {

const fs::path& pictures() {
  static const WrittenFiles files(REVERIE_TEST_PYTHON, REVERIE_TEST_FOLDER, "write_pictures.py");
  return files.path();
}

TEST(Stills, HaveThePixelsThatWentIn) {
  std::istringstream manifest(read_bytes(pictures() / "manifest.txt"));
  std::string name;
  double tolerance = 0;
  int count = 0;
  for (; manifest >> name >> tolerance; ++count) {
    SCOPED_TRACE(name);
    EXPECT_TRUE(accepts(pictures() / name));
    const at::Tensor expected = read_tensor(pictures() / (name + ".expected"), 2).unsqueeze(0);
    const auto source = open_file(pictures() / name);
    const FrameSource::Info info = source->info();
    EXPECT_EQ(info.frames, 1);
    EXPECT_EQ(info.frames_per_second, 0);
    EXPECT_EQ(info.size, (ImageSize{expected.size(3), expected.size(2)}));
    const std::optional<at::Tensor> picture = source->read(0);
    ASSERT_TRUE(picture);
    ASSERT_EQ(picture->sizes(), expected.sizes());
    EXPECT_LE(largest_difference(*picture, expected), tolerance);
    EXPECT_FALSE(source->read(1));
  }
  EXPECT_GT(count, 70);
}

TEST(Stills, AreTheSameAtAnyRate) {
  const auto still = open_file(pictures() / "rgb8.png", 12);
  EXPECT_EQ(still->info().frames_per_second, 0);
  EXPECT_TRUE(at::equal(*still->read(0), *open_file(pictures() / "rgb8.png")->read(0)));
  EXPECT_FALSE(still->read(1));
  EXPECT_EQ(open_file(pictures() / "a.gif")->info().frames, 1) << "a format that can hold videos, too";
}

TEST(Stills, TheFileIsReadAsItIsCalledOddly) {
  const Scratch scratch;
  for (const char* name : {"concat:a|b.png", "a%03d.png", "-.png", "pipe:", "a b\n.png", "http:"}) {
    fs::copy_file(pictures() / "grey1.png", scratch / name);
    EXPECT_NO_THROW(open_file(scratch / name)) << name;
  }
}

struct Bad {
  const char* name;
  const char* says;
};

TEST(Stills, DamagedOnesAreRefused) {
  for (const Bad& bad : std::vector<Bad>{{"half_rgb8.png", "cannot be decoded"},
                                         {"half_fine.jpg", "cannot be decoded"},
                                         {"half_usual.jpg", "cannot be decoded"},
                                         {"half_progressive.jpg", "cannot be decoded"},
                                         {"half_a.tif", "cannot be decoded"},
                                         {"half_a.webp", "cannot be decoded"},
                                         {"half_a.ppm", "cannot be decoded"},
                                         {"half_a.jp2", "cannot be decoded"},
                                         {"flipped.png", "CRC mismatch"},
                                         {"huge.png", "40000x40000"},
                                         {"bomb.png", "15000x15000"},
                                         {"bomb.gif", "15000x15000"},
                                         {"bomb.qoi", "15000x15000"},
                                         {"animated.webp", "is an animated WebP"},
                                         {"jpeg.tif", "TIFF with JPEG inside"},
                                         {"light.pfm", "upside down"}}) {
    const fs::path path = pictures() / bad.name;
    const Error error = error_of([&] { open_file(path); });
    EXPECT_EQ(error.kind(), ErrorKind::file) << bad.name;
    EXPECT_TRUE(holds(error.what(), "'" + path.string() + "'")) << error.what();
    EXPECT_TRUE(holds(error.what(), bad.says)) << error.what();
    EXPECT_FALSE(holds(error.what(), "\n")) << error.what();
  }
}

TEST(Stills, FilesThatAreNoPicturesAreToldApart) {
  const Scratch scratch;
  for (const Bad& bad : std::vector<Bad>{{"text.png", "neither a picture nor a video"},
                                         {"page.jpg", "neither a picture nor a video"},
                                         {"zeros.png", "neither a picture nor a video"},
                                         {"empty.png", "is empty"},
                                         {"missing.png", "there is no file"},
                                         {"", "is a folder"}}) {
    const fs::path path = pictures() / bad.name;
    EXPECT_FALSE(accepts(path)) << bad.name;
    const Error error = error_of([&] { open_file(path); });
    EXPECT_EQ(error.kind(), ErrorKind::file) << bad.name;
    EXPECT_TRUE(holds(error.what(), "'" + path.string() + "'")) << error.what();
    EXPECT_TRUE(holds(error.what(), bad.says)) << error.what();
  }
}

TEST(Stills, PipesAndDevicesAreNotWaitedFor) {
  const Scratch scratch;
  ASSERT_EQ(::mkfifo((scratch / "pipe.png").c_str(), 0600), 0);
  for (const fs::path& path : {scratch / "pipe.png", fs::path("/dev/zero")})
    EXPECT_TRUE(
        holds(error_of([&] { open_file(path); }).what(), "'" + path.string() + "' is not an ordinary file"));
}

/// FFmpeg's more than a hundred libraries come along with a run that reads something, and only then.
TEST(Stills, FFmpegIsLoadedOnlyWhenItIsNeeded) {
  const Scratch scratch;
  const auto libraries = [&](Words words) {
    const std::string cache = "XDG_CACHE_HOME=" + (scratch / "cache").string();
    words.insert(words.begin(), {"/usr/bin/env", cache, "LD_DEBUG=files", REVERIE_PROGRAM});
    const Outcome outcome = run(words, scratch.path());
    EXPECT_EQ(outcome.status, 0) << outcome.out;
    return outcome.err;
  };
  libraries({"plugins", "list"});  // finds out what each plugin is
  const std::string later = libraries({"plugins", "list"});
  EXPECT_FALSE(holds(later, "frame_sources/ffmpeg.so"));
  EXPECT_FALSE(holds(later, "libavcodec"));
  const Words check = {"check",
                       "scenes=red",
                       "perceptors=tiny_vit",
                       "width=32",
                       "height=32",
                       "cutouts=2",
                       "init_image=" + (pictures() / "rgb8.png").string()};
  EXPECT_TRUE(holds(libraries(check), "libavcodec"));
}

}  // namespace
}  // namespace reverie::test
