// Whole renders: reproducible, led by their prompts, and never over an earlier one.

#include "cli/real_program.h"

namespace reverie::test {
namespace {

constexpr const char* kFirst = "images_out/default/default_1.png";
constexpr const char* kSettings = "images_out/default/default_settings.txt";

std::string picture(const Words& words) {
  const Scratch scratch;
  const Outcome outcome = render(scratch.path(), words);
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  read_png(scratch / kFirst);
  return read_bytes(scratch / kFirst);
}

TEST(Render, TheSameSeedMakesTheSameFile) {
  const Words words = tiny("a red heart | a hill:0.5", {"steps_per_scene=3"});
  const std::string first = picture(words);
  EXPECT_EQ(picture(words), first);
  Words others = words;
  others.push_back("seed=2");
  EXPECT_NE(picture(others), first);
}

/// The files differ, since they hold the settings.
TEST(Render, OnTheCpuNothingBecomesMoreDeterministic) {
  const auto pixels = [](const std::string& deterministic) {
    const Scratch scratch;
    const Words more = {"steps_per_scene=3", "border_mode=mirror", "deterministic=" + deterministic,
                        "device=cpu"};
    const Outcome outcome = render(scratch.path(), tiny("a red heart | a hill:0.5", more));
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return read_png(scratch / kFirst).pixels;
  };
  EXPECT_EQ(pixels("true"), pixels("false"));
}

/// The order in which threads add up must not show. Most machines have two at least.
TEST(Render, TheSameSeedMakesTheSameFileOnSeveralThreads) {
  ::setenv("OMP_NUM_THREADS", "2", 1);
  const Words words = tiny("a red heart", {"steps_per_scene=2"});
  const std::string first = picture(words), second = picture(words);
  ::setenv("OMP_NUM_THREADS", "1", 1);
  EXPECT_EQ(first, second);
}

TEST(Render, ItsSavedSettingsRepeatIt) {
  const Scratch first, second;
  Words words = tiny("a red heart", {"seed=null"});
  ASSERT_EQ(render(first.path(), words).status, 0);
  ASSERT_EQ(render(first.path(), words).status, 0);
  ASSERT_EQ(render(second.path(), {(first / kSettings).string()}).status, 0);
  EXPECT_EQ(read_bytes(second / kFirst), read_bytes(first / kFirst));
  EXPECT_EQ(read_bytes(second / kSettings), read_bytes(first / kSettings));
  EXPECT_NE(read_bytes(first / "images_out/default/default(1)_1.png"), read_bytes(first / kFirst))
      << "without a seed, the clock's";
}

TEST(Render, FilesAndTheirNames) {
  const Scratch scratch;
  const Outcome outcome =
      render(scratch.path(), tiny("red", {"file_namespace=hill", "steps_per_scene=5", "save_every=2"}));
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(files_below(scratch.path()),
            (Words{"backup/hill/hill_1.bak", "backup/hill/hill_2.bak", "backup/hill/hill_3.bak",
                   "images_out/hill/hill_1.png", "images_out/hill/hill_2.png", "images_out/hill/hill_3.png",
                   "images_out/hill/hill_settings.txt"}));
  EXPECT_TRUE(holds(outcome.out, "5 steps, 3 pictures in images_out/hill")) << outcome.out;
  EXPECT_TRUE(holds(outcome.out, "images_out/hill/hill_3.png")) << outcome.out;
  EXPECT_NE(read_bytes(scratch / "images_out/hill/hill_1.png"),
            read_bytes(scratch / "images_out/hill/hill_3.png"));
}

TEST(Render, IntoFoldersThatAreNamed) {
  const Scratch usual, named;
  const Words words = tiny("red", {"save_every=2"}), places = {"output_dir=far/out", "backup_dir=far/safe"};
  const auto with = [&](Words more) {
    Words all = tiny("red", {"save_every=2"});
    all.insert(all.end(), places.begin(), places.end());
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  ASSERT_EQ(render(usual.path(), words).status, 0);
  ASSERT_EQ(render(named.path(), with({})).status, 0);
  const Words files = {"far/out/default/default_1.png", "far/out/default/default_2.png",
                       "far/out/default/default_settings.txt", "far/safe/default/default_1.bak",
                       "far/safe/default/default_2.bak"};
  EXPECT_EQ(files_below(named.path()), files);
  EXPECT_EQ(read_bytes(named / files[1]), read_bytes(usual / "images_out/default/default_2.png"))
      << "where it lies is not part of a picture";
  // What looks for runs looks there.
  const Outcome more = render(named.path(), with({"steps_per_scene=6", "--restore"}));
  EXPECT_EQ(more.status, 0) << more.err;
  EXPECT_TRUE(fs::exists(named / "far/out/default/default_3.png")) << more.err;
  const Outcome video = run(command("encode", {"default", places[0]}), named.path());
  EXPECT_EQ(video.status, 0) << video.err;
  EXPECT_TRUE(fs::exists(named / "far/out/default/default.mp4")) << video.out;
  EXPECT_FALSE(fs::exists(named / "images_out"));
}

TEST(Render, SizesAndPixelSize) {
  const Scratch scratch;
  ASSERT_EQ(
      render(scratch.path(), tiny("red", {"width=40", "height=24", "pixel_size=3", "steps_per_scene=1"}))
          .status,
      0);
  const Picture picture = read_png(scratch / kFirst);
  EXPECT_EQ(picture.width, 120);
  EXPECT_EQ(picture.height, 72);
}

TEST(Render, PicturesOfOnePixel) {
  for (const char* mode : {"clamp", "mirror"}) {
    const Scratch scratch;
    const Outcome outcome =
        render(scratch.path(),
               tiny("red", {"width=1", "height=1", "steps_per_scene=1", std::string("border_mode=") + mode}));
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(read_png(scratch / kFirst).width, 1);
  }
}

TEST(Render, NothingIsOverwrittenUnlessAsked) {
  const Scratch scratch;
  ASSERT_EQ(render(scratch.path(), tiny("red")).status, 0);
  const std::string first = read_bytes(scratch / kFirst);
  ASSERT_EQ(render(scratch.path(), tiny("green")).status, 0);
  EXPECT_EQ(read_bytes(scratch / kFirst), first);
  EXPECT_TRUE(fs::exists(scratch / "images_out/default/default(1)_1.png"));
  ASSERT_EQ(render(scratch.path(), tiny("green", {"allow_overwrite=true"})).status, 0);
  // The files are not the same to the byte: the settings in them are not.
  EXPECT_EQ(read_png(scratch / kFirst).mean, read_png(scratch / "images_out/default/default(1)_1.png").mean);
  EXPECT_EQ(files_below(scratch / "images_out").size(), 4u);
}

/// How much redder than green and blue a render is on average, in steps of 255.
double redness(const std::string& scenes, const Words& more = {}) {
  const Scratch scratch;
  Words words = tiny(scenes, {"steps_per_scene=40", "cutouts=8", "learning_rate=0.1"});
  words.insert(words.end(), more.begin(), more.end());
  const Outcome outcome = render(scratch.path(), words);
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  const Picture picture = read_png(scratch / kFirst);
  return picture.mean[0] - (picture.mean[1] + picture.mean[2]) / 2;
}

TEST(Render, GoesTowardsItsPromptAndAwayFromANegativeOne) {
  // The start is uniform noise, whose channels are equal to within 2.
  const double towards = redness("red"), away = redness("red:-1");
  EXPECT_GT(towards, 25);
  EXPECT_LT(away, 10);
  EXPECT_GT(towards, away + 25);
  // In batches the picture is another, of the same kind.
  EXPECT_GT(redness("red", {"gradient_accumulation_steps=4"}), 25);
}

/// Settings of plugins that this run does not use are known and held to their declarations.
TEST(Check, SettingsOfOtherImageModels) {
  const Scratch scratch;
  const auto check = [&](const std::string& more) {
    scratch.write("run.yaml", "scenes: red\nperceptors: " + shipped_model() + "\nimage_model: " + more);
    return run({REVERIE_PROGRAM, "check", "run.yaml", "width=32", "height=32", "cutouts=2"}, scratch.path());
  };
  for (const char* model : {"VQGAN", "Unlimited Palette", "Limited Palette"}) {
    const Outcome good =
        check(model + std::string("\npalettes: 9\npalette_size: 3\ngamma: 0.5\nhdr_weight: 1\n"
                                  "palette_normalization_weight: 0\nlock_pallete: true\n"
                                  "random_initial_palette: yes\n"));
    EXPECT_EQ(good.status, 0) << good.err;
    const Outcome bad = check(model + std::string("\npalettes: many\ngamma: -1\n"));
    EXPECT_EQ(bad.status, 2);
    EXPECT_TRUE(holds(bad.err, "run.yaml:4: 'palettes' is many, which is not a whole number")) << bad.err;
    EXPECT_TRUE(holds(bad.err, "run.yaml:5: 'gamma' is -1, which is out of range")) << bad.err;
  }
}

}  // namespace
}  // namespace reverie::test
