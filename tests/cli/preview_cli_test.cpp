// `reverie preview-motion`: a run's moves alone, which are those that the documentation says.

#include <algorithm>
#include <cmath>
#include <sstream>

#include "cli/real_program.h"
#include "support/png_pictures.h"

namespace reverie::test {
namespace {

constexpr int kWidth = 64, kHeight = 48;

struct Colour {
  unsigned char red, green, blue;
  bool operator==(const Colour&) const = default;
};
struct Frame {
  std::vector<Colour> pixels;  // row after row
  bool operator==(const Frame&) const = default;
};

std::string made_by_ffmpeg(const Scratch& folder, Words words) {
  words.insert(words.begin(), {"/usr/bin/ffmpeg", "-v", "error", "-y"});
  words.push_back("ffmpeg.out");
  const Outcome outcome = run(words, folder.path());
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  return read_bytes(folder / "ffmpeg.out");
}

/// The pictures of a video of kWidth x kHeight pixels, as ffmpeg converts them.
std::vector<Frame> frames_of(const Scratch& folder, const std::string& video) {
  const std::string bytes =
      made_by_ffmpeg(folder, {"-i", video, "-vsync", "0", "-pix_fmt", "rgb24", "-f", "rawvideo"});
  constexpr std::size_t kPixels = kWidth * kHeight;
  EXPECT_EQ(bytes.size() % (3 * kPixels), 0u) << video;
  std::vector<Frame> frames(bytes.size() / (3 * kPixels));
  for (std::size_t i = 0; i < frames.size(); ++i) {
    frames[i].pixels.resize(kPixels);
    std::memcpy(frames[i].pixels.data(), bytes.data() + i * 3 * kPixels, 3 * kPixels);
  }
  return frames;
}

/// The picture so many pixels further to the right and upwards; what leaves it comes in on the other side.
Frame moved(const Frame& frame, int right, int up) {
  Frame result = frame;
  for (int y = 0; y < kHeight; ++y)
    for (int x = 0; x < kWidth; ++x) {
      const int to_x = (x + right) % kWidth, to_y = ((y - up) % kHeight + kHeight) % kHeight;
      result.pixels[static_cast<std::size_t>(to_y * kWidth + to_x)] =
          frame.pixels[static_cast<std::size_t>(y * kWidth + x)];
    }
  return result;
}

Colour pattern(int x, int y) {
  return {static_cast<unsigned char>(4 * x), static_cast<unsigned char>(5 * y),
          static_cast<unsigned char>(x * y % 256)};
}

void write_grey(const fs::path& path, unsigned char grey) {
  write_png(path, kWidth, kHeight, std::vector<unsigned char>(kWidth * kHeight, grey));
}

void write_pattern(const fs::path& path) {
  std::vector<unsigned char> pixels;
  for (int y = 0; y < kHeight; ++y)
    for (int x = 0; x < kWidth; ++x) {
      const auto [red, green, blue] = pattern(x, y);
      pixels.insert(pixels.end(), {red, green, blue});
    }
  write_png(path, kWidth, kHeight, pixels);
}

/// A second of a tone from the first second on, in a file of four seconds, 16 bits and one channel.
void write_song(const Scratch& folder) {
  constexpr int kRate = 44100;
  std::string samples;
  for (int i = 0; i < 4 * kRate; ++i) {
    const double swing = i >= kRate && i < 2 * kRate ? 16000 * std::sin(2 * 3.14159265 * 441 * i / kRate) : 0;
    const auto sample = static_cast<std::int16_t>(swing);
    samples.append(reinterpret_cast<const char*>(&sample), sizeof sample);
  }
  folder.write("song.raw", samples);
  folder.write("song.wav", made_by_ffmpeg(folder, {"-f", "s16le", "-ar", std::to_string(kRate), "-ac", "1",
                                                   "-i", "song.raw", "-f", "wav"}));
}

/// A run that steps 40 times: after 5, 15, 25 and 35 steps it moves. Its perceptors do not exist.
constexpr const char* kRun =
    "scenes: a hill || a tree\nperceptors: /nonexistent\nwidth: 64\nheight: 48\nsteps_per_scene: 20\n"
    "pre_animation_steps: 5\nsteps_per_frame: 10\nframes_per_second: 4\nanimation_mode: 2D\n"
    "sampling_mode: nearest\ninfill_mode: wrap\nvideo_format: lossless\n";

class Preview : public testing::Test {
 protected:
  /// Of kRun, changed by `settings`, which are lines.
  Outcome preview(const std::string& settings, const Words& more = {}) {
    std::istringstream lines(kRun);
    std::string all = settings;
    for (std::string line; std::getline(lines, line);)
      if (!holds("\n" + settings, "\n" + line.substr(0, line.find(' ')))) all += line + "\n";
    folder_.write("run.yaml", all);
    Words words = {"run.yaml"};
    words.insert(words.end(), more.begin(), more.end());
    return run(command("preview-motion", words), folder_.path());
  }

