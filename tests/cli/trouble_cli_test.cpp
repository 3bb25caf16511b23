// Interruptions, damage, terminals and mistakes on the command line.

#include <pty.h>

#include <csignal>
#include <cstdio>

#include "cli/interrupted.h"

namespace reverie::test {
namespace {

TEST(Interrupted, TheLastPictureIsWholeAndNothingElseIsLeft) {
  for (const int signal : {SIGINT, SIGTERM}) {
    const Scratch scratch;
    const Outcome outcome = interrupted_render(
        scratch.path(), tiny("red", {"steps_per_scene=1000000", "save_every=2"}), "default_2.png", signal);
    EXPECT_EQ(outcome.status, 130) << outcome.err;
    EXPECT_TRUE(holds(outcome.out, "interrupted after ")) << outcome.out;
    std::size_t pictures = 0;
    for (const std::string& file : files_below(scratch / "images_out")) {
      EXPECT_FALSE(holds(file, ".part")) << file;
      if (fs::path(file).extension() != ".png") continue;
      EXPECT_EQ(read_png(scratch.path() / "images_out" / file).width, 64) << file;
      ++pictures;
    }
    EXPECT_GE(pictures, 2u);
  }
}

TEST(Interrupted, BeforeTheFirstStepTooTheProgramEndsByItself) {
  const Scratch scratch;
  // What is said before the weights are read comes long before the first step.
  Words words = tiny("red", {"steps_per_scene=1000000"});
  words[1] = "perceptors=[]";
  const Outcome outcome = interrupted_render(scratch.path(), words, "no perceptor is chosen", SIGINT);
  EXPECT_EQ(outcome.status, 130) << outcome.err;
  for (const std::string& file : files_below(scratch.path())) EXPECT_FALSE(holds(file, ".part")) << file;
}

/// A copy of the program whose parts can be damaged.
class DamagedInstallation : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(scratch_ / "app/bin");
    fs::create_directories(scratch_ / "app/share/reverie");
    fs::create_directories(scratch_ / "work");
    fs::copy_file(REVERIE_PROGRAM, scratch_ / "app/bin/reverie");
    fs::create_directories(scratch_ / "app/lib/reverie");
    fs::copy(prefix() / "lib/reverie/plugins", scratch_ / "app/lib/reverie/plugins",
             fs::copy_options::recursive);
    fs::create_directory_symlink(prefix() / "lib/reverie/libtorch", scratch_ / "app/lib/reverie/libtorch");
    fs::create_directory_symlink(fs::canonical(prefix() / "share/reverie/models"),
                                 scratch_ / "app/share/reverie/models");
  }
  Outcome render_there(const Words& words) {
    return run(command("render", words, scratch_ / "app/bin/reverie"), scratch_ / "work");
  }

  Scratch scratch_;
};

TEST_F(DamagedInstallation, WorksWhileWhole) {
  EXPECT_EQ(render_there(tiny("red", {"steps_per_scene=1"})).status, 0);
}

TEST_F(DamagedInstallation, EachPluginOfARunIsNamedWhenItIsGarbage) {
  for (const char* name : {"image_models/unlimited_palette.so", "perceptors/clip.so", "io/png_sequence.so"}) {
    const fs::path plugin = scratch_.path() / "app/lib/reverie/plugins" / name;
    const std::string whole = read_bytes(plugin);
    for (const std::string& garbage :
         {std::string("no library at all\n"), std::string(), whole.substr(0, whole.size() / 2),
          "\x7F"
          "ELF" +
              std::string(4096, '\x5A')}) {
      scratch_.write(fs::relative(plugin, scratch_.path()).string(), garbage);
      const Outcome outcome = render_there(tiny("red"));
      EXPECT_EQ(outcome.signal, 0) << name;
      EXPECT_GT(outcome.status, 0) << name;
      EXPECT_TRUE(holds(outcome.err, plugin.string())) << outcome.err;
      EXPECT_EQ(outcome.err.rfind("reverie: ", 0), 0u) << "one message, from its beginning: " << outcome.err;
      EXPECT_TRUE(fs::is_empty(scratch_ / "work")) << name;
    }
    scratch_.write(fs::relative(plugin, scratch_.path()).string(), whole);
  }
}

