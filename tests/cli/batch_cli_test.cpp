// Several runs in one call: files, sweeps, config groups, settings out of pictures, and how it all ends.

#include "cli/interrupted.h"
#include "support/png_pictures.h"

namespace reverie::test {
namespace {

/// A picture of two steps.
const std::string kTiny =
    "perceptors: " + shipped_model() + "\nwidth: 8\nheight: 8\ncutouts: 1\nsteps_per_scene: 2\n";

Outcome call(const fs::path& folder, Words words) {
  words.insert(words.begin(), REVERIE_PROGRAM);
  return run(words, folder);
}

void write(const Scratch& scratch, const std::string& name, const std::string& text) {
  fs::create_directories((scratch / name).parent_path());
  scratch.write(name, text);
}

/// The lines of a text that begin with `start`.
Words lines_with(const std::string& text, const std::string& start) {
  Words result;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);)
    if (line.rfind(start, 0) == 0) result.push_back(line);
  return result;
}

TEST(BatchRender, OneFailingFileDoesNotEndIt) {
  const Scratch scratch;
  write(scratch, "a.yaml", "scenes: red\nfile_namespace: a\n" + kTiny);
  write(scratch, "b.yaml", "scenes: red\nfile_namespace: b\nwidht: 8\n");
  write(scratch, "c.yaml", "scenes: green\nfile_namespace: c\n" + kTiny);
  const Outcome outcome = render(scratch.path(), {"a.yaml", "b.yaml", "gone.yaml", "c.yaml", "seed=1"});
  EXPECT_EQ(outcome.status, 2) << "all that failed were mistakes in settings";
  EXPECT_TRUE(holds(outcome.err, "b.yaml:3: there is no setting 'widht'; did you mean 'width'?"))
      << outcome.err;
  EXPECT_TRUE(holds(outcome.err, "gone.yaml: cannot be read")) << outcome.err;
  EXPECT_TRUE(holds(outcome.out,
                    "\n4 runs: 2 done, 2 failed\n"
                    "  done         a.yaml     1 picture in images_out/a/\n"
                    "  failed       b.yaml     b.yaml:3: there is no setting 'widht'; did you mean 'width'?\n"
                    "  failed       gone.yaml  gone.yaml: cannot be read: No such file or directory\n"
                    "  done         c.yaml     1 picture in images_out/c/\n"))
      << outcome.out;
  EXPECT_EQ(files_below(scratch / "images_out"),
            (Words{"a/a_1.png", "a/a_settings.txt", "c/c_1.png", "c/c_settings.txt"}));
  for (const char* folder : {"a", "c"})
    EXPECT_TRUE(
        holds(read_bytes(scratch / ("images_out/" + std::string(folder) + "/" + folder + "_settings.txt")),
              "\"seed\": 1,"));
}

