// The real program: frames to standard output, and sinks of runs that go on later.

#include "cli/real_program.h"
#include "support/scratch.h"

namespace reverie::test {
namespace {

class FrameSinksProgram : public testing::Test {
 protected:
  Outcome make(const std::string& name, const Words& more = {}) {
    Words words = tiny("a red heart", {"file_namespace=" + name, "save_every=1", "width=24", "height=16"});
    words.insert(words.end(), more.begin(), more.end());
    return run(command("render", words), folder_.path());
  }
  std::string file(const std::string& path) const { return read_bytes(folder_ / path); }

  Scratch folder_;
};

TEST_F(FrameSinksProgram, StandardOutputHasTheFramesAndNothingElse) {
  const Outcome outcome = make("raw", {"outputs=[png_sequence, raw_frames]", "raw_frames_to=stdout"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  std::string expected;
  for (int i = 1; i <= 4; ++i) {
    const Picture picture = read_png(folder_ / ("images_out/raw/raw_" + std::to_string(i) + ".png"));
    expected.append(picture.pixels.begin(), picture.pixels.end());
  }
  EXPECT_TRUE(outcome.out == expected) << outcome.out.size() << " bytes, not " << expected.size();
  EXPECT_TRUE(holds(outcome.err, "done: 4 steps")) << outcome.err;
  EXPECT_TRUE(holds(outcome.err, "-pixel_format rgb24 -video_size 24x16 -framerate 12")) << outcome.err;
}

TEST_F(FrameSinksProgram, AReaderThatLeavesEndsTheRunWithAMessage) {
  const Words words =
      command("render", tiny("a red heart", {"file_namespace=raw", "save_every=1", "width=200", "height=200",
                                             "outputs=raw_frames", "raw_frames_to=stdout"}));
  std::string line;
  for (const std::string& word : words) line += "'" + word + "' ";
  // head leaves behind the first bytes; a pipe holds less than a frame.
  const Outcome outcome =
      run({"/bin/bash", "-c", line + "| head -c 10 >/dev/null; echo ${PIPESTATUS[0]}"}, folder_.path());
  EXPECT_EQ(outcome.out, "1\n") << outcome.err;
  for (const char* part :
       {"raw_frames", "frame 1", "standard output", "the program that reads the frames has ended"})
    EXPECT_TRUE(holds(outcome.err, part)) << part << ": " << outcome.err;
}

TEST_F(FrameSinksProgram, RunsThatGoOnLaterEndWithTheSameFiles) {
  const std::string sinks =
      "outputs=[png_sequence, animated_png, animated_webp, contact_sheet, raw_frames, picture_sequence]";
  const Words more = {sinks, "sheet_pictures=3", "seed=3"};
  const auto with = [&](const std::string& steps, const std::string& last) {
    Words words = more;
    words.insert(words.end(),
                 {"steps_per_scene=" + steps, "output_dir=" + last, "backup_dir=backup_" + last});
    return words;
  };
  ASSERT_EQ(make("hill", with("8", "whole")).status, 0);
  ASSERT_EQ(make("hill", with("5", "parts")).status, 0);
  Words on = with("8", "parts");
  on.push_back("restore=true");
  const Outcome outcome = make("hill", on);
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const Words files = files_below(folder_ / "whole");
  EXPECT_EQ(files_below(folder_ / "parts"), files);
  // Before the frames are the settings of the run that began the file, which had fewer steps.
  const auto frames = [&](const std::string& folder) {
    const std::string bytes = file(folder + "/hill/hill.apng");
    return bytes.substr(bytes.find("acTL"));
  };
  EXPECT_TRUE(frames("parts") == frames("whole"));
  const auto moving = [&](const std::string& folder) {
    const std::string bytes = file(folder + "/hill/hill.webp");
    return bytes.substr(bytes.find("ANMF"), bytes.find("XMP ") - bytes.find("ANMF"));
  };
  EXPECT_TRUE(moving("parts") == moving("whole"));
  for (const char* name : {"hill_sheet.jpg", "hill_24x16.rgb", "hill_8.jpg"})
    EXPECT_TRUE(file(std::string("parts/hill/") + name) == file(std::string("whole/hill/") + name)) << name;
}

}  // namespace
}  // namespace reverie::test