TEST_F(DamagedInstallation, WithoutAnyPlugins) {
  fs::remove_all(scratch_ / "app/lib/reverie/plugins");
  const Outcome outcome = render_there(tiny("red"));
  EXPECT_GT(outcome.status, 0);
  EXPECT_TRUE(holds(outcome.err, (scratch_ / "app/lib/reverie/plugins/image_models").string()))
      << outcome.err;
  EXPECT_TRUE(fs::is_empty(scratch_ / "work"));
}

TEST(DamagedWeights, AreNamed) {
  const Scratch scratch;
  const std::string whole =
      read_bytes(prefix() / "share/reverie/models" / (shipped_model() + ".safetensors"));
  for (const std::string& bytes : {std::string(), whole.substr(0, 1000), whole.substr(0, whole.size() - 1)}) {
    const fs::path path = scratch.write("cut.safetensors", bytes);
    const Outcome outcome = render(scratch.path(), tiny("red", {"perceptors=cut.safetensors"}));
    EXPECT_EQ(outcome.status, 2);
    EXPECT_TRUE(holds(outcome.err, bytes.empty() ? "'cut.safetensors' is empty"
                                                 : "'cut.safetensors' is not a valid safetensors file"))
        << outcome.err;
    EXPECT_EQ(files_below(scratch.path()), Words{"cut.safetensors"});
  }
}

/// Whole, and of the right shapes, but of whole numbers: a mistake of the setting that names them.
TEST(DamagedWeights, WholeNumbersAreNoNetwork) {
  const Scratch scratch;
  std::string bytes = read_bytes(prefix() / "share/reverie/models" / (shipped_model() + ".safetensors"));
  const std::string half = "\"F16\"", whole = "\"I16\"";
  for (std::size_t at = 0; (at = bytes.find(half, at)) != std::string::npos;)
    bytes.replace(at, half.size(), whole);
  scratch.write("whole.safetensors", bytes);
  scratch.write("run.yaml",
                "scenes: red\nwidth: 32\nheight: 32\ncutouts: 1\nperceptors:\n  [whole.safetensors]\n");
  for (const char* name : {"check", "render"}) {
    const Outcome outcome = run(command(name, {"run.yaml"}), scratch.path());
    EXPECT_EQ(outcome.status, 2) << outcome.err;
    EXPECT_TRUE(holds(outcome.err, "run.yaml:5: 'perceptors': ")) << outcome.err;
    EXPECT_TRUE(holds(outcome.err, "whole.safetensors") && holds(outcome.err, "dtype Short")) << outcome.err;
  }
}

TEST(Device, OneThatIsNotThereIsToldOnce) {
  const Scratch scratch;
  const Outcome outcome = run(command("check", tiny("red", {"device=0"})), scratch.path());
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  const std::size_t first = outcome.err.find("no GPU");
  if (first == std::string::npos) GTEST_SKIP() << "there is a GPU here";
  EXPECT_EQ(outcome.err.find("no GPU", first + 1), std::string::npos) << outcome.err;
}

TEST(ChosenPerceptors, OneThatIsNotInstalledIsAnErrorWithTheCommand) {
  const Scratch scratch;
  for (const std::string choice : {"ViTB32=true", "RN50x4=true", "perceptors=ViT-B/32"}) {
    const Outcome outcome = render(scratch.path(), tiny("red", {choice, "models_parent_dir=models"}));
    EXPECT_EQ(outcome.status, 2);
    EXPECT_TRUE(holds(outcome.err, "reverie models fetch")) << outcome.err;
    EXPECT_TRUE(holds(outcome.err, choice[0] == 'R' ? "RN50x4" : "ViT-B/32")) << outcome.err;
    EXPECT_TRUE(fs::is_empty(scratch.path()));
  }
}

