// What newcomers and those who come from other programs type, and what answers them.

#include <sstream>

#include "cli/real_program.h"

namespace reverie::test {
namespace {

/// What the program says to these words, and how it ends.
Outcome say(const Words& words, const fs::path& folder) {
  Words line = {REVERIE_PROGRAM};
  line.insert(line.end(), words.begin(), words.end());
  return run(line, folder);
}

struct Typed {
  Words words;
  const char* answer;
};

TEST(Newcomers, AreAnsweredWithWhatToType) {
  const Typed kTyped[] = {
      {{"render", "a red heart"}, "reverie render scenes=\"a red heart\""},
      {{"render", "heart"}, "reverie render scenes=heart"},
      {{"check", "St. Mary's church"}, "reverie check scenes=\"St. Mary's church\""},
      {{"render", "scenes=a", "red", "heart", "width=64"}, "scenes=\"a red heart\""},
      {{"render", "width=64", "scenes=a", "red", "heart"}, "scenes=\"a red heart\""},
      {{"check", "scenes=red", "cutouts"}, "'cutouts' is not of the form name=value"},
      {{"render", "scenes=red", "--width", "128"}, "width=128"},
      {{"render", "scenes=red", "--steps=10"}, "steps_per_scene=10"},
      {{"render", "--prompt", "a red heart"}, "scenes=\"a red heart\""},
      {{"render", "--cut-pow=2", "scenes=red"}, "cut_pow=2"},
      {{"render", "--pixelsize=2", "scenes=red"}, "pixel_size=2"},
      {{"render", "--frobnicate"}, "--help shows the options"},
      {{"check", "prompt=x"}, "did you mean 'scenes'?"},
      {{"rendre"}, "did you mean 'render'?"},
      {{"help", "rendre"}, "did you mean 'render'?"},
      {{"a red heart"}, "reverie render scenes=\"a red heart\""},
      {{"scenes=red"}, "reverie render scenes=red"},
      {{"check", "scenes=star map: a new hope"}, "what follows a ':' is the prompt's weight"},
      {{"check", "scenes=red:fLo"}, "input_audio_filters"},
      {{"check", "scenes=red", "animation_mode=2D", "zoom_x_2d=fLo"}, "input_audio_filters"},
      {{"check", "width=64"}, "scenes=\"a red heart\""},
      {{"settings", "cut_pwo"}, "did you mean 'cut_pow'?"},
      {{"check", "scenes=red", "cut_pow=1,2"}, "with -m"},
      {{"check", "scenes=[a heart,b]"}, "\"a heart || b\""},
      {{"check", "scenes=[a heart]"}, "\"a heart\""},
      {{"check", "scenes=[[a.png],[b.png]]"}, "\"[a.png] || [b.png]\""},
      {{"check", "scenes=[]"}, "\"a || b\""},
      {{"check", "scenes=[a.png]"}, "there is no file 'a.png'"},
      {{"check", "scenes=red", "direct_image_prompts=[a.png,b.png]"}, "\"a.png | b.png\""},
      {{"check", "scenes=red", "outputs=mp4"}, "did you mean 'video_file' with video_format=mp4?"},
      {{"check", "scenes=red", "outputs=[png_sequence,GIF]"}, "'video_file' with video_format=gif?"},
      {{"check", "scenes=red", "outputs=video"}, "did you mean 'video_file'?"},
      {{"check", "scenes=red", "outputs=png"}, "did you mean 'png_sequence'?"},
      {{"check", "scenes=red", "outputs=openexr"}, "did you mean 'exr_sequence'"},
      {{"check", "scenes=red", "outputs=apng"}, "did you mean 'animated_png'"},
      {{"check", "scenes=red", "outputs=jpeg"}, "did you mean 'picture_sequence' with picture_format=jpeg"},
      {{"check", "scenes=red", "viewers=browser"}, "did you mean 'web_preview'"},
      {{"check", "scenes=red", "image_model=vqgan_imagenet"},
       "did you mean 'vqgan' with vqgan_model=imagenet?"},
      {{"check", "scenes=red", "animation_mode=video"}, "did you mean 'video_source'?"},
      {{"render", "red", "heart"}, "reverie render scenes=\"red heart\""},
      {{"check", "St.", "Mary's", "church", "width=64"}, "scenes=\"St. Mary's church\""},
      {{"render", "wow!"}, "reverie render scenes='wow!'"},
      {{"red", "heart"}, "reverie paint \"red heart\""},
      {{"render", "scenes=x", "width", "=", "64"}, "one piece: width=64"},
      {{"render", "scenes", "=", "a", "red", "heart", "width", "=", "64"}, "scenes=\"a red heart\""},
      {{"render", "scenes=", "red", "heart", "width=64"}, "scenes=\"red heart\""},
      {{"render", "scenes=x", "width", "=64"}, "one piece: width=64"},
      {{"render", "scenes=x", "width:", "64"}, "write width=64"},
      {{"-m", "conf=a,b", "width=64"}, "reverie render -m conf=a,b width=64"},
      {{"-cn", "demo"}, "reverie render -cn demo"},
      {{"--multirun"}, "reverie render --multirun"},
      {{"--port", "8000"}, "reverie serve --port 8000"},
      {{"--cfg", "hydra"}, "--cfg job"},
      {{"render", "--gpu", "run.yaml"}, "device=VALUE"},
      {{"-version"}, "two dashes: --version"},
      {{"models", "download", "ViT-B/32"}, "reverie models fetch ViT-B/32"},
      {{"models", "ViT-B/32"}, "reverie models fetch ViT-B/32"},
      {{"models", "fetch"}, "reverie models list shows the names"},
      {{"describe", "fourier"}, "write reverie plugins describe NAME"},
      {{"download", "ViT-B/32"}, "write reverie models fetch NAME"},
      {{"serve", "8080"}, "reverie serve --port 8080"},
      {{"settings", "fourier"}, "reverie plugins describe fourier"},
      {{"paint", "a", "castle", "width", "=", "64"}, "one piece: width=64"},
      {{"check", "scenes=red:fLo"}, "variable_name: fLo"},
      {{"check", "scenes=red:bass_prev"}, "variable_name: bass"},
      {{"check", "scenes=a meeting at 12:30 pm"}, "what follows a ':' is the prompt's weight"},
      {{"check", "scenes=red", "file_namespace=a/b"}, "not a folder name"},
  };
  const Scratch scratch;
  for (const auto& [words, answer] : kTyped) {
    const Outcome outcome = say(words, scratch.path());
    EXPECT_EQ(outcome.status, 2) << outcome.err;
    EXPECT_TRUE(holds(outcome.err, answer)) << answer << " in\n" << outcome.err;
  }
  EXPECT_TRUE(fs::is_empty(scratch.path()));
}

TEST(Newcomers, AreNotLedFromSoundToFunctions) {
  const Scratch scratch;
  for (const char* word : {"scenes=red:fLo", "scenes=red:fHi"}) {
    const Outcome outcome = say({"check", word}, scratch.path());
    EXPECT_FALSE(holds(outcome.err, "meant?")) << outcome.err;
  }
  const std::string near =
      say({"check", "scenes=red:fLow", "input_audio_filters=[{variable_name: fLo, f_center: 9}]"},
          scratch.path())
          .err;
  EXPECT_TRUE(holds(near, "is 'fLo' meant?")) << near;
}

TEST(Newcomers, WhoNameAlmostAFileAreLedToIt) {
  const Scratch scratch;
  fs::create_directories(scratch / "work");
  scratch.write("portrait.yaml", "scenes: red\n");
  scratch.write("work/default_settings.txt", "{}");
  const auto answer = [&](const char* word) { return say({"render", word}, scratch.path()).err; };
  EXPECT_TRUE(holds(answer("portrait"), "did you mean 'portrait.yaml'?"));
  EXPECT_TRUE(holds(answer("portrait.yml"), "did you mean portrait.yaml?"));
  EXPECT_TRUE(holds(answer("work"), "such as work/default_settings.txt"));
  EXPECT_TRUE(holds(answer("other.json"), "other.json: cannot be read")) << "none is called almost so";
}

TEST(Newcomers, AreWarnedWhereATimeIsReadAsAWeight) {
  const Scratch scratch;
  const Outcome outcome =
      say({"config", "scenes=a clock at 12:30 | a clock at 12:30 || red"}, scratch.path());
  EXPECT_EQ(outcome.status, 0);
  const std::string hint = "'a clock at [12:30]'";
  ASSERT_TRUE(holds(outcome.err, hint)) << outcome.err;
  EXPECT_EQ(outcome.err.find(hint), outcome.err.rfind(hint)) << "once";
  const Outcome written = say({"config", "scenes=a clock at [12:30]"}, scratch.path());
  EXPECT_EQ(written.status, 0);
  EXPECT_EQ(written.err, "");
}

TEST(Newcomers, SeeOneSettingOrOneCommand) {
  const Scratch scratch;
  const Outcome setting = say({"settings", "cut_pow", "Pixel_Size"}, scratch.path());
  EXPECT_EQ(setting.status, 0) << setting.err;
  EXPECT_TRUE(holds(setting.out, "cut_pow = 2 ")) << setting.out;
  EXPECT_TRUE(holds(setting.out, "pixel_size = 1 ")) << "of a plugin: " << setting.out;
  EXPECT_FALSE(holds(setting.out, "learning_rate")) << setting.out;
  for (const Words& words :
       {Words{"render", "--help"}, Words{"help", "render"}, Words{"render", "x.yaml", "-h"}}) {
    const Outcome help = say(words, scratch.path());
    EXPECT_EQ(help.status, 0) << help.err;
    EXPECT_TRUE(holds(help.out, "reverie render FILE")) << help.out;
    EXPECT_TRUE(holds(help.out, "--restore")) << help.out;
    EXPECT_FALSE(holds(help.out, "reverie models")) << help.out;
  }
  const Outcome serve = say({"serve", "--help"}, scratch.path());
  EXPECT_TRUE(holds(serve.out, "--port")) << serve.out;
  EXPECT_FALSE(holds(serve.out, "--restore")) << serve.out;
  EXPECT_TRUE(holds(say({"--help"}, scratch.path()).out, "reverie models fetch"));
}

TEST(Newcomers, ListsOfModelsFitATerminal) {
  const Scratch scratch;
  const Outcome outcome = say({"models", "list"}, scratch.path());
  EXPECT_EQ(outcome.status, 0);
  std::istringstream lines(outcome.out);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100u) << line;
  for (const char* part : {"faceshq", "MIT (code)", "by hand"}) EXPECT_TRUE(holds(outcome.out, part)) << part;
}

/// A folder as Hydra's users have it.
class HydraUsers : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(scratch_ / "config/conf");
    fs::create_directories(scratch_ / "mine");
    scratch_.write("config/default.yaml", "defaults:\n- _self_\n- conf: _empty\nscenes: ???\nwidth: 32\n");
    scratch_.write("config/conf/demo.yaml", "# @package _global_\nscenes: a hill\nheight: 48\n");
    scratch_.write("mine/other.yaml", "scenes: a lake\n");
  }
  std::string config(const Words& words) {
    const Outcome outcome = say(words, scratch_.path());
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    notices_ = outcome.err;
    return outcome.out;
  }
  Scratch scratch_;
  std::string notices_;
};

