// The real program: several sinks at once, a run that goes on later, and videos of runs that are over.

#include "cli/real_program.h"
#include "support/scratch.h"

namespace reverie::test {
namespace {

class VideoProgram : public testing::Test {
 protected:
  Outcome program(const std::string& name, const Words& words) {
    return run(command(name, words), folder_.path());
  }

  Outcome make(const std::string& name, const Words& more = {}) {
    Words words = tiny("a red heart", {"file_namespace=" + name, "save_every=1", "pixel_size=1"});
    words.insert(words.end(), more.begin(), more.end());
    return program("render", words);
  }

  std::string file(const std::string& path) const { return read_bytes(folder_ / path); }

  Scratch folder_;
};

const std::string kBoth = "outputs=[png_sequence, video_file]";

TEST_F(VideoProgram, SeveralSinksAtOnce) {
  const Outcome outcome = make("both", {kBoth});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(files_below(folder_ / "images_out/both"),
            (Words{"both.mp4", "both_1.png", "both_2.png", "both_3.png", "both_4.png", "both_settings.txt"}));
}

// Its filters and its video hear the same sound.
TEST_F(VideoProgram, AGapInTheSoundIsToldOnce) {
  ASSERT_EQ(run({"/usr/bin/env", "ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=d=2:r=8:s=32x32",
                 "-f", "lavfi", "-i", "sine=300:d=2", "-af", "aselect=not(between(t\\,0.5\\,1.5))", "-c:v",
                 "mpeg4", "-c:a", "pcm_s16le", "gap.mkv"},
                folder_.path())
                .status,
            0);
  const Outcome outcome =
      make("gap", {kBoth, "input_audio=gap.mkv",
                   "input_audio_filters=[{variable_name: loud, filter: envelope}]", "frames_per_second=2"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const std::size_t first = outcome.err.find("has a gap from");
  ASSERT_NE(first, std::string::npos) << outcome.err;
  EXPECT_EQ(outcome.err.find("has a gap from", first + 1), std::string::npos) << outcome.err;
}

// How far a run goes that follows a video, check finds out by decoding it: two seconds are four frames, so
// three moves, and eight steps to t = 1.25.
TEST_F(VideoProgram, ExpressionsAreTriedUpToTheEndOfAVideo) {
  ASSERT_EQ(run({"/usr/bin/env", "ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=d=2:r=8:s=32x32",
                 "-c:v", "mpeg4", "film.mp4"},
                folder_.path())
                .status,
            0);
  const auto checked = [&](const std::string& scenes) {
    return program("check", tiny(scenes, {"animation_mode=Video Source", "video_path=film.mp4",
                                          "frames_per_second=2", "steps_per_frame=2", "pre_animation_steps=2",
                                          "steps_per_scene=20", "width=32", "height=32", "cutouts=1"}));
  };
  const Outcome within = checked("a hill:1/(t-1.25)"), behind = checked("a hill:1/(t-1.5)");
  EXPECT_EQ(within.status, 2);
  EXPECT_TRUE(holds(within.err, "t = 1.25") && holds(within.err, "step 8 (frame 4)")) << within.err;
  EXPECT_EQ(behind.status, 0) << behind.err;
}

TEST_F(VideoProgram, EncodeMakesTheVideoThatTheRunWouldHaveMade) {
  ASSERT_EQ(make("both", {kBoth, "frame_digits=4"}).status, 0);
  ASSERT_EQ(make("plain", {"frame_digits=4"}).status, 0);
  for (const std::string run : {"images_out/plain", "images_out/plain/plain_settings.txt",
                                "images_out/plain/plain_0002.png", "plain"}) {
    fs::remove(folder_ / "images_out/plain/plain.mp4");
    const Outcome outcome = program("encode", {run});
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_TRUE(holds(outcome.out, "images_out/plain/plain.mp4")) << outcome.out;
    EXPECT_TRUE(holds(outcome.out, "4 pictures")) << outcome.out;
    EXPECT_TRUE(file("images_out/plain/plain.mp4") == file("images_out/both/both.mp4")) << run;
  }
  ASSERT_EQ(program("encode", {"plain", "video_format=gif", "frames_per_second=4"}).status, 0);
  EXPECT_EQ(file("images_out/plain/plain.gif").substr(0, 6), "GIF89a");
  // Pictures hold their settings, too.
  fs::remove(folder_ / "images_out/plain/plain_settings.txt");
  fs::remove(folder_ / "images_out/plain/plain.mp4");
  ASSERT_EQ(program("encode", {"images_out/plain"}).status, 0);
  EXPECT_TRUE(file("images_out/plain/plain.mp4") == file("images_out/both/both.mp4"));
}

/// Red, green, blue and alpha of a PNG file, 8 bits each.
std::string with_alpha(const fs::path& path) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  EXPECT_TRUE(png_image_begin_read_from_file(&image, path.c_str())) << path;
  image.format = PNG_FORMAT_RGBA;
  std::string pixels(PNG_IMAGE_SIZE(image), 0);
  EXPECT_TRUE(png_image_finish_read(&image, nullptr, pixels.data(), 0, nullptr)) << path;
  return pixels;
}

TEST_F(VideoProgram, EncodeKeepsTransparency) {
  for (const std::string format : {"webm", "prores4444", "lossless"}) {
    const std::string suffix = format == "webm" ? ".webm" : format == "lossless" ? ".mkv" : ".mov";
    const Words transparent = {"alpha=true", "video_format=" + format};
    const std::string both = "both_" + format, plain = "plain_" + format;
    for (const auto& [name, sinks] : {std::pair{both, kBoth}, {plain, std::string("outputs=png_sequence")}}) {
      Words words = {sinks};
      words.insert(words.end(), transparent.begin(), transparent.end());
      ASSERT_EQ(make(name, words).status, 0);
    }
    const Outcome outcome = program("encode", {"images_out/" + plain});
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    const std::string made = file("images_out/" + plain + "/" + plain + suffix);
    EXPECT_FALSE(made.empty()) << format;
    EXPECT_TRUE(made == file("images_out/" + both + "/" + both + suffix))
        << format << " is what the run would have made";
  }
  // FFmpeg reads what the pictures hold.
  const Outcome decoded =
      run({"/usr/bin/env", "ffmpeg", "-v", "error", "-i", "images_out/plain_lossless/plain_lossless.mkv",
           "-pix_fmt", "rgba", "-f", "rawvideo", "plain.rgba"},
          folder_.path());
  ASSERT_EQ(decoded.status, 0) << decoded.err;
  std::string pictures;
  for (int number = 1; number <= 4; ++number)
    pictures +=
        with_alpha(folder_ / ("images_out/plain_lossless/plain_lossless_" + std::to_string(number) + ".png"));
  EXPECT_TRUE(file("plain.rgba") == pictures);
  bool transparent = false;
  for (std::size_t i = 3; i < pictures.size(); i += 4)
    transparent |= static_cast<unsigned char>(pictures[i]) < 250;
  EXPECT_TRUE(transparent) << "or else nothing is shown";
  // Other formats show it over black, and say so.
  const Outcome flat = program("encode", {"images_out/plain_lossless", "video_format=mp4"});
  ASSERT_EQ(flat.status, 0) << flat.err;
  EXPECT_TRUE(holds(flat.err, "video_format=webm")) << flat.err;
}

TEST_F(VideoProgram, OfSeveralRunsTheNewestIsEncoded) {
  for (int i = 0; i < 3; ++i) ASSERT_EQ(make("hill", {"seed=" + std::to_string(i)}).status, 0);
  ASSERT_EQ(program("encode", {"images_out/hill"}).status, 0);
  EXPECT_TRUE(fs::exists(folder_ / "images_out/hill/hill(2).mp4"));
  ASSERT_EQ(program("encode", {"hill(1)"}).status, 0);
  EXPECT_TRUE(fs::exists(folder_ / "images_out/hill/hill(1).mp4"));
  EXPECT_FALSE(fs::exists(folder_ / "images_out/hill/hill.mp4"));
}

TEST_F(VideoProgram, ItCanBeginWithTheFirstMove) {
  const auto moving = [&](const std::string& name, const std::string& steps, const Words& more = {}) {
    Words words = {
        "animation_mode=2D", "translate_x=3", "pre_animation_steps=4",   "steps_per_frame=1", "cutouts=1",
        "width=32",          "height=32",     "steps_per_scene=" + steps};
    words.insert(words.end(), more.begin(), more.end());
    return make(name, words);
  };
  // The same pictures without those before the move.
  ASSERT_EQ(moving("plain", "8").status, 0);
  for (int i = 1; i <= 4; ++i) fs::remove(folder_ / ("images_out/plain/plain_" + std::to_string(i) + ".png"));
  ASSERT_EQ(program("encode", {"plain"}).status, 0);
  const std::string expected = file("images_out/plain/plain.mp4");
  const std::string late = "video_from=animation";
  for (const std::string& sinks :
       {std::string("outputs=[video_file, png_sequence]"), std::string("outputs=video_file")}) {
    fs::remove_all(folder_ / "images_out/late");
    fs::remove_all(folder_ / "backup/late");
    ASSERT_EQ(moving("late", "3", {sinks, late}).status, 0);
    EXPECT_FALSE(fs::exists(folder_ / "images_out/late/late.mp4")) << "nothing has moved yet";
    EXPECT_EQ(program("encode", {"images_out/late"}).status, 2);
    for (const char* steps : {"6", "8"})
      ASSERT_EQ(moving("late", steps, {sinks, late, "restore=true"}).status, 0);
    EXPECT_TRUE(file("images_out/late/late.mp4") == expected) << sinks;
    fs::remove(folder_ / "images_out/late/late.mp4");
    const Outcome again = program("encode", {"images_out/late"});
    EXPECT_TRUE(holds(again.out, "4 pictures")) << again.out << again.err;
    EXPECT_TRUE(file("images_out/late/late.mp4") == expected) << sinks;
  }
  // A still has no moves to begin with.
  ASSERT_EQ(make("still", {late, "outputs=video_file", "pre_animation_steps=2"}).status, 0);
  EXPECT_TRUE(fs::exists(folder_ / "images_out/still/still.mp4"));
}

TEST_F(VideoProgram, GapsAreToldAndClosed) {
  ASSERT_EQ(make("hill").status, 0);
  fs::remove(folder_ / "images_out/hill/hill_1.png");
  const Outcome outcome = program("encode", {"hill"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_TRUE(holds(outcome.err, "only 3")) << outcome.err;
  EXPECT_TRUE(holds(outcome.out, "3 pictures")) << outcome.out;
  EXPECT_TRUE(holds(outcome.out, "images_out/hill/hill.mp4")) << outcome.out;
}

TEST_F(VideoProgram, ARunThatGoesOnLaterHasOneVideo) {
  for (const std::string& sinks : {kBoth, std::string("outputs=video_file")}) {
    fs::remove_all(folder_ / "images_out");
    fs::remove_all(folder_ / "backup");
    ASSERT_EQ(make("whole", {sinks, "steps_per_scene=8"}).status, 0);
    ASSERT_EQ(make("parts", {sinks, "steps_per_scene=5"}).status, 0);
    EXPECT_NE(file("images_out/parts/parts.mp4"), file("images_out/whole/whole.mp4"));
    ASSERT_EQ(make("parts", {sinks, "steps_per_scene=8", "restore=true"}).status, 0);
    EXPECT_TRUE(file("images_out/parts/parts.mp4") == file("images_out/whole/whole.mp4")) << sinks;
    // Pictures that the sink kept for itself are as good as any.
    fs::remove(folder_ / "images_out/parts/parts.mp4");
    ASSERT_EQ(program("encode", {"images_out/parts"}).status, 0);
    EXPECT_TRUE(file("images_out/parts/parts.mp4") == file("images_out/whole/whole.mp4")) << sinks;
  }
}

TEST_F(VideoProgram, AnEncoderThatFfmpegLacksIsToldBeforeTheFirstPicture) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "the sanitizer's own library has to come first";
#endif
  ASSERT_EQ(::setenv("LD_PRELOAD", REVERIE_NO_ENCODERS, 1), 0);
  const Outcome outcome = make("hill", {kBoth, "video_format=webm"});
  ::unsetenv("LD_PRELOAD");
  EXPECT_EQ(outcome.status, 1);
  for (const char* part : {"VP9", "libvpx-vp9", "install FFmpeg's libraries", "another format"})
    EXPECT_TRUE(holds(outcome.err, part)) << part << ": " << outcome.err;
  EXPECT_FALSE(fs::exists(folder_ / "images_out/hill/hill_1.png"));
}

TEST_F(VideoProgram, MistakesAreExplained) {
  const Outcome nothing = program("encode", {});
  EXPECT_EQ(nothing.status, 2);
  EXPECT_TRUE(holds(nothing.err, "reverie encode")) << nothing.err;
  const Outcome absent = program("encode", {"valley"});
  EXPECT_EQ(absent.status, 1);
  EXPECT_TRUE(holds(absent.err, "'valley'")) << absent.err;
  ASSERT_EQ(make("hill").status, 0);
  const Outcome wrong = program("encode", {"hill", "video_format=avi"});
  EXPECT_EQ(wrong.status, 2);
  EXPECT_TRUE(holds(wrong.err, "video_format") && holds(wrong.err, "webm")) << wrong.err;
}

}  // namespace
}  // namespace reverie::test