TEST(ChosenPerceptors, APluginThatNeedsWeightsSaysSoWhereItIsNamed) {
  const Scratch scratch;
  for (const std::string plugin : {"clip", "lit", "siglip"}) {
    std::ofstream(scratch.path() / "run.yaml")
        << "scenes: a hill\nwidth: 32\nheight: 32\nperceptors: [" << plugin << "]\n";
    const Outcome outcome = run({REVERIE_PROGRAM, "render", "run.yaml"}, scratch.path());
    EXPECT_EQ(outcome.status, 2) << outcome.err;
    EXPECT_TRUE(holds(outcome.err, "run.yaml:4")) << outcome.err;
    EXPECT_TRUE(holds(outcome.err, "'" + plugin + "' needs weights")) << outcome.err;
  }
}

TEST(ChosenPerceptors, NoneMeansTheShippedOnes) {
  const Scratch scratch;
  for (const std::string choice : {"RN50=false", "ViTB32=false"}) {
    const Outcome outcome = run({REVERIE_PROGRAM, "check", "scenes=red", choice, "models_parent_dir=models",
                                 "width=64", "height=64", "cutouts=2"},
                                scratch.path());
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_TRUE(holds(outcome.err, "using the shipped ones: tiny_resnet, tiny_vit")) << outcome.err;
  }
}

TEST(ChosenPerceptors, TheCommandLineSwitchesOffWhatAFileLists) {
  const Scratch scratch;
  scratch.write("run.yaml", "models_parent_dir: models\nperceptors: [RN50, " + shipped_model() +
                                ", 'ViT-B/16']\nRN50: false\nViTB16: false\n");
  const Words check = {REVERIE_PROGRAM, "check",     "run.yaml", "scenes=red",
                       "width=64",      "height=64", "cutouts=2"};
  const auto outcome = [&](const Words& more) {
    Words words = check;
    words.insert(words.end(), more.begin(), more.end());
    return run(words, scratch.path());
  };
  // In the file itself, flags only add: saved settings hold the list, and every flag off.
  EXPECT_TRUE(holds(outcome({}).err, "the model 'RN50' is not installed"));
  EXPECT_TRUE(holds(outcome({"RN50=false"}).err, "the model 'ViT-B/16' is not installed"));
  EXPECT_EQ(outcome({"RN50=false", "ViTB16=off"}).status, 0);
  EXPECT_EQ(outcome({"RN50=false", "perceptors=RN50"}).status, 2) << "listed beside it";
}

TEST(ChosenWeights, ThatAreDamagedAreNotReplaced) {
  const Scratch scratch;
  const Words check = {REVERIE_PROGRAM,
                       "check",
                       "scenes=red",
                       "image_model=vqgan",
                       "perceptors=" + shipped_model(),
                       "models_parent_dir=models",
                       "width=64",
                       "height=64",
                       "cutouts=2"};
  const Outcome absent = run(check, scratch.path());
  EXPECT_EQ(absent.status, 0) << absent.err;
  EXPECT_TRUE(holds(absent.err, "using the shipped 'tiny'")) << absent.err;
  fs::create_directories(scratch / "models/vqgan");
  scratch.write("models/vqgan/sflckr.ckpt", "no weights at all");
  const Outcome damaged = run(check, scratch.path());
  EXPECT_EQ(damaged.status, 2);
  EXPECT_TRUE(holds(damaged.err, "models/vqgan/sflckr.ckpt")) << damaged.err;
  EXPECT_FALSE(holds(damaged.err, "using the shipped")) << damaged.err;
}

