// Videos: frames by number and by time, in any order; colours; damage.

#include <ATen/ATen.h>

#include <random>
#include <regex>

#include "media/sources.h"

namespace reverie::test {
namespace {

constexpr int kFrames = 30;
constexpr double kSame = 1e-6;

const fs::path& videos() {
  static const WrittenFiles files(REVERIE_TEST_PYTHON, REVERIE_TEST_FOLDER, "write_videos.py");
  return files.path();
}

/// Frame `number` as write_videos.py has made it.
at::Tensor numbered(std::int64_t number, std::int64_t height, std::int64_t width) {
  const at::Tensor x = at::arange(width) * 3, y = at::arange(height).view({height, 1}) * 5,
                   c = at::arange(3).view({3, 1, 1}) * 50;
  return ((x + y + c + 17 * number) % 256).to(at::kFloat).div(255).unsqueeze(0);
}

/// The number that a frame shows in its first pixel; 17 times 241 is 1 modulo 256.
std::int64_t number_of(const at::Tensor& frame) {
  return std::lround(frame[0][0][0][0].item<double>() * 255) * 241 % 256;
}

std::vector<at::Tensor> all_frames(FrameSource& source) {
  std::vector<at::Tensor> frames;
  while (std::optional<at::Tensor> frame = source.read(std::ssize(frames))) frames.push_back(*frame);
  return frames;
}

class Lossless : public testing::TestWithParam<std::string> {};

TEST_P(Lossless, FramesComeInTheirOrderUnchanged) {
  const auto source = open_file(videos() / GetParam());
  EXPECT_EQ(source->info().frames_per_second, 10);
  EXPECT_EQ(source->info().frames.value_or(kFrames), kFrames);
  for (std::int64_t i = 0; i < kFrames; ++i) {
    const std::optional<at::Tensor> frame = source->read(i);
    ASSERT_TRUE(frame) << i;
    EXPECT_LE(largest_difference(*frame, numbered(i, 21, 33)), kSame) << i;
  }
  EXPECT_FALSE(source->read(kFrames));
  EXPECT_EQ(source->info().frames, kFrames);
}

INSTANTIATE_TEST_SUITE_P(All, Lossless,
                         testing::Values("x264.mkv", "x264.mp4", "x264.ts", "open.mp4", "ffv1.mkv", "png.mov",
                                         "a.apng"),
                         [](const auto& info) {
                           return std::regex_replace(info.param, std::regex("\\."), "_");
                         });

class AnyOrder : public testing::TestWithParam<std::string> {};

TEST_P(AnyOrder, GivesTheFramesOfTheUsualOne) {
  const std::vector<at::Tensor> expected = all_frames(*open_file(videos() / GetParam()));
  const auto count = std::ssize(expected);
  ASSERT_GT(count, 10);
  std::mt19937 draw(11);
  const auto source = open_file(videos() / GetParam());
  for (int i = 0; i < 60; ++i) {
    const auto index = static_cast<std::int64_t>(draw() % static_cast<unsigned>(count + 2));
    const std::optional<at::Tensor> frame = source->read(index);
    ASSERT_EQ(frame.has_value(), index < count) << index;
    if (!frame) continue;
    EXPECT_TRUE(at::equal(*frame, expected[static_cast<std::size_t>(index)])) << index;
  }
  for (std::int64_t index = count - 1; index >= 0; --index)
    EXPECT_TRUE(at::equal(*source->read(index), expected[static_cast<std::size_t>(index)])) << index;
}

INSTANTIATE_TEST_SUITE_P(All, AnyOrder,
                         testing::Values("x264.mkv", "x264.mp4", "x264.ts", "x264.h264", "open.mp4",
                                         "ffv1.mkv", "png.mov", "a.apng", "vp9.webm", "mpeg4.avi",
                                         "mpeg2.mpg", "x264.flv", "jpeg.mov", "a.gif", "a.y4m",
                                         "joined_late.ts", "joined.ts"),
                         [](const auto& info) {
                           return std::regex_replace(info.param, std::regex("\\."), "_");
                         });

struct Rate {
  const char* file;
  double own;     // frames per second of the file
  double wanted;  // and those asked for
};

TEST(Rates, TheFrameThatIsShownThen) {
  constexpr double kNtsc = 30000.0 / 1001;
  for (const Rate& rate : std::vector<Rate>{{"film.mkv", 24, 24},
                                            {"film.mkv", 24, 12},
                                            {"film.mkv", 24, 48},
                                            {"film.mp4", 24, 24},
                                            {"film.mp4", 24, 60},
                                            {"ntsc.mkv", kNtsc, kNtsc},
                                            {"ntsc.mkv", kNtsc, 3 * kNtsc},
                                            {"ntsc.mkv", kNtsc, 7}}) {
    SCOPED_TRACE(std::string(rate.file) + " at " + std::to_string(rate.wanted));
    const auto source = open_file(videos() / rate.file, rate.wanted);
    EXPECT_EQ(source->info().frames_per_second, rate.wanted);
    // 60 frames last 60 / own seconds.
    const auto count = static_cast<std::int64_t>(std::ceil(60 / rate.own * rate.wanted - 1e-6));
    for (std::int64_t i = 0; i < count; ++i) {
      const std::optional<at::Tensor> frame = source->read(i);
      ASSERT_TRUE(frame) << i;
      EXPECT_EQ(number_of(*frame),
                static_cast<std::int64_t>(static_cast<double>(i) / rate.wanted * rate.own + 1e-6))
          << i;
    }
    EXPECT_FALSE(source->read(count));
    EXPECT_FALSE(source->read(count + 1000));
  }
}

TEST(Rates, FramesOfDifferentLengthAreShownAsLong) {
  const auto source = open_file(videos() / "squares.mkv", 20);
  for (std::int64_t i : {0, 1, 2, 3, 4, 8, 9, 15, 16, 80, 81, 82, 26, 25, 24, 1, 0, 63, 64}) {
    const std::optional<at::Tensor> frame = source->read(i);
    ASSERT_TRUE(frame) << i;
    EXPECT_EQ(number_of(*frame), static_cast<std::int64_t>(std::sqrt(static_cast<double>(i)))) << i;
  }
  EXPECT_FALSE(source->read(200));
}

TEST(Rates, AnyOrderGivesTheSame) {
  const std::vector<at::Tensor> expected = all_frames(*open_file(videos() / "x264.mp4", 17));
  const auto source = open_file(videos() / "x264.mp4", 17);
  std::mt19937 draw(5);
  for (int i = 0; i < 40; ++i) {
    const std::size_t index = draw() % expected.size();
    EXPECT_TRUE(at::equal(*source->read(static_cast<std::int64_t>(index)), expected[index])) << index;
  }
}

TEST(Shapes, VideosAreTurnedAsTheySay) {
  for (const std::string turn : {"90", "180", "270"}) {
    const std::string bytes =
        read_bytes(videos() / ("turned" + turn + ".rgb"));  // as the ffmpeg program turns it
    const bool lying = turn != "180";
    const auto source = open_file(videos() / ("turned" + turn + ".mp4"));
    const ImageSize size = lying ? ImageSize{21, 33} : ImageSize{33, 21};
    EXPECT_EQ(source->info().size, size);
    ASSERT_EQ(bytes.size(), static_cast<std::size_t>(size.width * size.height * 3));
    at::Tensor expected = at::empty({size.height, size.width, 3}, at::kByte);
    std::memcpy(expected.mutable_data_ptr(), bytes.data(), bytes.size());
    expected = expected.permute({2, 0, 1}).to(at::kFloat).div(255).unsqueeze(0);
    EXPECT_LE(largest_difference(*source->read(0), expected), kSame) << turn;
  }
}

TEST(Shapes, PixelsThatAreNotSquareAreStretched) {
  const auto source = open_file(videos() / "wide.mkv");
  EXPECT_EQ(source->info().size, (ImageSize{66, 21}));
  EXPECT_EQ(source->read(0)->sizes(), (at::IntArrayRef{1, 3, 21, 66}));
}

TEST(Shapes, AStretchedVideoMayBeTooLarge) {
  const Error error = error_of([&] { open_file(videos() / "stretched.mkv"); });
  EXPECT_TRUE(holds(error.what(), "25200x3600")) << error.what();
}

TEST(Shapes, AVideoOfOneFrameIsAStill) {
  const auto source = open_file(videos() / "single.mkv", 12);
  EXPECT_EQ(source->info().frames, 1);
  EXPECT_EQ(source->info().frames_per_second, 0);
  EXPECT_TRUE(source->read(0));
  EXPECT_FALSE(source->read(1));
}

TEST(Colours, MatrixRangeAndDepthAreThoseOfTheFile) {
  int count = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(videos())) {
    const std::string name = entry.path().filename().string();
    if (name.rfind("colour_", 0) != 0 || entry.path().extension() != ".mkv") continue;
    ++count;
    const at::Tensor expected = read_tensor(entry.path().string() + ".expected", 2);
    EXPECT_LE(largest_difference(*open_file(entry.path())->read(0), expected), 1e-5) << name;
  }
  EXPECT_EQ(count, 11);
}

TEST(Colours, SparseChromaIsTakenFromWhereItWasSampled) {
  for (const std::string name : {"left", "centre", "422", "unsaid"}) {
    const fs::path path = videos() / ("siting_" + name + ".mkv");
    // Beyond the outermost samples there is nothing to rise to.
    const auto inside = [](const at::Tensor& image) { return image.slice(2, 2, -2).slice(3, 2, -2); };
    const at::Tensor expected = read_tensor(path.string() + ".expected", 2).unsqueeze(0);
    EXPECT_LE(largest_difference(inside(*open_file(path)->read(0)), inside(expected)), 1e-5) << name;
  }
}

TEST(Damage, IsToldByFileAndFrame) {
  for (const std::string name : {"cut.mp4", "flipped.mkv"}) {
    const fs::path path = videos() / name;
    const auto source = open_file(path);
    std::int64_t good = 0;
    Error error(ErrorKind::usage, "");
    try {
      while (source->read(good)) ++good;
      ADD_FAILURE() << name << " ended without an error";
    } catch (const Error& thrown) {
      error = thrown;
    }
    EXPECT_EQ(error.kind(), ErrorKind::file);
    EXPECT_TRUE(holds(error.what(), "frame " + std::to_string(good) + " of '" + path.string() + "'"))
        << error.what();
    EXPECT_GT(good, 10);
    EXPECT_LT(good, kFrames);
    for (std::int64_t i : {good - 1, std::int64_t{0}, good / 2})
      EXPECT_LE(largest_difference(*source->read(i), numbered(i, 21, 33)), kSame)
          << "sound frames stay readable";
    EXPECT_THROW(source->read(good), Error);
  }
}

TEST(Damage, ARecordingMayStartAnywhere) {
  const std::vector<at::Tensor> frames = all_frames(*open_file(videos() / "joined_late.ts"));
  ASSERT_GT(frames.size(), 10u);
  const std::int64_t first = number_of(frames[0]);
  EXPECT_GT(first, 3);
  for (std::size_t i = 0; i < frames.size(); ++i)
    EXPECT_LE(largest_difference(frames[i], numbered(first + static_cast<std::int64_t>(i), 21, 33)), kSame)
        << i;
  EXPECT_EQ(first + std::ssize(frames), kFrames);
}

/// The run's settings, of which a video's first `frames` frames at 10 a second are read.
Outcome check(const fs::path& video, int frames) {
  const Scratch scratch;
  return run({REVERIE_PROGRAM, "check", "scenes=a hill", "perceptors=" + shipped_models()[0], "width=32",
              "height=32", "cutouts=2", "animation_mode=Video Source", "video_path=" + video.string(),
              "frames_per_second=10", "steps_per_frame=1", "pre_animation_steps=1", "save_every=1",
              "outputs=[png_sequence]", "steps_per_scene=" + std::to_string(frames)},
             scratch.path());
}

TEST(Damage, CheckLooksAtWhatTheRunWillRead) {
  const Outcome early = check(videos() / "flipped.mkv", 8), late = check(videos() / "flipped.mkv", 40);
  EXPECT_EQ(early.status, 0) << early.err;
  EXPECT_EQ(late.status, 2) << late.err;
  EXPECT_TRUE(holds(late.err, "'video_path': frame ")) << late.err;
  const Outcome joined = check(videos() / "joined.ts", 70);
  EXPECT_EQ(joined.status, 0) << joined.err;
  EXPECT_TRUE(holds(joined.err, "joined.ts': FFmpeg reports missing bytes")) << joined.err;
}

TEST(Shapes, APathOfNumberedPicturesIsAVideoForTheProgram) {
  const Scratch scratch;
  fs::create_directory(scratch / "frames");
  for (const char* name : {"f_0001.ppm", "f_0002.ppm", "f_0003.ppm"})
    scratch.write(std::string("frames/") + name, "P6\n8 8\n255\n" + std::string(192, 'a'));
  for (const char* path : {"frames", "frames/f_%04d.ppm"})
    EXPECT_EQ(check(scratch / path, 6).status, 0) << check(scratch / path, 6).err;
  const Outcome outcome = check(scratch / "frames/g_%04d.ppm", 6);
  EXPECT_EQ(outcome.status, 2);
  EXPECT_TRUE(holds(outcome.err, "'video_path': there is no file '")) << outcome.err;
}

TEST(Damage, JoinedRecordingsAreReadToTheEnd) {
  const auto source = open_file(videos() / "joined.ts", 10);
  for (std::int64_t i = 0; i < 2 * kFrames; ++i) {
    const std::optional<at::Tensor> frame = source->read(i);
    ASSERT_TRUE(frame) << i;
    EXPECT_LE(largest_difference(*frame, numbered(i % kFrames, 21, 33)), kSame) << i;
  }
  EXPECT_FALSE(source->read(2 * kFrames));
}

TEST(Damage, SoundAndListsOfOtherFilesAreNoPictures) {
  for (const auto& [name, says] : std::map<std::string, std::string>{{"sound.wav", "holds no pictures"},
                                                                     {"playlist.mp4", "cannot be read"},
                                                                     {"playlist.m3u8", "cannot be read"}}) {
    const fs::path path = videos() / name;
    EXPECT_FALSE(accepts(path)) << name;
    const Error error = error_of([&] { open_file(path); });
    EXPECT_EQ(error.kind(), ErrorKind::file);
    EXPECT_TRUE(holds(error.what(), "'" + path.string() + "'")) << error.what();
    EXPECT_TRUE(holds(error.what(), says)) << error.what();
  }
}

}  // namespace
}  // namespace reverie::test
