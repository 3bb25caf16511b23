// Presets as an artist uses them.

#include "cli/real_program.h"

namespace reverie::test {
namespace {

/// A folder to run in, in which the user's own presets lie, too.
class Presets : public testing::Test {
 protected:
  Outcome run_in(Words words) {
    words.insert(words.begin(),
                 {"/usr/bin/env", "XDG_CONFIG_HOME=" + (scratch_ / "home").string(), REVERIE_PROGRAM});
    return run(words, scratch_.path());
  }
  const Scratch scratch_;
};

Words shipped() {
  Words names;
  for (const auto& entry : fs::directory_iterator(prefix() / "share/reverie/config/preset"))
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

TEST_F(Presets, AllThatComeWithTheProgramAreListedAndValid) {
  const Outcome listed = run_in({"presets", "list"});
  ASSERT_EQ(listed.status, 0) << listed.err;
  EXPECT_GE(shipped().size(), 24u);
  for (const std::string& name : shipped()) {
    EXPECT_TRUE(holds(listed.out, "\n" + name + " ") || listed.out.starts_with(name + " ")) << name;
    const std::string text = read_bytes(prefix() / "share/reverie/config/preset" / (name + ".yaml"));
    EXPECT_TRUE(text.starts_with("# ")) << name << " does not say what it is";
    Words words = {"config", "preset=" + name, "scenes=a castle"};
    if (holds(text, "Give it a file")) words.push_back("height=64");  // else that follows from the film
    const Outcome config = run_in(words);
    EXPECT_EQ(config.status, 0) << name << ": " << config.err;
  }
  EXPECT_TRUE(holds(run_in({"presets", "show", "sepia"}).out, "\n# The browns"));
}

TEST_F(Presets, AreTheBaseOfAFileAndOfPaint) {
  scratch_.write("run.yaml", "preset: sepia\nscenes: a castle\nwidth: 32\n");
  const Outcome config = run_in({"config", "run.yaml"});
  ASSERT_EQ(config.status, 0) << config.err;
  EXPECT_TRUE(holds(config.out, "image_model: \"fourier\"")) << config.out;  // of the preset's own base
  EXPECT_TRUE(holds(config.out, "width: 32\n")) << config.out;
  const Outcome painted =
      run_in({"paint", "a castle", "preset=pixel_art", "width=32", "height=32", "cutouts=2",
              "steps_per_scene=2", "seed=1", "perceptors=" + shipped_model()});
  ASSERT_EQ(painted.status, 0) << painted.err;
  const std::string file = painted.out.substr(0, painted.out.find('\n'));
  EXPECT_EQ(read_png(scratch_ / file).width, 32 * 4);  // its pixels are four wide
}

TEST_F(Presets, OfOnesOwnAreSavedWithoutTheWords) {
  scratch_.write("run.yaml",
                 "scenes: a castle\nwidth: 32\nseed: 4\nimage_model: Limited Palette\npalettes: 3\n");
  const Outcome saved = run_in({"presets", "save", "mine", "run.yaml", "height=48"});
  ASSERT_EQ(saved.status, 0) << saved.err;
  const Outcome config = run_in({"config", "preset=mine", "scenes=a boat"});
  ASSERT_EQ(config.status, 0) << config.err;
  for (const char* line : {"\nwidth: 32\n", "\nheight: 48\n", "\npalettes: 3\n", "\nseed: null\n"})
    EXPECT_TRUE(holds("\n" + config.out, line)) << line << config.out;
  EXPECT_TRUE(holds(config.out, "a boat") && !holds(config.out, "a castle")) << config.out;
  EXPECT_TRUE(holds(run_in({"presets", "list"}).out, "mine"));
  EXPECT_EQ(run_in({"presets", "save", "mine", "run.yaml"}).status, 1);  // it is not written over
  EXPECT_EQ(run_in({"presets", "save", "../mine", "run.yaml"}).status, 2);
}

TEST_F(Presets, ThatAreMissingAreAMistake) {
  const Outcome outcome = run_in({"paint", "a castle", "preset=sepja"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_TRUE(holds(outcome.err, "did you mean 'sepia'")) << outcome.err;
  EXPECT_EQ(run_in({"presets", "show", "sepja"}).status, 2);
}

}  // namespace
}  // namespace reverie::test