TEST_F(HydraUsers, TypeItsOptions) {
  const std::string demo = config({"config", "conf=demo"});
  EXPECT_TRUE(holds(demo, "scenes: \"a hill\"\n") && holds(demo, "width: 32\n")) << demo;
  EXPECT_EQ(config({"render", "--cfg", "job", "conf=demo"}), demo);
  EXPECT_EQ(config({"render", "-c", "job", "+conf=demo"}), demo);
  EXPECT_EQ(config({"--cfg", "job", "conf=demo"}), demo);
  EXPECT_TRUE(holds(config({"--cfg", "job", "config/conf/demo.yaml"}), "a hill"));
  EXPECT_EQ(config({"config", "-cn", "default", "conf=demo"}), demo);
  EXPECT_EQ(config({"config", "--config-name=default.yaml", "conf=demo"}), demo);
  EXPECT_TRUE(holds(config({"config", "-cp", "mine", "-cn", "other"}), "a lake"));
  EXPECT_TRUE(holds(config({"config", "--config-path=mine", "--config-name", "other"}), "a lake"));
  EXPECT_EQ(config({"config", "conf=demo", "hydra.run.dir=x", "hydra/job_logging=none", "~hydra/launcher"}),
            demo);
  EXPECT_TRUE(holds(notices_, "hydra.run.dir")) << notices_;
  EXPECT_TRUE(holds(notices_, "hydra/launcher")) << notices_;
  EXPECT_TRUE(holds(config({"config", "conf=demo", "~width"}), "width: 512\n"));
  const Outcome missing = say({"config", "-cn", "nothing"}, scratch_.path());
  EXPECT_EQ(missing.status, 2);
  EXPECT_TRUE(holds(missing.err, "config/nothing.yaml")) << missing.err;
}

TEST_F(HydraUsers, AreReadTheirDefaultFileOrToldThatItIsNot) {
  const std::string alone = config({"config", "config/conf/demo.yaml"});
  EXPECT_TRUE(holds(alone, "width: 512\n")) << alone;
  EXPECT_TRUE(holds(notices_, "config/default.yaml is not used") && holds(notices_, "conf=demo")) << notices_;
}

}  // namespace
}  // namespace reverie::test
