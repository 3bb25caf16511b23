// What is said about motion that cannot be, or that is hardly meant.

#include "cli/real_program.h"

namespace reverie::test {
namespace {

Words moving(const Words& more) {
  Words words = {"scenes=red",        "perceptors=" + shipped_model(),
                 "width=32",          "height=32",
                 "cutouts=2",         "seed=1",
                 "animation_mode=2D", "pre_animation_steps=4",
                 "steps_per_frame=2", "steps_per_scene=8"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

Outcome check(const Words& more) {
  const Scratch scratch;
  return run(command("check", moving(more)), scratch.path());
}

TEST(MotionTrouble, EstimatorsThatAreNotThereAreToldOnceEach) {
  const Outcome outcome =
      check({"animation_mode=3D", "depth_model=tini_depth", "flow_model=nothing_like_it"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_TRUE(holds(outcome.err, "'depth_model' is 'tini_depth': there is no plugin")) << outcome.err;
  EXPECT_TRUE(holds(outcome.err, "did you mean 'tiny_depth'?")) << outcome.err;
  EXPECT_TRUE(holds(outcome.err, "'flow_model' is 'nothing_like_it': there is no plugin")) << outcome.err;
  const Outcome still = check({"animation_mode=off", "depth_model=tini_depth"});
  EXPECT_EQ(still.status, 0) << still.err;
  const Outcome there = check({"animation_mode=3D", "depth_model=tiny_depth", "flow_model=farneback"});
  EXPECT_EQ(there.status, 0) << there.err;
}

TEST(MotionTrouble, CheckFindsWhatOnlyTheMovingRunWouldMiss) {
  const Words words = {"animation_mode=3D", "depth_model=adabins", "models_parent_dir=/nowhere"};
  const Outcome outcome = check(words);
  EXPECT_EQ(outcome.status, 2);
  EXPECT_TRUE(holds(outcome.err, "command line: 'depth_model'")) << outcome.err;
  EXPECT_TRUE(holds(outcome.err, "reverie models fetch AdaBins")) << outcome.err;
  EXPECT_FALSE(holds(outcome.out, "no problems"));
}

TEST(MotionTrouble, PicturesThatAreSavedInTheMiddleOfAFrameAreToldOf) {
  const std::string notice =
      "pre_animation_steps (50) is not a multiple of steps_per_frame (20): each picture is saved 10 steps "
      "after its move";
  EXPECT_TRUE(holds(check({"pre_animation_steps=50", "steps_per_frame=20"}).err, notice));
  const auto silent = [&](const Words& words) {
    const Outcome outcome = check(words);
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return !holds(outcome.err, "multiple");
  };
  EXPECT_TRUE(silent({"pre_animation_steps=60", "steps_per_frame=20"}));
  EXPECT_TRUE(silent({"pre_animation_steps=50", "steps_per_frame=20", "save_every=5"}));
  EXPECT_TRUE(silent({"pre_animation_steps=50", "steps_per_frame=20", "animation_mode=off"}));
}

TEST(MotionTrouble, ARaisedStartIsToldOf) {
  const auto raised = [](const Words& more) {
    Words words = {"animation_mode=Video Source", "video_path=" REVERIE_SAMPLES "/clip.mkv"};
    words.insert(words.end(), more.begin(), more.end());
    const Outcome outcome = check(words);
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return holds(outcome.err, "raised to steps_per_frame");
  };
  EXPECT_TRUE(raised({"pre_animation_steps=0"}));
  EXPECT_FALSE(raised({"pre_animation_steps=2"}));
  EXPECT_FALSE(raised({"pre_animation_steps=4"}));
}

TEST(MotionTrouble, UnknownNamesAreAnsweredWithThoseThatThereAre) {
  const auto said = [](const Words& words) { return check(words).err; };
  const Words sound = {"input_audio=a.wav",
                       "input_audio_filters=[{variable_name: bass, f_center: 100, f_width: 50}]"};
  const std::string in_3d = said({"animation_mode=3D", "translate_z_3d=depht/20"});
  EXPECT_TRUE(holds(in_3d, "the name 'depht' is not known")) << in_3d;
  EXPECT_TRUE(holds(in_3d, "variables here: t, r, R, mu")) << in_3d;
  EXPECT_TRUE(holds(in_3d, "those of input_audio_filters")) << in_3d;
  const std::string in_2d = said({"translate_x=mu/50"});
  EXPECT_TRUE(holds(in_2d, "r, R and mu are depths")) << in_2d;
  Words heard = sound;
  heard.push_back("translate_x=treble");
  const std::string with_sound = said(heard);
  EXPECT_TRUE(holds(with_sound, "variables here: t, bass, bass_prev")) << with_sound;
  // A function's wrong use is no matter of names.
  EXPECT_FALSE(holds(said({"translate_x=sin()"}), "variables here"));
}

TEST(MotionTrouble, APreviewInWhichNothingMovesSaysSo) {
  const Scratch scratch;
  const Outcome still = run(command("preview-motion", moving({})), scratch.path());
  EXPECT_EQ(still.status, 0) << still.err;
  EXPECT_TRUE(holds(still.err, "no pixel has moved: 2D moves the picture by ")) << still.err;
  EXPECT_TRUE(holds(still.err, "translate_x")) << still.err;
  EXPECT_TRUE(holds(still.err, "rotate_2d")) << still.err;
  const Outcome late =
      run(command("preview-motion", moving({"translate_x=3 if t > 0 else 0"})), scratch.path());
  EXPECT_EQ(late.status, 0) << late.err;
  EXPECT_FALSE(holds(late.err, "no pixel has moved")) << late.err;
}

TEST(MotionTrouble, ARunCannotGoOnAtAnotherSize) {
  const Scratch scratch;
  const Words words = moving({"image_model=limited_palette", "palettes=3", "save_every=4"});
  ASSERT_EQ(render(scratch.path(), words).status, 0);
  const auto again = [&](const Words& more) {
    Words changed = words;
    changed.insert(changed.end(), {"--restore", "steps_per_scene=12"});
    changed.insert(changed.end(), more.begin(), more.end());
    const Outcome outcome = render(scratch.path(), changed);
    EXPECT_FALSE(holds(outcome.err, "failed in step")) << outcome.err;
    return outcome;
  };
  const Outcome wider = again({"width=64"});
  EXPECT_EQ(wider.status, 2);
  EXPECT_TRUE(holds(wider.err, "'width' is 64, but the run to be continued has 32")) << wider.err;
  EXPECT_FALSE(holds(wider.err, "'height'")) << wider.err;
  const Outcome more = again({"palettes=4"});
  EXPECT_NE(more.status, 0);
  EXPECT_TRUE(holds(more.err, "the backup does not fit the settings")) << more.err;
  EXPECT_TRUE(holds(more.err, "image_models/limited_palette")) << more.err;
  EXPECT_EQ(again({}).status, 0);
}

}  // namespace
}  // namespace reverie::test
