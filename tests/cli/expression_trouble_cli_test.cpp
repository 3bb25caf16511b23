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

// What a run surely comes to is found before it, at its own t; what it never comes to is not a problem.
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

/// A run of twelve steps: two scenes of six, a frame every two, t from 0 to 5.5.
Words twelve_steps(const Words& more) {
  Words words = {"width=32",
                 "height=32",
                 "cutouts=1",
                 "steps_per_scene=6",
                 "save_every=2",
                 "steps_per_frame=2",
                 "frames_per_second=1",
                 "pre_animation_steps=0",
                 "perceptors=" + shipped_model()};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

// In the middle of the run as at its first moments, with the place, the moment and the value.
TEST(ExpressionTrouble, ExpressionsAreTriedAtAllMomentsOfTheRun) {
  const Scratch folder;
  const auto outcome = [&](const std::string& name, const Words& more) {
    return run(command(name, twelve_steps(more)), folder.path());
  };
  const std::vector<std::pair<Words, std::vector<std::string>>> wrong = {
      // Step 4 is the second of frame 2 and the fourth of all.
      {{"scenes=a hill:1/(t-1.5)"},
       {"command line: ", "1/(t-1.5)", "t = 1.5", "step 4 (frame 2)", "division"}},
      {{"scenes=a hill || a tree:1/(t-5.5)"}, {"t = 5.5", "step 12 (frame 6)"}},
      // A prompt without a stop keeps the scene from ending early.
      {{"scenes=a hill:1:1/(t-2) | a tree"}, {"stop", "t = 2"}},
      {{"scenes=a hill:1_phrase_1/(t-2)"}, {"t = 2"}},
      {{"scenes=a hill:exp(1000*t)"}, {"t = 1"}},
      // While the second scene fades in, the first goes on.
      {{"scenes=a hill:1/(t-3.5) || a tree", "interpolation_steps=2"}, {"a hill", "step 8 (frame 4)"}},
      {{"scenes=a hill", "animation_mode=2D", "translate_x=1/(t-2)"}, {"'translate_x'", "step 5 (frame 3)"}},
      {{"scenes=a hill", "animation_mode=2D", "translate_x=nan*t"}, {"'translate_x'", "it is nan"}},
      {{"scenes=a hill", "animation_mode=2D", "direct_stabilization_weight=1/(t-1.5)"},
       {"'direct_stabilization_weight'", "step 4 (frame 2)"}},
      // All at once.
      {{"scenes=a hill:1/(t-1) | a tree:1/(t-2) || a sea:1/(t-4)"}, {"t = 1", "t = 2", "t = 4"}},
  };
  for (const auto& [words, parts] : wrong)
    for (const char* name : {"check", "render"}) {
      const Outcome result = outcome(name, words);
      EXPECT_EQ(result.status, 2) << words[0];
      for (const std::string& part : parts)
        EXPECT_TRUE(holds(result.err, part)) << part << " in " << result.err;
    }
  EXPECT_FALSE(fs::exists(folder / "images_out")) << "nothing was begun";
  const std::vector<Words> right = {
      {"scenes=a hill:1/(t-3)"},                                     // the run ends at t = 2.5
      {"scenes=a hill || a tree:1/(t-2)"},                           // the other scene's
      {"scenes=a hill || a tree:1/(t-3)", "interpolation_steps=2"},  // which has no share yet
      {"scenes=a hill:1/(t-3.5) || a tree", "interpolation_steps=1"},
      {"scenes=a hill:max(0, t-1):-1/(t-1)"},                           // of no weight, no stop
      {"scenes=a hill", "animation_mode=2D", "translate_x=1/(t-1.5)"},  // no frame begins there
      {"scenes=a hill:1:100 || a tree:1/(t-4)"},  // held at once, so the second scene ends before that
  };
  for (const Words& words : right) {
    const Outcome result = outcome("check", words);
    EXPECT_EQ(result.status, 0) << words[0] << result.err;
  }
}

// Of a long run some moments are tried, the last among them.
TEST(ExpressionTrouble, TheLastMomentOfALongRunIsTried) {
  const Scratch folder;
  const Words words = {"scenes=a hill:1/(t-999999999)",
                       "width=32",
                       "height=32",
                       "cutouts=1",
                       "steps_per_scene=1000000000",
                       "save_every=1000",
                       "steps_per_frame=1",
                       "frames_per_second=1",
                       "pre_animation_steps=0",
                       "perceptors=" + shipped_model()};
  const Outcome result = run(command("check", words), folder.path());
  EXPECT_EQ(result.status, 2);
  EXPECT_TRUE(holds(result.err, "step 1000000000")) << result.err;
}

TEST(ExpressionTrouble, ALearningRateOutOfItsRangeIsFoundBeforeTheRun) {
  const Scratch scratch;
  const auto check = [&](const std::string& rate) {
    return run(command("check", {"scenes=red", "perceptors=" + shipped_model(), "width=32", "height=32",
                                 "cutouts=2", "steps_per_scene=24", "pre_animation_steps=0",
                                 "steps_per_frame=1", "frames_per_second=12", "learning_rate=" + rate}),
               scratch.path());
  };
  EXPECT_EQ(check("0.1*0.5**t").status, 0);
  // 0 at t = 1, the thirteenth step.
  const Outcome outcome = check("0.1*(1-t)");
  EXPECT_EQ(outcome.status, 2);
  for (const char* words : {"'learning_rate'", "t = 1.0", "step 13", "above 0"})
    EXPECT_TRUE(holds(outcome.err, words)) << words << " in: " << outcome.err;
  for (const char* rate : {"0", "-1", "abc"}) {
    const Outcome constant = check(rate);
    EXPECT_EQ(constant.status, 2) << rate;
    EXPECT_TRUE(holds(constant.err, "command line: 'learning_rate'")) << constant.err;
  }
}

}  // namespace
}  // namespace reverie::test
