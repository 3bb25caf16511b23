// The real program with a sound.

#include <sys/stat.h>

#include "audio/filters.h"
#include "cli/real_program.h"

namespace reverie::test {
namespace {

/// One second of silence and one of a tone, 16 bits at 44.1 kHz.
void write_sound(const fs::path& path) {
  constexpr std::uint32_t rate = 44100, count = 2 * rate;
  std::string bytes = "RIFF____WAVEfmt ";
  const auto put = [&](std::uint32_t value, int size) {
    for (int i = 0; i < size; ++i) bytes += static_cast<char>(value >> (8 * i) & 255);
  };
  put(16, 4);
  put(1, 2);  // plain samples
  put(1, 2);  // one channel
  put(rate, 4);
  put(2 * rate, 4);
  put(2, 2);
  put(16, 2);
  bytes += "data";
  put(2 * count, 4);
  for (std::uint32_t i = 0; i < count; ++i)
    put(static_cast<std::uint16_t>(i < rate ? 0 : std::lround(20000 * std::sin(0.1 * i))), 2);
  const auto size = static_cast<std::uint32_t>(bytes.size() - 8);
  for (int i = 0; i < 4; ++i)
    bytes[static_cast<std::size_t>(4 + i)] = static_cast<char>(size >> (8 * i) & 255);
  std::ofstream(path, std::ios::binary) << bytes;
}

/// The steps, counted from 1, whose losses name a prompt.
std::vector<int> steps_with(const std::string& prompt, const std::string& log) {
  std::vector<int> steps;
  std::istringstream lines(log);
  for (std::string line; std::getline(lines, line);)
    if (line.rfind("step ", 0) == 0 && holds(line, "  " + prompt + " "))
      steps.push_back(std::stoi(line.substr(5)));
  return steps;
}

class Sound : public testing::Test {
 protected:
  Sound() { write_sound(scratch_ / "sound.wav"); }