TEST(MissingPictures, AreToldWithTheirSettingAndAdvice) {
  const Scratch scratch;
  scratch.write("run.yaml",
                "scenes: red\ninit_image: ftp://somewhere/a.png\n"
                "direct_init_weight: 1_[gone.png]\nsemantic_init_weight: 1_[lost.png]\n");
  const Outcome outcome = run({REVERIE_PROGRAM, "check", "run.yaml"}, scratch.path());
  EXPECT_EQ(outcome.status, 2);
  for (const char* part :
       {"run.yaml:2: 'init_image': 'ftp://somewhere/a.png' is an address of a kind that cannot be read; "
        "addresses begin with http://, https:// or file://\n",
        "run.yaml:3: 'direct_init_weight': there is no file 'gone.png'",
        "run.yaml:4: 'semantic_init_weight': there is no file 'lost.png'"})
    EXPECT_TRUE(holds(outcome.err, part)) << part << " in\n" << outcome.err;
  EXPECT_FALSE(holds(outcome.err, "'scenes'")) << outcome.err;
}

/// Frame sources have settings, too.
TEST(FrameSources, GetTheirSettings) {
  const Scratch scratch;
  scratch.write("a.colour", "0.25 0.5 0.75 8 8 1");
  const auto mean_of = [&](const Words& more, const std::string& base) {
    Words words = tiny("red", {"--plugin-path", REVERIE_REFERENCE_PLUGINS, "init_image=a.colour",
                               "steps_per_scene=1", "learning_rate=1e-9"});
    words.insert(words.end(), more.begin(), more.end());
    const Outcome outcome = render(scratch.path(), words);
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return read_png(scratch / ("images_out/default/" + base + "_1.png")).mean;
  };
  const auto whole = mean_of({}, "default"), half = mean_of({"brightness=0.5"}, "default(1)");
  for (int channel = 0; channel < 3; ++channel) {
    EXPECT_NEAR(whole[channel], 255 * 0.25 * (channel + 1), 1);
    EXPECT_NEAR(half[channel], 255 * 0.125 * (channel + 1), 1);
  }
}

TEST(Precision, HalfNeedsAGpu) {
  const Scratch scratch;
  const Outcome outcome = render(scratch.path(), tiny("red", {"precision=fp16", "device=cpu"}));
  EXPECT_EQ(outcome.status, 2);
  EXPECT_TRUE(holds(outcome.err, "needs a GPU")) << outcome.err;
}

TEST(MissingWeights, TheNearestIsTold) {
  const Scratch scratch;
  const Outcome outcome = render(scratch.path(), tiny("red", {"perceptors=" + shipped_model() + "x"}));
  EXPECT_EQ(outcome.status, 2);
  EXPECT_TRUE(holds(outcome.err, "did you mean '" + shipped_model() + "'?")) << outcome.err;
  EXPECT_TRUE(fs::is_empty(scratch.path()));
}

TEST(Output, WhereNothingCanBeWritten) {
  const Scratch scratch;
  scratch.write("images_out", "a file stands where the folder should be");
  const Outcome outcome = render(scratch.path(), tiny("red"));
  EXPECT_EQ(outcome.status, 2) << outcome.err;
  EXPECT_EQ(outcome.signal, 0);
  EXPECT_TRUE(holds(outcome.err, "images_out")) << outcome.err;
  EXPECT_EQ(files_below(scratch.path()), Words{"images_out"});
}

TEST(Prompts, TooLongForThePerceptor) {
  const Scratch scratch;
  std::string words;
  for (int i = 0; i < 200; ++i) words += "heart ";
  const Outcome outcome = render(scratch.path(), tiny(words));
  EXPECT_GT(outcome.status, 0);
  EXPECT_TRUE(holds(outcome.err, "the prompt 'heart heart")) << outcome.err;
  EXPECT_TRUE(fs::is_empty(scratch.path()));
}

