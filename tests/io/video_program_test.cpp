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

TEST_F(VideoProgram, OfSeveralRunsTheNewestIsEncoded) {
  for (int i = 0; i < 3; ++i) ASSERT_EQ(make("hill", {"seed=" + std::to_string(i)}).status, 0);
  ASSERT_EQ(program("encode", {"images_out/hill"}).status, 0);
  EXPECT_TRUE(fs::exists(folder_ / "images_out/hill/hill(2).mp4"));
  ASSERT_EQ(program("encode", {"hill(1)"}).status, 0);
  EXPECT_TRUE(fs::exists(folder_ / "images_out/hill/hill(1).mp4"));
  EXPECT_FALSE(fs::exists(folder_ / "images_out/hill/hill.mp4"));
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
  for (const std::string sinks : {kBoth, std::string("outputs=video_file")}) {
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