  std::vector<Frame> frames(const std::string& settings, const Words& more = {}) {
    const Outcome outcome = preview(settings, more);
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return frames_of(folder_, outcome.out.substr(outcome.out.find('\n') + 1,
                                                 outcome.out.rfind('\n') - outcome.out.find('\n') - 1));
  }

  Scratch folder_;
};

TEST_F(Preview, APictureForEachMoveAndOneBefore) {
  const Outcome outcome = preview("rotate_2d: 10\nvideo_format: mp4\n");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_TRUE(holds(outcome.out, "5 pictures, 1.25 seconds\nimages_out/default/default_motion.mp4\n"))
      << outcome.out;
  EXPECT_EQ(files_below(folder_ / "images_out"), Words{"default/default_motion.mp4"});
  const std::vector<Frame> made = frames_of(folder_, "images_out/default/default_motion.mp4");
  ASSERT_EQ(made.size(), 5u);
  for (std::size_t i = 1; i < made.size(); ++i) EXPECT_NE(made[i], made[i - 1]) << i;
}

/// By docs/motion.md, 64/63 of a pixel at this width is one from pixel to pixel, and 48/47 at this height; t
/// is 0 at the first move and goes on by 1 / frames_per_second.
TEST_F(Preview, PicturesFollowTheExpressions) {
  write_pattern(folder_ / "start.png");
  const std::string moves = "translate_x: 64/63*(1 + 4*t)\ntranslate_y: 48/47*2\n";
  const std::vector<Frame> from_picture = frames(moves + "init_image: start.png\n"),
                           from_room = frames(moves);
  for (const std::vector<Frame>& made : {from_picture, from_room}) {
    ASSERT_EQ(made.size(), 5u);
    int right = 0;
    for (int i = 1; i < 5; ++i) {
      right += i;
      EXPECT_EQ(made[static_cast<std::size_t>(i)], moved(made[0], right, 2 * i)) << i;
    }
  }
  for (int y = 0; y < kHeight; ++y)
    for (int x = 0; x < kWidth; ++x)
      ASSERT_EQ(from_picture[0].pixels[static_cast<std::size_t>(y * kWidth + x)], pattern(x, y));
}

/// The picture that stands in where a run would start from noise: nothing in it looks the same after a turn,
/// nor in a mirror, and lines cross it everywhere.
TEST_F(Preview, TheRoomShowsWhatTurnsAndGrows) {
  const std::vector<Frame> made = frames("rotate_2d: 180\n");
  const auto at = [&](int x, int y) { return made[0].pixels[static_cast<std::size_t>(y * kWidth + x)]; };
  const auto distance = [](Colour a, Colour b) {
    return std::abs(a.red - b.red) + std::abs(a.green - b.green) + std::abs(a.blue - b.blue);
  };
  const auto differs = [&](auto place) {
    double sum = 0;
    for (int y = 0; y < kHeight; ++y)
      for (int x = 0; x < kWidth; ++x) {
        const auto [other_x, other_y] = place(x, y);
        sum += distance(at(x, y), at(other_x, other_y)) / (3.0 * kWidth * kHeight);
      }
    return sum;
  };
  EXPECT_GT(differs([](int x, int y) { return std::pair(kWidth - 1 - x, y); }), 20);
  EXPECT_GT(differs([](int x, int y) { return std::pair(x, kHeight - 1 - y); }), 20);
  EXPECT_GT(differs([](int x, int y) { return std::pair(kWidth - 1 - x, kHeight - 1 - y); }), 20);
  for (int y = 0; y + 12 <= kHeight; y += 12)
    for (int x = 0; x + 16 <= kWidth; x += 16) {
      int dark = 255, bright = 0;
      for (int i = 0; i < 12 * 16; ++i) {
        const Colour pixel = at(x + i % 16, y + i / 16);
        const int level = std::max({pixel.red, pixel.green, pixel.blue});
        dark = std::min(dark, level);
        bright = std::max(bright, level);
      }
      EXPECT_GT(bright - dark, 60) << x << ", " << y;
    }
}

/// Limited Palette and Unlimited Palette move big pixels, other image models the picture.
TEST_F(Preview, SizesAndMovesAreTheRuns) {
  const std::string half = "width: 32\nheight: 24\npixel_size: 2\nsteps_per_scene: 3\n";
  const std::vector<Frame> big = frames(half + "image_model: Limited Palette\ntranslate_x: 32/31*3\n"),
                           small = frames(half + "image_model: VQGAN\ntranslate_x: 64/63*3\n");
  ASSERT_EQ(big.size(), 2u);
  ASSERT_EQ(small.size(), 2u);
  EXPECT_EQ(big[1], moved(big[0], 6, 0));
  EXPECT_EQ(small[1], moved(small[0], 3, 0));
}

/// The sound is heard from t = 0 on, which is when the first move is made, and it is in the video then.
TEST_F(Preview, Sound) {
  write_song(folder_);
  const std::vector<Frame> made = frames(
      "steps_per_scene: 60\ntranslate_x: 64/63*2*(loud > 0.5)\ninput_audio: song.wav\n"
      "input_audio_filters:\n- {variable_name: loud, filter: envelope}\n");
  ASSERT_EQ(made.size(), 13u);
  for (int i = 0; i < 13; ++i) {
    const int loud = std::clamp(i - 4, 0, 4);  // moves 5 to 8, at 1 to 1.75 seconds
    EXPECT_EQ(made[static_cast<std::size_t>(i)], moved(made[0], 2 * loud, 0)) << i;
  }
  constexpr std::size_t kRate = 8000;
  const std::string bytes =
      made_by_ffmpeg(folder_, {"-copyts", "-i", "images_out/default/default_motion.mkv", "-vn", "-af",
                               "aresample=async=1:first_pts=0", "-ac", "1", "-ar", "8000", "-f", "f32le"});
  std::vector<float> samples(bytes.size() / sizeof(float));
  std::memcpy(samples.data(), bytes.data(), samples.size() * sizeof(float));
  ASSERT_GT(samples.size(), 3 * kRate);
  const auto loudest = [&](double from, double to) {
    float result = 0;
    for (auto i = static_cast<std::size_t>(from * kRate); i < static_cast<std::size_t>(to * kRate); ++i)
      result = std::max(result, std::abs(samples[i]));
    return result;
  };
  EXPECT_LT(loudest(0, 1.24), 0.01);
  for (double t = 1.26; t < 2.2; t += 0.1) EXPECT_GT(loudest(t, t + 0.02), 0.3) << t;
  EXPECT_LT(loudest(2.26, 3), 0.01);
}

TEST_F(Preview, AVideoIsFollowedToItsEnd) {
  fs::copy_file(REVERIE_SAMPLES "/clip.mkv", folder_ / "clip.mkv");  // 8 pictures, 8 a second
  const std::vector<Frame> made = frames(
      "animation_mode: Video Source\nvideo_path: clip.mkv\nframes_per_second: 8\nsteps_per_scene: 100\n");
  ASSERT_EQ(made.size(), 8u);
  EXPECT_NE(made.front(), made.back());
}

TEST_F(Preview, TheMaskOfTheFlowHoldsThePicture) {
  fs::copy_file(REVERIE_SAMPLES "/clip.mkv", folder_ / "clip.mkv");
  write_grey(folder_ / "black.png", 0);
  const std::string follow =
      "animation_mode: Video Source\nvideo_path: clip.mkv\nframes_per_second: 8\nsteps_per_scene: 20\n"
      "reencode_each_frame: false\nallow_overwrite: true\nflow_stabilization_weight: ";
  const std::vector<Frame> masked = frames(follow + "1_black.png\n"),
                           free = frames(follow + "1_-black.png\n");
  ASSERT_EQ(masked.size(), free.size());
  ASSERT_GT(masked.size(), 2u);
  EXPECT_EQ(masked.front(), masked.back());
  EXPECT_NE(free.front(), free.back());
}

TEST_F(Preview, NothingIsOverwrittenUnlessAsked) {
  const std::string settings = "steps_per_scene: 3\nfile_namespace: hill\nrotate_2d: ";
  ASSERT_EQ(preview(settings + "1\n").status, 0);
  const std::string first = read_bytes(folder_ / "images_out/hill/hill_motion.mkv");
  // Of another kind, it could be beside the first; but two kinds of one name would be of different settings.
  const Outcome second = preview(settings + "2\nvideo_format: mp4\n");
  EXPECT_TRUE(holds(second.out, "images_out/hill/hill(1)_motion.mp4")) << second.out << second.err;
  EXPECT_EQ(read_bytes(folder_ / "images_out/hill/hill_motion.mkv"), first);
  ASSERT_EQ(preview(settings + "2\nallow_overwrite: true\n").status, 0);
  EXPECT_NE(read_bytes(folder_ / "images_out/hill/hill_motion.mkv"), first);
  EXPECT_EQ(files_below(folder_.path() / "images_out"),
            (Words{"hill/hill(1)_motion.mp4", "hill/hill_motion.mkv"}));
}

TEST_F(Preview, SeveralRuns) {
  const Outcome outcome = preview("steps_per_scene: 3\nrotate_2d: 1\n",
                                  {"--multirun", "animation_mode=2D,off", "file_namespace=hill"});
  EXPECT_EQ(outcome.status, 2) << "the one that failed has a mistake";
  EXPECT_TRUE(holds(outcome.out, "2 runs: 1 done, 1 failed")) << outcome.out;
  EXPECT_TRUE(holds(outcome.out, "2 pictures in images_out/hill/")) << outcome.out;
}

TEST_F(Preview, ErrorsSayWhatToDo) {
  const Outcome off = preview("animation_mode: off\n");
  EXPECT_EQ(off.status, 2);
  EXPECT_TRUE(holds(off.err, "nothing moves: 'animation_mode' is off")) << off.err;
  EXPECT_TRUE(holds(off.err, "reverie plugins list")) << off.err;
  const Outcome early = preview("pre_animation_steps: 40\nrotate_2d: 1\n");
  EXPECT_EQ(early.status, 2);
  EXPECT_TRUE(holds(early.err, "after 40 steps ('pre_animation_steps')")) << early.err;
  EXPECT_TRUE(holds(early.err, "raise 'steps_per_scene'")) << early.err;
  const Outcome absent = preview("init_image: nowhere.png\n");
  EXPECT_EQ(absent.status, 2);
  EXPECT_TRUE(holds(absent.err, "'init_image'") && holds(absent.err, "nowhere.png")) << absent.err;
  EXPECT_FALSE(fs::exists(folder_ / "images_out"));
}

}  // namespace
}  // namespace reverie::test