TEST(ProgressReport, IsPlainLinesWithoutATerminal) {
  const Scratch scratch;
  const Outcome outcome = render(scratch.path(), tiny("a red heart"));
  EXPECT_FALSE(holds(outcome.err, "\r")) << outcome.err;
  EXPECT_FALSE(holds(outcome.err, "\033")) << outcome.err;
  for (const char* part :
       {"step 1/4 ", "step 4/4 ", "a red heart", "saved images_out/default/default_1.png\n"})
    EXPECT_TRUE(holds(outcome.err, part)) << part << " in\n" << outcome.err;
}

TEST(ProgressReport, IsABarOnATerminal) {
  const Scratch scratch;
  const Words line = command("render", tiny("a red heart", {"steps_per_scene=8", "viewers=[]"}));
  int terminal = -1;
  const winsize size{24, 100, 0, 0};
  const pid_t child = ::forkpty(&terminal, nullptr, nullptr, &size);
  ASSERT_GE(child, 0);
  if (child == 0) become(line, scratch.path());
  std::string seen;
  char buffer[4096];
  // The terminal ends with an error when its last user is gone.
  for (ssize_t n; (n = ::read(terminal, buffer, sizeof buffer)) > 0;)
    seen.append(buffer, static_cast<std::size_t>(n));
  ::close(terminal);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0) << seen;
  EXPECT_TRUE(holds(seen, "█")) << seen;
  EXPECT_TRUE(holds(seen, "\r\033[K")) << "drawn over itself: " << seen;
  EXPECT_TRUE(holds(seen, "8/8")) << seen;
  EXPECT_TRUE(holds(seen, "done: 8 steps")) << seen;
}

TEST(CommandLine, MistakesAreExplained) {
  const Scratch scratch;
  const auto expect = [&](const Words& words, const std::string& fragment) {
    Words line = {REVERIE_PROGRAM};
    line.insert(line.end(), words.begin(), words.end());
    const Outcome outcome = run(line, scratch.path());
    EXPECT_EQ(outcome.status, 2) << outcome.err;
    EXPECT_TRUE(holds(outcome.out + outcome.err, fragment)) << outcome.err;
  };
  expect({}, "usage:");
  expect({"rendre"}, "there is no command 'rendre'");
  expect({"render"}, "render needs a settings file");
  expect({"render", "--colour"}, "--colour");
  expect({"check", "scenes=red", "cutouts"}, "'cutouts' is not of the form name=value");
  expect({"plugins", "remove"}, "'new KIND NAME' or 'test FILE.so'");
  EXPECT_TRUE(fs::is_empty(scratch.path()));
}

TEST(CommandLine, HelpVersionAndChecksSucceed) {
  const Scratch scratch;
  for (const Words& words : {Words{"--help"}, Words{"--version"}, Words{"settings"}, Words{"plugins", "list"},
                             Words{"check", "scenes=red"}, Words{"config", "scenes=red"}}) {
    Words line = {REVERIE_PROGRAM};
    line.insert(line.end(), words.begin(), words.end());
    const Outcome outcome = run(line, scratch.path());
    EXPECT_EQ(outcome.status, 0) << words[0] << outcome.err;
    EXPECT_NE(outcome.out, "") << words[0];
  }
  EXPECT_TRUE(fs::is_empty(scratch.path()));
}

TEST(CommandLine, PrintedSettingsCanBeReadAgain) {
  const Scratch scratch;
  const Outcome first = run(
      command("config", {"scenes=a \"red\" hill: 2 | \xF0\x9F\x98\x80 #1", "cut_pow=0.1"}), scratch.path());
  ASSERT_EQ(first.status, 0) << first.err;
  scratch.write("again.yaml", first.out);
  const Outcome second = run(command("config", {"again.yaml"}), scratch.path());
  EXPECT_EQ(second.status, 0) << second.err;
  EXPECT_EQ(second.out, first.out);
}

}  // namespace
}  // namespace reverie::test
