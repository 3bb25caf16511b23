// Expressions that cannot be computed are refused before a run begins.

#include "cli/real_program.h"

namespace reverie::test {
namespace {

/// A few hundred characters that make a value a million lists deep of `start`.
std::string deep_value(const std::string& start) {
  std::string wrapped = "x";
  for (int i = 0; i < 54; ++i) wrapped = "(" + wrapped + ",)";
  std::string function = "lambda x: " + wrapped;
  for (int i = 0; i < 12; ++i) function = "D(" + function + ")";
  return "[(lambda D: len(" + function + "(" + start + ")))(lambda f: lambda x: f(f(x)))][0]";
}

TEST(ExpressionTrouble, AValueNestedAMillionDeepIsRefusedBeforeARun) {
  const Scratch folder;
  for (const std::string start : {"0", "t"})
    for (const std::string setting : {"scenes: \"a hill:", "direct_image_prompts: \"p.png:"})
      for (const char* name : {"check", "render"}) {
        folder.write("deep.yaml",
                     (setting[0] == 's' ? "" : "scenes: a hill\n") + setting + deep_value(start) + "\"\n");
        const Outcome outcome = run(command(name, {"deep.yaml"}), folder.path());
        EXPECT_EQ(outcome.status, 2) << name << ": " << outcome.err;
        EXPECT_TRUE(holds(outcome.err, setting[0] == 's' ? "deep.yaml:1" : "deep.yaml:2")) << outcome.err;
        EXPECT_TRUE(holds(outcome.err, "nested too deeply")) << outcome.err;
      }
  const Outcome motion = run(command("check", {"scenes=a hill", "animation_mode=2D", "pre_animation_steps=2",
                                               "translate_x=" + deep_value("t")}),
                             folder.path());
  EXPECT_EQ(motion.status, 2) << motion.err;
  EXPECT_TRUE(holds(motion.err, "'translate_x'")) << motion.err;
}

// What a run surely comes to is found before it, at its own t; what it never comes to is no problem.
TEST(ExpressionTrouble, ExpressionsAreTriedAtTheirFirstMoments) {
  const Scratch folder;
  const Words small = {"width=32",
                       "height=32",
                       "cutouts=1",
                       "steps_per_scene=2",
                       "perceptors=" + shipped_model(),
                       "save_every=2",
                       "steps_per_frame=1",
                       "frames_per_second=1"};
  const auto status = [&](const std::string& name, const Words& more) {
    Words words = small;
    words.insert(words.end(), more.begin(), more.end());
    return run(command(name, words), folder.path()).status;
  };
  // t is the step less pre_animation_steps.
  const std::vector<Words> wrong = {
      {"scenes=a hill:1/t", "pre_animation_steps=0"},
      {"scenes=a hill:sqrt(t)", "pre_animation_steps=1"},
      {"scenes=a hill || a tree:1/(t - 2)", "pre_animation_steps=0"},
      {"scenes=a hill:1:1/t", "pre_animation_steps=0"},
      {"scenes=a hill", "pre_animation_steps=1", "animation_mode=2D", "translate_x=1/t"},
      {"scenes=a hill", "pre_animation_steps=1", "animation_mode=2D", "direct_stabilization_weight=1/t"},
  };
  for (const Words& words : wrong) {
    EXPECT_EQ(status("render", words), 2) << words[0];
  }
  EXPECT_FALSE(fs::exists(folder / "images_out")) << "nothing was begun";
  const std::vector<Words> right = {
      {"scenes=a hill:sqrt(t)", "pre_animation_steps=0"},
      {"scenes=a hill:1/(t - 2)", "pre_animation_steps=0"},  // two steps: 0 and 1
      {"scenes=a hill:1:-9 || a tree:1/(t - 3)", "pre_animation_steps=0", "interpolation_steps=1",
       "steps_per_scene=1"},
      {"scenes=a hill", "pre_animation_steps=2", "animation_mode=2D", "translate_x=1/t"},  // moves never
      {"scenes=a hill:0:1/t", "pre_animation_steps=0"},  // of no weight, no stop
  };
  for (const Words& words : right) EXPECT_EQ(status("render", words), 0) << words[0] << " " << words[1];
}

}  // namespace
}  // namespace reverie::test