TEST(BatchRender, FailuresOfAnotherKindAreTold) {
  const Scratch scratch;
  write(scratch, "a.yaml", "scenes: red\n" + kTiny);
  write(scratch, "b.yaml", "scenes: red\nfile_namespace: blocked\n" + kTiny);
  fs::create_directories(scratch / "images_out");
  scratch.write("images_out/blocked", "a file where a folder should be");
  const Outcome outcome = render(scratch.path(), {"b.yaml", "a.yaml"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_TRUE(holds(outcome.out, "2 runs: 1 done, 1 failed\n")) << outcome.out;
}

TEST(BatchRender, RunsOfASweepDoNotOverwriteEachOther) {
  const Scratch scratch;
  write(scratch, "a.yaml", "scenes: red\nallow_overwrite: true\n" + kTiny);
  const Words words = {"--multirun", "a.yaml", "seed=1,2", "scenes='red, deep','blue'"};
  const Outcome outcome = render(scratch.path(), words);
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  const Words pictures = {"default/default(1)_1.png", "default/default(1)_settings.txt",
                          "default/default(2)_1.png", "default/default(2)_settings.txt",
                          "default/default(3)_1.png", "default/default(3)_settings.txt",
                          "default/default_1.png",    "default/default_settings.txt"};
  EXPECT_EQ(files_below(scratch / "images_out"), pictures);
  EXPECT_EQ(lines_with(outcome.out, "  done"),
            (Words{"  done         a.yaml seed=1 scenes='red, deep'  1 picture in images_out/default/",
                   "  done         a.yaml seed=1 scenes='blue'       1 picture in images_out/default/",
                   "  done         a.yaml seed=2 scenes='red, deep'  1 picture in images_out/default/",
                   "  done         a.yaml seed=2 scenes='blue'       1 picture in images_out/default/"}));
  const auto settings = [&](const std::string& base) {
    return read_bytes(scratch / ("images_out/default/" + base + "_settings.txt"));
  };
  EXPECT_TRUE(holds(settings("default"), "\"scenes\": \"red, deep\"")) << settings("default");
  EXPECT_TRUE(holds(settings("default"), "\"seed\": 1,"));
  EXPECT_TRUE(holds(settings("default(3)"), "\"scenes\": \"blue\""));
  EXPECT_TRUE(holds(settings("default(3)"), "\"seed\": 2,"));
  // The first run of the next call overwrites what was asked to be overwritten.
  ASSERT_EQ(render(scratch.path(), {"a.yaml", "seed=3"}).status, 0);
  EXPECT_EQ(files_below(scratch / "images_out"), pictures);
  EXPECT_TRUE(holds(settings("default"), "\"seed\": 3,"));
}

TEST(BatchRender, CommasAreTextWithoutMultirun) {
  const Scratch scratch;
  const Outcome outcome = call(scratch.path(), {"config", "scenes=a, b", "rotate_3d=[1,0,0,0]"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(lines_with(outcome.out, "scenes"), Words{"scenes: \"a, b\""});
}

TEST(BatchInterrupted, EndsTheWholeBatch) {
  const Scratch scratch;
  const Words words = tiny("red", {"steps_per_scene=1000000", "save_every=2", "seed=1,2", "-m"});
  const Outcome outcome = interrupted_render(scratch.path(), words, "default_1.png", SIGINT);
  EXPECT_EQ(outcome.status, 130) << outcome.err;
  EXPECT_TRUE(holds(outcome.out, "2 runs: 0 done, 0 failed, interrupted\n  interrupted  seed=1  "))
      << outcome.out;
  EXPECT_TRUE(holds(outcome.out, "\n  not begun    seed=2\n")) << outcome.out;
  EXPECT_FALSE(holds(outcome.err, "goes on from there"))
      << "the same command would be refused: " << outcome.err;
  EXPECT_FALSE(fs::exists(scratch / "images_out/default/default(1)_settings.txt"));
}

TEST(BatchCheck, ReportsOnAll) {
  const Scratch scratch;
  write(scratch, "a.yaml", "scenes: red\n" + kTiny);
  write(scratch, "b.yaml", "scenes: red\ninterpolation_steps: none\n");
  write(scratch, "c.yaml", "scenes: red\nsteps_per_scene: 0\n");
  const Outcome outcome = call(scratch.path(), {"check", "b.yaml", "a.yaml", "c.yaml", "seed=1"});
  EXPECT_EQ(outcome.status, 2);
  for (const char* part : {"[1/3 b.yaml]\nreverie: b.yaml:2: 'interpolation_steps' is none", "[2/3 a.yaml]\n",
                           "[3/3 c.yaml]\nreverie: c.yaml:2: 'steps_per_scene' is 0, which is out of range"})
    EXPECT_TRUE(holds(outcome.err, part)) << part << " in\n" << outcome.err;
  EXPECT_TRUE(holds(outcome.out, "3 runs: 1 done, 2 failed\n")) << outcome.out;
  EXPECT_TRUE(holds(outcome.out, "  done         a.yaml\n")) << outcome.out;
  EXPECT_EQ(call(scratch.path(), {"check", "a.yaml", "a.yaml"}).status, 0);
}

TEST(BatchConfig, PrintsEachRun) {
  const Scratch scratch;
  const Outcome outcome = call(scratch.path(), {"config", "-m", "scenes=a,b", "cutouts=range(1,3)"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(lines_with(outcome.out, "# "), (Words{"# 1/4 scenes=a cutouts=1", "# 2/4 scenes=a cutouts=2",
                                                  "# 3/4 scenes=b cutouts=1", "# 4/4 scenes=b cutouts=2"}));
  EXPECT_EQ(lines_with(outcome.out, "scenes"),
            (Words{"scenes: \"a\"", "scenes: \"a\"", "scenes: \"b\"", "scenes: \"b\""}));
}

TEST(ConfigGroups, FromTheConfigFolderOfTheWorkingDirectory) {
  const Scratch scratch;
  write(scratch, "config/default.yaml", "defaults:\n- _self_\n- conf: _empty\nscenes: ???\nwidth: 64\n");
  write(scratch, "config/conf/demo.yaml", "# @package _global_\nscenes: a hill\nheight: 32\n");
  write(scratch, "elsewhere/motion/slow.yaml", "height: ${width}\nwidth: 16\n");
  const Outcome one = call(scratch.path(), {"config", "conf=demo"});
  EXPECT_EQ(one.status, 0) << one.err;
  EXPECT_TRUE(holds(one.out, "scenes: \"a hill\"\n") && holds(one.out, "width: 64\nheight: 32\n")) << one.out;
  const Outcome two =
      call(scratch.path(), {"config", "--config-dir", "elsewhere", "motion=slow", "conf=demo", "scenes=x"});
  EXPECT_TRUE(holds(two.out, "scenes: \"x\"\n") && holds(two.out, "width: 16\nheight: 16\n")) << two.out;
  const Outcome none = call(scratch.path(), {"check", "width=32"});
  EXPECT_EQ(none.status, 2);
  EXPECT_TRUE(holds(none.err, "config/default.yaml: 'scenes' is missing")) << none.err;
  const Outcome wrong = call(scratch.path(), {"check", "conf=dema"});
  EXPECT_TRUE(holds(wrong.err,
                    "command line: the config group 'conf' has no option 'dema'; did you mean 'demo'? "
                    "config/conf holds demo\n"))
      << wrong.err;
}

TEST(ConfigGroups, ProblemsStandInTheOrderOfTheFiles) {
  const Scratch scratch;
  write(scratch, "a.yaml", "scenes: red\nmotion: slow\nwidth: wide\n");
  write(scratch, "motion/slow.yaml", "height: tall\n");
  const Outcome outcome = call(scratch.path(), {"check", "a.yaml", "display_every=many"});
  EXPECT_EQ(outcome.status, 2);
  const std::size_t file = outcome.err.find("reverie: a.yaml:3: 'width' is wide");
  const std::size_t group = outcome.err.find("\nmotion/slow.yaml:1: 'height' is tall");
  const std::size_t words = outcome.err.find("\ncommand line: 'display_every' is many");
  EXPECT_EQ(file, 0u) << outcome.err;
  EXPECT_LT(file, group) << outcome.err;
  EXPECT_LT(group, words) << outcome.err;
  EXPECT_LT(words, outcome.err.size()) << outcome.err;
}

TEST(PictureSettings, AreReadBackAndRepeatThePicture) {
  const Scratch scratch, again;
  write(scratch, "a.yaml", "scenes: \"caf\u00e9: 2 | red\"\n" + kTiny);
  ASSERT_EQ(render(scratch.path(), {"a.yaml", "seed=7"}).status, 0);
  const std::string picture = (scratch / "images_out/default/default_1.png").string();
  const Outcome config = call(again.path(), {"config", picture});
  EXPECT_EQ(config.status, 0) << config.err;
  EXPECT_TRUE(holds(config.out, "scenes: \"caf\u00e9: 2 | red\"\n")) << config.out;
  EXPECT_TRUE(holds(config.out, "seed: 7\n")) << config.out;
  ASSERT_EQ(render(again.path(), {picture}).status, 0);
  EXPECT_EQ(read_bytes(again / "images_out/default/default_1.png"), read_bytes(picture));
}

TEST(PictureSettings, OfAnotherProgramsPicture) {
  const Scratch scratch;
  write_png(scratch / "a.png", 1, 1, {9});
  const Outcome outcome = call(scratch.path(), {"config", "a.png"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_TRUE(
      holds(outcome.err, "a.png: is a PNG picture without settings in it: only those that Reverie wrote"))
      << outcome.err;
}

TEST(BatchWords, MistakesAreRefusedBeforeAnythingRuns) {
  const Scratch scratch;
  write(scratch, "a.yaml", "scenes: red\n" + kTiny);
  const Outcome outcome = render(scratch.path(), {"-m", "a.yaml", "cutouts=1,,2", "seed=range(0)"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(
      outcome.err,
      "reverie: command line: 'cutouts': a value is missing beside a comma; write '' for an empty text\n"
      "command line: 'seed': range stands for no number\n");
  EXPECT_FALSE(fs::exists(scratch / "images_out"));
  const Outcome late = call(scratch.path(), {"check", "a.yaml", "seed=1", "gone.yaml"});
  EXPECT_TRUE(holds(late.out, "  failed       gone.yaml  gone.yaml: cannot be read")) << late.out;
}

TEST(BatchWords, RestoreIsAnOverride) {
  const Scratch scratch;
  write(scratch, "a.yaml", "scenes: red\n" + kTiny);
  const Outcome nothing = call(scratch.path(), {"config", "--restore", "a.yaml", "-v"});
  EXPECT_EQ(nothing.status, 0) << "with nothing to continue, it would begin";
  EXPECT_EQ(call(scratch.path(), {"render", "a.yaml"}).status, 0);
  EXPECT_EQ(call(scratch.path(), {"config", "--restore", "a.yaml"}).status, 0);
}

}  // namespace
}  // namespace reverie::test
