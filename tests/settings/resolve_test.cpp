// What a settings file means as a whole: names, which source wins, references, and what is refused.

#include <algorithm>

#include "settings/settings_fixture.h"

namespace reverie::test {
namespace {

TEST(ResolveNames, InAnyCaseAndUnderTheirAliases) {
  EXPECT_EQ(problems_in("Scenes: red\nrotate_2D: '0'\ntranslate_z_3D: '0'\n"
                        "VITB32: false\ninfill_mode: Wrap\nBORDER_MODE: WRAP"),
            "");
  EXPECT_EQ(settings_of("SCENES: red\nBORDER_MODE: WRAP").get<std::string>("border_mode"), "wrap");
  // Some are aliases of what a plugin declares, and mean nothing without it.
  const ParamSpec palette[] = {boolean("lock_palette", false)};
  const Read read = read_text("scenes: red\nlock_pallete: true");
  EXPECT_EQ(resolve(read.entries, {}, {{"image_models/any", palette}})
                .settings.find_param("image_models/any", "lock_palette")
                ->number,
            1);
  EXPECT_NE(problems_in("scenes: red\nlock_pallete: true").find("no setting 'lock_pallete'"),
            std::string::npos);
}

TEST(ResolveNames, HydrasAddingOfKeysIsExplained) {
  EXPECT_NE(problems_in("scenes: red\n+width: 20").find("'+width'; no '+' is needed: write 'width'"),
            std::string::npos);
  EXPECT_NE(problems_in("scenes: red\n+++: 20").find("there is no setting '+++'"), std::string::npos);
}

TEST(ResolveOrder, OverridesWinAndTheLastOfThem) {
  const Settings settings = settings_of("scenes: red\nwidth: 10\nheight: 10", {"width=20", "WIDTH=30"});
  EXPECT_EQ(settings.get<std::int64_t>("width"), 30);
  EXPECT_EQ(settings.get<std::int64_t>("height"), 10);
  EXPECT_EQ(settings.find("width")->location.text(), "command line");
  EXPECT_EQ(settings.find("height")->location.text(), "FILE:3");
  EXPECT_TRUE(settings.find("cutouts")->is_default());
}

TEST(ResolveProblems, NamePlaceValueAndWhatIsAllowed) {
  EXPECT_EQ(
      problems_in("scenes: red\n\nsteps_per_frame: many"),
      "FILE:3: 'steps_per_frame' is many, which is not a whole number; allowed: whole number, at least 1");
  EXPECT_EQ(problems_in("scenes: red", {"bpm=0"}),
            "command line: 'bpm' is 0, which is out of range; allowed: number, above 0");
  // Plain numbers of settings that may be expressions are checked as well.
  EXPECT_EQ(
      problems_in("scenes: red", {"cut_pow=0"}),
      "command line: 'cut_pow' is 0, which is out of range; allowed: number or expression of t, above 0");
  EXPECT_EQ(
      problems_in("scenes: red\ncutouts: 4.5"),
      "FILE:2: 'cutouts' is 4.5, which is not a whole number; allowed: whole number or expression of t, "
      "1 to 4096");
  EXPECT_EQ(problems_in("scenes: red\nhieght: 64"),
            "FILE:2: there is no setting 'hieght'; did you mean 'height'?");
}

TEST(ResolveProblems, AllOfAFileAtOnce) {
  const std::string report =
      problems_in("scenes: red\nwidth: wide\nhieght: 1\ncut_pow: -1\nseed: x\n", {"device=gpu"});
  for (const char* place : {"FILE:2: 'width'", "FILE:3: there is no setting", "FILE:4: 'cut_pow'",
                            "FILE:5: 'seed'", "command line: 'device'"})
    EXPECT_NE(report.find(place), std::string::npos) << place << " in\n" << report;
  EXPECT_EQ(std::count(report.begin(), report.end(), '\n'), 4);
}

TEST(ResolveProblems, CombinationsAreJudgedBesideOtherProblems) {
  const std::string report =
      problems_in("scenes: red\nwidth: wide\ncutouts: 10\ngradient_accumulation_steps: 4");
  EXPECT_NE(report.find("FILE:4: 'gradient_accumulation_steps' is 4, which does not divide the 10 cutouts"),
            std::string::npos)
      << report;
  // Nothing can be said about a combination with a value that is none.
  EXPECT_EQ(problems_in("scenes: red\ncutouts: 0\ngradient_accumulation_steps: 7").find("divide"),
            std::string::npos);
  // One that varies is rounded to what can be divided.
  EXPECT_EQ(problems_in("scenes: red\ncutouts: 10 + t\ngradient_accumulation_steps: 7"), "");
}

TEST(ResolveProblems, ABrokenReferenceDoesNotTaintTheNext) {
  EXPECT_EQ(problems_in("scenes: red\nwidth: ${nowhere}\nheight: ${save_every}\nsave_every: 64"),
            "FILE:2: 'width': ${nowhere}: there is no setting 'nowhere'; reverie settings lists them all");
}

TEST(ResolveHints, AReferenceToAMisspeltSettingIsLedToIt) {
  const std::string found = problems_in("scenes: red\nsave_every: ${steps_per_fram}");
  EXPECT_NE(found.find("FILE:2: 'save_every'"), std::string::npos) << found;
  EXPECT_NE(found.find("did you mean 'steps_per_frame'?"), std::string::npos) << found;
}

TEST(ResolveHints, WhatOtherProgramsCallOurSettings) {
  const auto hint = [](const std::string& line) { return problems_in("scenes: red\n" + line); };
  EXPECT_NE(hint("prompt: x").find("did you mean 'scenes'?"), std::string::npos);
  EXPECT_NE(hint("Steps: 10").find("did you mean 'steps_per_scene'?"), std::string::npos);
  EXPECT_NE(hint("fps: 10").find("did you mean 'frames_per_second'?"), std::string::npos);
  EXPECT_NE(problems_in("scenes: red", {"cut_pow=0.5,1"}).find("-m"), std::string::npos);
  EXPECT_EQ(hint("cut_pow: 0.5,1").find("-m"), std::string::npos) << "a file has no commas for several runs";
}

TEST(ResolveReferences, ToASettingThatNobodySetTakeItsDefault) {
  const Settings settings = settings_of(
      "scenes: red\nscene_suffix: ${scene_prefix}\nscene_prefix: a${init_image}b\n"
      "file_namespace: ${border_mode}\nheight: ${width}\nseed: ${learning_rate}");
  EXPECT_EQ(settings.get<std::string>("scene_prefix"), "ab") << "an empty text is empty";
  EXPECT_EQ(settings.get<std::string>("scene_suffix"), "ab");
  EXPECT_EQ(settings.get<std::string>("file_namespace"), "clamp");
  EXPECT_EQ(settings.get<std::int64_t>("height"), 512);
  EXPECT_FALSE(settings.has("seed"));
  EXPECT_EQ(settings_of("scenes: red\nperceptors: ${outputs}").get<std::vector<std::string>>("perceptors"),
            std::vector<std::string>{"png_sequence"})
      << "a list stays one";
}

TEST(ResolveUnused, MotionMayBeAnythingWhereItHasNoEffect) {
  const std::string motion = "\ntranslate_x: sin(t)\nlock_camera: no\nvideo_path: a.mp4\ninfill_mode: mirror";
  const auto unused = [](const std::string& text) {
    const Read read = read_text("scenes: red" + text);
    return resolve(read.entries, read.problems, {{"animation/any", kMotion}});
  };
  const Resolution resolution = unused(motion);
  EXPECT_EQ(report(resolution.problems) + report(resolution.settings.problems()), "");
  EXPECT_NE(settings_yaml(resolution.settings).find("\ntranslate_x: \"sin(t)\"\n"), std::string::npos)
      << "saved settings say it again";
  // Their types and ranges are checked all the same.
  EXPECT_NE(report(unused("\ninfill_mode: morror").settings.problems()).find("did you mean 'mirror'?"),
            std::string::npos);
}

TEST(ResolveNotices, FadeLongerThanTheScene) {
  EXPECT_EQ(resolve_text("scenes: red\ninterpolation_steps: 200").notices.size(), 1u);
  EXPECT_EQ(resolve_text("scenes: red\ninterpolation_steps: 100").notices.size(), 0u);
}

}  // namespace
}  // namespace reverie::test