  /// Two frames a second, one step each, and one before the first move: step n is at t = (n - 2) / 2 seconds.
  Words words(const std::string& scenes, const Words& more = {}) const {
    Words all = tiny(
        scenes, {"steps_per_scene=7", "steps_per_frame=1", "pre_animation_steps=1", "frames_per_second=2",
                 "input_audio=sound.wav", "input_audio_filters=[{variable_name: loud, filter: envelope}]"});
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  Scratch scratch_;
};

TEST_F(Sound, WeightsFollowIt) {
  const Outcome outcome = render(
      scratch_.path(), words("a hill | a tree:loud | a rock:loud_prev | a cat:1 if loud < 0.5 else 0"));
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(steps_with("a hill", outcome.err), (std::vector{1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(steps_with("a tree", outcome.err), (std::vector{4, 5})) << outcome.err;
  EXPECT_EQ(steps_with("a rock", outcome.err), (std::vector{5, 6})) << outcome.err;
  EXPECT_EQ(steps_with("a cat", outcome.err), (std::vector{1, 2, 3, 6, 7})) << "where its weight is not 0";
}

/// How many lines hold all of the words.
int lines_with(const Words& parts, const std::string& log) {
  int count = 0;
  std::istringstream lines(log);
  for (std::string line; std::getline(lines, line);)
    count +=
        std::all_of(parts.begin(), parts.end(), [&](const std::string& part) { return holds(line, part); });
  return count;
}

// Silence makes 0/0 and 1/0 of a sound's variables: NumPy's numbers, and no end of a run.
TEST_F(Sound, SilenceEndsNoRun) {
  const Outcome outcome =
      render(scratch_.path(),
             words("a hill:loud/(loud + loud_prev) | a tree:1/loud | a rock:1:loud/loud | a cat:1_l_0/loud | "
                   "a dog:1:1/loud | a cow:-1/loud | a bee:log(loud)",
                   {"animation_mode=2D", "translate_x=1/loud", "rotate_2d=loud/loud"}));
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  // Silent before t = 0 and at 0, 0.5, 2 and 2.5; loud at 1 and 1.5: the steps 4 and 5.
  EXPECT_EQ(steps_with("a hill", outcome.err), (std::vector{4, 5})) << outcome.err;
  EXPECT_EQ(steps_with("a tree", outcome.err), (std::vector{4, 5})) << "an infinite weight counts as 0";
  EXPECT_EQ(steps_with("a cow", outcome.err), (std::vector{4, 5}));
  EXPECT_EQ(steps_with("a rock", outcome.err), (std::vector{1, 2, 3, 4, 5, 6, 7})) << "without a stop";
  EXPECT_EQ(steps_with("a cat", outcome.err), (std::vector{1, 2, 3, 4, 5, 6, 7})) << "with the usual cutoff";
  EXPECT_EQ(steps_with("a dog", outcome.err), (std::vector{4, 5})) << "an infinite stop always holds";
  for (const Words& once : {Words{"a hill", "weight", "nan"},
                            {"a tree", "weight", "infinite"},
                            {"a rock", "stop", "nan"},
                            {"a cat", "cutoff", "nan"},
                            {"'translate_x'"},
                            {"'rotate_2d'"}})
    EXPECT_EQ(lines_with(once, outcome.err), 1) << once[0] << " is warned of once\n" << outcome.err;
}

/// Behind the end of the sound both filters are 0, and so is what they are divided by.
TEST_F(Sound, ARatioOfSilencesIsNoWeight) {
  const Outcome outcome = render(
      scratch_.path(), words("a hill:low/(low+high) | a tree:high/(low+high) | a rock",
                             {"input_audio_filters=[{variable_name: low, f_center: 700, f_width: 200}, "
                              "{variable_name: high, f_center: 3000, f_width: 800}]",
                              "input_audio_offset=1"}));
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  // The tone, sin(0.1 i) at 44.1 kHz, is heard until t = 1, in the frames of the steps 2 and 3.
  EXPECT_EQ(steps_with("a rock", outcome.err).size(), 7u) << outcome.err;
  const std::vector<int> heard = steps_with("a hill", outcome.err);
  EXPECT_FALSE(heard.empty());
  for (const int step : heard) EXPECT_LE(step, 3) << outcome.err;
  std::size_t warnings = 0;
  for (std::size_t at = 0; (at = outcome.err.find("nan", at)) != std::string::npos; ++at) ++warnings;
  EXPECT_LE(warnings, 2u) << "one for each weight: " << outcome.err;
}

TEST_F(Sound, CheckFindsWhatIsWrong) {
  const auto said = [&](const Words& more) {
    const Outcome outcome = run(command("check", words("a hill:loud", more)), scratch_.path());
    EXPECT_NE(outcome.status, 0);
    return outcome.err;
  };
  EXPECT_EQ(run(command("check", words("a hill:loud")), scratch_.path()).status, 0);
  EXPECT_TRUE(holds(said({"scenes=a hill:fLo"}), "the name 'fLo' is not known")) << "without its filter";
  EXPECT_TRUE(holds(said({"input_audio=song.mp3"}), "'input_audio': there is no file 'song.mp3'"));
  EXPECT_TRUE(
      holds(said({"input_audio_offset=2"}), "'input_audio_offset' is 2 s, but the sound is only 2 s long"));
  EXPECT_TRUE(holds(said({"input_audio_filters=[{variable_name: loud, f_center: 9, f_width: 20}]"}),
                    "the filter 'loud' is -1 to 19 Hz; it must begin above 0 Hz"));
  EXPECT_TRUE(holds(said({"f_center=100"}), "there is no setting 'f_center'")) << "it belongs in a group";
  scratch_.write("noise.wav", "noise");
  EXPECT_TRUE(holds(said({"input_audio=noise.wav"}), "'input_audio': 'noise.wav' is not a sound"));
}

// With the values that the run will hear, before it begins.
TEST_F(Sound, ExpressionsOfItAreTriedAhead) {
  const std::string one_of_two = "a hill:[1, 1][int(4*loud)]";  // which has no third: loud is 1 at t = 1
  for (const char* name : {"check", "render"}) {
    const Outcome outcome = run(command(name, words(one_of_two)), scratch_.path());
    EXPECT_EQ(outcome.status, 2) << name;
    EXPECT_TRUE(holds(outcome.err, "command line: prompt 'a hill") && holds(outcome.err, "t = 1.0"))
        << outcome.err;
    EXPECT_TRUE(holds(outcome.err, "step 4 ")) << outcome.err;
  }
  EXPECT_FALSE(fs::exists(scratch_ / "images_out"));
  // Silent until then, so nothing is wrong with a run that is shorter.
  EXPECT_EQ(run(command("check", words(one_of_two, {"steps_per_scene=3"})), scratch_.path()).status, 0);
  // What the run will only warn of, check warns of.
  const Outcome warned = run(command("check", words("a hill | a tree:1/loud")), scratch_.path());
  EXPECT_EQ(warned.status, 0) << warned.err;
  EXPECT_EQ(lines_with({"a tree", "weight", "infinite"}, warned.err), 1) << warned.err;
}

/// Nobody writes to the pipe: whoever opens it waits for ever.
TEST_F(Sound, PipesInPlaceOfFilesAreRefused) {
  ASSERT_EQ(::mkfifo((scratch_ / "pipe").c_str(), 0600), 0);
  for (const char* setting : {"input_audio=pipe", "init_image=pipe", "scenes=a hill:1_[pipe]",
                              "perceptors=pipe", "input_audio=/dev/zero", "perceptors=/dev/zero"}) {
    const Outcome outcome = run(command("check", words("a hill:loud", {setting})), scratch_.path());
    EXPECT_NE(outcome.status, 0) << setting;
    EXPECT_TRUE(holds(outcome.err, "is not an ordinary file")) << setting << ": " << outcome.err;
  }
  EXPECT_TRUE(holds(run(command("check", {"pipe"}), scratch_.path()).err, "pipe: is not an ordinary file"));
}

TEST_F(Sound, AContinuedRunHearsTheSame) {
  const std::string scenes = "a hill:1 + loud | a tree:loud_prev | a rock:1 - loud";
  const Scratch whole;
  write_sound(whole / "sound.wav");
  ASSERT_EQ(render(whole.path(), words(scenes, {"save_every=4"})).status, 0);
  ASSERT_EQ(render(scratch_.path(), words(scenes, {"save_every=4", "steps_per_scene=4"})).status, 0);
  const Outcome outcome = render(scratch_.path(), words(scenes, {"save_every=4", "restore=true"}));
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_TRUE(read_bytes(scratch_ / "images_out/default/default_2.png") ==
              read_bytes(whole / "images_out/default/default_2.png"));
}

TEST_F(Sound, SavedSettingsMakeTheSamePicture) {
  ASSERT_EQ(render(scratch_.path(), words("a hill:loud | a tree")).status, 0);
  ASSERT_EQ(run(command("render", {"images_out/default/default_settings.txt"}), scratch_.path()).status, 0);
  EXPECT_EQ(read_bytes(scratch_ / "images_out/default/default_settings.txt"),
            read_bytes(scratch_ / "images_out/default/default(1)_settings.txt"));
  EXPECT_TRUE(read_bytes(scratch_ / "images_out/default/default_1.png") ==
              read_bytes(scratch_ / "images_out/default/default(1)_1.png"));
}

}  // namespace
}  // namespace reverie::test
