// Settings that vary, lookups of other settings, prompts at frames, wildcards and files of curves, as an
// artist meets them.

#include <cstdio>
#include <set>
#include <sstream>

#include "cli/real_program.h"

namespace reverie::test {
namespace {

Outcome check(const Scratch& folder, const Words& more, const std::string& scenes = "red") {
  return run(command("check", tiny(scenes, more)), folder.path());
}

std::vector<unsigned char> pixels(const Scratch& folder, int number = 1) {
  return read_png(folder / ("images_out/default/default_" + std::to_string(number) + ".png")).pixels;
}

std::vector<unsigned char> rendered(const Words& words) {
  const Scratch folder;
  const Outcome outcome = render(folder.path(), words);
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  return pixels(folder);
}

TEST(Schedules, OutOfRangeAreNamedWithTheirMoment) {
  const Scratch folder;
  // Below 0 in the third of four steps, at f = 2.
  for (const char* setting : {"cut_pow", "gamma"}) {
    const Outcome outcome =
        check(folder, {"image_model=limited_palette", "pre_animation_steps=0", "steps_per_frame=1",
                       "save_every=1", std::string(setting) + "=0: 1, 3: -1.25"});
    EXPECT_EQ(outcome.status, 2) << setting;
    for (const std::string& words : {"'" + std::string(setting) + "'", std::string("t = 0.166667"),
                                     std::string("step 3 (frame 3)"), std::string("it is -0.5")})
      EXPECT_TRUE(holds(outcome.err, words)) << words << " in " << outcome.err;
  }
  EXPECT_EQ(check(folder, {"image_model=limited_palette", "gamma=0: 1, 3: 2", "cutouts=3+f"}).status, 0);
}

TEST(Schedules, WhatDoesNotGoTogetherIsFoundBeforeTheRun) {
  const Scratch folder;
  const Words moving = {"animation_mode=3D", "pre_animation_steps=0", "steps_per_frame=1",
                        "steps_per_scene=6", "far_plane=10"};
  Words words = moving;
  words.push_back("near_plane=0: 1, 4: 21");  // 11 at the fourth move, f = 2
  const Outcome outcome = check(folder, words);
  EXPECT_EQ(outcome.status, 2) << outcome.err;
  EXPECT_TRUE(holds(outcome.err, "near_plane must be smaller than far_plane")) << outcome.err;
  EXPECT_TRUE(holds(outcome.err, "near_plane = 11, far_plane = 10")) << outcome.err;
  words = moving;
  words.push_back("near_plane=0: 1, 4: 9");
  EXPECT_EQ(check(folder, words).status, 0);
}

TEST(Schedules, OfWhatCannotVarySayWhy) {
  const Scratch folder;
  folder.write("run.yaml",
               "scenes: a hill\nanimation_mode: 2D\nsteps_per_frame: {0: 5, 60: 10}\nwidth: 64*2\n"
               "save_every: '0: 5, 60: 10'\nseed: 3*t\n");
  const Outcome outcome = run(command("check", {"run.yaml"}), folder.path());
  EXPECT_EQ(outcome.status, 2);
  for (const char* why : {"times are counted by it", "has this shape", "files are counted by it"})
    EXPECT_TRUE(holds(outcome.err, why)) << outcome.err;
  EXPECT_TRUE(holds(outcome.err, "'seed'")) << outcome.err;
  // A word is no formula.
  EXPECT_FALSE(
      holds(run(command("check", {"scenes=a hill", "width=forty"}), folder.path()).err, "stays the same"));
}

TEST(Schedules, OfTheLensOutOfRangeAreMistakesLikeOthers) {
  const Scratch folder;
  for (const char* setting : {"field_of_view=0: 60, 2: 200", "near_plane=1 - 10*t"}) {
    const Outcome outcome =
        check(folder, {"animation_mode=3D", "steps_per_frame=1", "pre_animation_steps=1", setting});
    EXPECT_EQ(outcome.status, 2) << outcome.err;
    EXPECT_TRUE(holds(outcome.err, "out of range") || holds(outcome.err, "it is ")) << outcome.err;
  }
  // Before the first move, where it would be below 0, nothing uses it.
  EXPECT_EQ(check(folder, {"animation_mode=3D", "steps_per_frame=1", "pre_animation_steps=2",
                           "far_plane=10 + 100000*t", "near_plane=1"})
                .status,
            0);
}

TEST(Schedules, OfCutoutsHaveNoEffectOnMethodsThatDoNotHaveThem) {
  const Scratch folder;
  const Outcome outcome = render(
      folder.path(), tiny("red", {"cutout_method=disco", "cut_pow=0: 0.5, 3: 2", "steps_per_scene=2"}));
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_TRUE(holds(outcome.err, "cut_pow has no effect")) << outcome.err;
}

TEST(Schedules, PlainNumbersAndFormulasOfThemMakeTheSamePicture) {
  const Words base = {"image_model=limited_palette", "gradient_accumulation_steps=2"};
  const auto with = [&](const Words& more) {
    Words words = tiny("red", base);
    words.insert(words.end(), more.begin(), more.end());
    return rendered(words);
  };
  const auto plain =
      with({"cut_pow=1.5", "gamma=1.25", "hdr_weight=0.5", "cutout_border=0.5", "smoothing_weight=0.25"});
  EXPECT_EQ(plain, with({"cut_pow=1.5+0*t", "gamma=0: 1.25, 9: 1.25", "hdr_weight=0.5*1",
                         "cutout_border=f*0+0.5", "smoothing_weight=0: 0.25, 90: 0.25", "cutouts=4+0*t"}));
  EXPECT_NE(plain, with({"cut_pow=1.5", "gamma=1.25", "hdr_weight=0.5 + f + 50", "cutout_border=0.5",
                         "smoothing_weight=0.25"}));
}

TEST(PerceptorWeights, AreSavedAndMakeTheSamePicture) {
  const auto with = [](const std::string& perceptors) { return Words{"perceptors=" + perceptors}; };
  const auto plain = rendered(tiny("red", with("[tiny_resnet, tiny_vit]")));
  EXPECT_EQ(plain, rendered(tiny("red", with("[{name: tiny_resnet, weight: 1+0*t}, tiny_vit]"))));
  // Nothing of a perceptor without weight is left in the picture.
  EXPECT_EQ(rendered(tiny("red", with("[{name: tiny_resnet, weight: 0}, {name: tiny_vit, weight: 2}]"))),
            rendered(tiny("red", with("tiny_vit"))));
  const Scratch folder;
  const Words words =
      tiny("red", with("[{name: tiny_resnet, weight: \"0: 1, 3: 0\"}, {name: tiny_vit, weight: 2*t+0.5}]"));
  ASSERT_EQ(render(folder.path(), words).status, 0);
  const auto first = pixels(folder);
  EXPECT_NE(first, plain);
  const Outcome again =
      render(folder.path(), {"images_out/default/default_settings.txt", "allow_overwrite=true"});
  ASSERT_EQ(again.status, 0) << again.err;
  EXPECT_EQ(pixels(folder), first);
}

TEST(PerceptorWeights, MistakesAreFoundBeforeTheRun) {
  const Scratch folder;
  const auto outcome = [&](const std::string& weight) {
    return check(folder, {"pre_animation_steps=0", "steps_per_frame=1",
                          "perceptors=[{name: tiny_vit, weight: \"" + weight + "\"}]"});
  };
  const Outcome late = outcome("0: 1, 3: -2");  // -1 at f = 2
  EXPECT_EQ(late.status, 2) << late.err;
  for (const char* words : {"'tiny_vit'", "step 3", "it is -1", "command line"})
    EXPECT_TRUE(holds(late.err, words)) << words << " in " << late.err;
  const Outcome unknown = outcome("1 + tt");
  EXPECT_EQ(unknown.status, 2) << unknown.err;
  EXPECT_TRUE(holds(unknown.err, "'tiny_vit'") && holds(unknown.err, "tt")) << unknown.err;
  EXPECT_EQ(outcome("curve(learning_rate, 0) if f > 9 else 1").status, 2) << "it is not set";
  EXPECT_EQ(outcome("0: 1, 3: 0").status, 0);
}

constexpr const char* kSlides =
    "scenes: a hill\nanimation_mode: 2D\npre_animation_steps: 0\nsteps_per_frame: 1\nsteps_per_scene: 10\n"
    "frames_per_second: 4\ntranslate_x: '0: 0, 8: 80'\n";

TEST(Lookups, AreCurvesOfOtherSettings) {
  const Scratch folder;
  folder.write("run.yaml", std::string(kSlides) + "translate_y: 2*curve(translate_x, t - 0.5) + 1\n");
  const Outcome outcome = run(command("curves", {"run.yaml"}), folder.path());
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  std::istringstream lines(outcome.out);
  std::string line;
  std::getline(lines, line);
  EXPECT_EQ(line, "frame,t,\"translate_x\",\"translate_y\"");
  for (int row = 0; std::getline(lines, line); ++row) {
    double frame, t, x, y;
    ASSERT_EQ(std::sscanf(line.c_str(), "%lf,%lf,%lf,%lf", &frame, &t, &x, &y), 4) << line;
    const auto slide = [](double f) { return 10 * std::min(std::max(f, 0.0), 8.0); };
    EXPECT_NEAR(x, slide(4 * t), 1e-6) << line;
    EXPECT_NEAR(y, 2 * slide(4 * t - 2) + 1, 1e-6) << line;  // half a second is two frames
  }
}

TEST(Lookups, MistakesAreNamed) {
  const Scratch folder;
  const auto says = [&](const std::string& more, const std::string& words) {
    folder.write("run.yaml", kSlides + more);
    const Outcome outcome = run(command("check", {"run.yaml"}), folder.path());
    EXPECT_EQ(outcome.status, 2) << more;
    EXPECT_TRUE(holds(outcome.err, words)) << more << ": " << outcome.err;
    EXPECT_TRUE(holds(outcome.err, "run.yaml:8: ")) << outcome.err;
  };
  says("translate_y: curve(zoom_x_2d)\nzoom_x_2d: curve(zoom_y_2d)\nzoom_y_2d: curve(translate_y, t)\n",
       "in a circle: translate_y looks up zoom_x_2d looks up zoom_y_2d looks up translate_y");
  says("translate_y: curve(translate_y, t - 1)\n", "in a circle: translate_y looks up translate_y");
  says("translate_y: curve(translate_xx)\n", "did you mean 'translate_x'?");
  says("translate_y: curve(width)\n", "'width' is none of this run");
  const Outcome deep =
      check(folder, {"animation_mode=3D", "translate_z_3d=r/9", "translate_x=curve(translate_z_3d)"});
  EXPECT_EQ(deep.status, 2);
  EXPECT_TRUE(holds(deep.err, "depends on the sound or on depths")) << deep.err;
}

TEST(Lookups, StandInPrompts) {
  const Scratch folder;
  folder.write("run.yaml", std::string(kSlides) + "scene_suffix: ':curve(translate_x)/80_l'\n");
  const Outcome outcome = run(command("curves", {"run.yaml"}), folder.path());
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_TRUE(holds(outcome.out, ",\"scene 1, a hill\",\"translate_x\"\n")) << outcome.out;
  EXPECT_TRUE(holds(outcome.out, ",0.5,40\n")) << outcome.out;
}

TEST(FramePrompts, AreSavedAndTheSameAsScenes) {
  EXPECT_EQ(rendered(tiny("red")), [] {
    Words words = tiny("red");
    words[0] = "prompts={0: red}";
    return rendered(words);
  }());
  const Scratch folder;
  Words words = tiny("red", {"pre_animation_steps=0", "steps_per_frame=1", "prompt_fade=1"});
  words[0] = "prompts={0: red, 2: blue}";
  const Outcome outcome = render(folder.path(), words);
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const std::string saved = read_bytes(folder / "images_out/default/default_settings.txt");
  EXPECT_TRUE(holds(saved, "\"prompts\": [{\"0\": \"red\", \"2\": \"blue\"}]")) << saved;
  // What is saved makes the same picture again.
  const Scratch again;
  again.write("saved.txt", saved);
  ASSERT_EQ(render(again.path(), {"saved.txt"}).status, 0);
  EXPECT_EQ(pixels(folder), pixels(again));
  EXPECT_NE(pixels(folder), rendered(tiny("red")));
}

// Schedules and prompts as people who come from Deforum write them.
TEST(FramePrompts, AndSchedulesInDeforumsNotationAreUnderstood) {
  const Scratch folder;
  folder.write("meadow.json", R"json({
  "animation_mode": "2D", "pre_animation_steps": 0, "steps_per_frame": 1, "steps_per_scene": 12,
  "frames_per_second": 4, "prompt_fade": "2",
  "prompts": {"0": "a meadow in the morning", "10": "the meadow at night --neg rain", "4": "the meadow at noon"},
  "rotate_2d": "0:(1), 4:(1+2*t), 8:(0)",
  "translate_x": "0: (0), 8: (16)"
})json");
  const Outcome outcome = run(command("curves", {"meadow.json"}), folder.path());
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_TRUE(holds(outcome.err, "--neg means nothing here")) << outcome.err;
  // Frame 6 is f = 5: half of the fade from morning to noon is over, and the formula holds.
  EXPECT_TRUE(holds(outcome.out, "\n6,1.25,0.5,0.5,0,10,3.5\n")) << outcome.out;
  // f = 9: noon alone.
  EXPECT_TRUE(holds(outcome.out, "\n10,2.25,0,1,0,16,0\n")) << outcome.out;
}

/// All pictures of a run of this settings file.
std::vector<std::vector<unsigned char>> rendered(const Scratch& folder, const std::string& file) {
  Words words = tiny("", {"pre_animation_steps=1", "steps_per_frame=1", "steps_per_scene=7", "save_every=1",
                          "frames_per_second=4", "animation_mode=2D", "backups=0", "file_namespace=" + file});
  words[0] = file;
  const Outcome outcome = render(folder.path(), words);
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  std::vector<std::vector<unsigned char>> pictures;
  for (int number = 1; number <= 7; ++number)
    pictures.push_back(
        read_png(folder / ("images_out/" + file + "/" + file + "_" + std::to_string(number) + ".png"))
            .pixels);
  return pictures;
}

// A settings text in Deforum's notation, and the same in ours.
TEST(FramePrompts, InDeforumsNotationMakeTheSamePictures) {
  const Scratch folder;
  folder.write("theirs", R"json({
  "prompts": {"0": "a meadow in the morning", "3": "the meadow at noon"}, "prompt_fade": "2",
  "rotate_2d": "0:(1), 4:(1+2*t)", "zoom_x_2d": "0: (2), max_f: (8)", "zoom_y_2d": "0:(2),max_f:(8)"
})json");
  folder.write(
      "ours",
      "scenes: 'a meadow in the morning:[0: 1, 3: 1, 5: 0] | the meadow at noon:[0: 0, 3: 0, 5: 1]'\n"
      "rotate_2d: 1 + 2*t*min(f/4, 1)\nzoom_x_2d: 2 + 6*f/6\nzoom_y_2d:\n  - {frame: 0, value: 2}\n"
      "  - {frame: max_f, value: 8, ease: linear}\n");
  const auto theirs = rendered(folder, "theirs"), ours = rendered(folder, "ours");
  for (std::size_t i = 0; i < ours.size(); ++i) {
    ASSERT_EQ(theirs[i].size(), ours[i].size());
    for (std::size_t k = 0; k < ours[i].size(); ++k) ASSERT_NEAR(theirs[i][k], ours[i][k], 2) << i;
  }
  EXPECT_NE(theirs[0], theirs[6]);
}

TEST(CurvesFile, OfParseqMakesThePicturesOfItsValues) {
  const Scratch folder;
  std::string frames;
  for (int frame = 0; frame <= 6; ++frame)
    frames += (frame ? ", " : "") + ("{\"frame\": " + std::to_string(frame)) +
              ", \"angle\": " + std::to_string(frame * (frame + 1) / 2) +
              ", \"angle_delta\": " + std::to_string(frame) + ", \"zoom\": " + (frame < 3 ? "1" : "2") +
              ", \"zoom_delta\": " + (frame == 3 ? "2" : "1") +
              ", \"translation_x\": " + std::to_string(-3 * frame) +
              ", \"translation_x_delta\": -3, \"seed\": 7}";
  folder.write("parseq.json", "{\"options\": {\"output_fps\": 4}, \"rendered_frames\": [" + frames + "]}");
  folder.write("theirs", "scenes: a hill\ncurves_file: parseq.json\n");
  // Its frame 1 is the first move, f = 0; twice as large is half of 64 pixels.
  folder.write("ours",
               "scenes: a hill\nrotate_2d: 1 + f\nzoom_x_2d: 32 if f == 2 else 0\n"
               "zoom_y_2d: 32 if f == 2 else 0\ntranslate_x: -3\n");
  EXPECT_EQ(rendered(folder, "theirs"), rendered(folder, "ours"));
}

TEST(Wildcards, AreDrawnFromTheSeedAndSavedAsTheyWereDrawn) {
  const Scratch folder;
  fs::create_directory(folder / "wildcards");
  folder.write("wildcards/colours.txt", "red\nblue\n");
  const Words on = {"wildcards=true", "scenes=a __colours__ {hill|lake} || __colours__", "scene_prefix=the "};
  const auto config = [&](const Words& more) {
    Words words = on;
    words.insert(words.end(), more.begin(), more.end());
    const Outcome outcome = run(command("config", words), folder.path());
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    const std::size_t begin = outcome.out.find("scenes: ");
    return outcome.out.substr(begin, outcome.out.find('\n', begin) - begin);
  };
  std::set<std::string> all;
  for (int seed = 0; seed < 12; ++seed) {
    const std::string drawn = config({"seed=" + std::to_string(seed)});
    if (seed == 0) {
      EXPECT_EQ(drawn, config({"seed=0"}));
    }
    EXPECT_TRUE(drawn.rfind("scenes: \"the a ", 0) == 0 && holds(drawn, " || the ")) << drawn;
    EXPECT_EQ(drawn.find_first_of("_{"), std::string::npos) << drawn;
    all.insert(drawn);
  }
  EXPECT_GE(all.size(), 4u) << "of eight";

  Words words = tiny("x", {"wildcards=true", "save_every=2"});
  words[0] = "scenes={red|green|blue} __colours__";
  const Outcome outcome = render(folder.path(), words);
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_TRUE(holds(outcome.err, "drawn from the seed 1: ")) << outcome.err;
  const std::string saved = read_bytes(folder / "images_out/default/default_settings.txt");
  EXPECT_TRUE(holds(saved, "\"wildcards\": false")) << saved;
  EXPECT_FALSE(holds(saved, "{red")) << saved;
  // A run that goes on draws the same; so does what was saved, without the lists.
  words.insert(words.end(), {"--restore", "steps_per_scene=6"});
  const Outcome longer = render(folder.path(), words);
  ASSERT_EQ(longer.status, 0) << longer.err;
  const Scratch elsewhere;
  elsewhere.write("saved.txt", saved);
  ASSERT_EQ(render(elsewhere.path(), {"saved.txt", "steps_per_scene=6"}).status, 0);
  EXPECT_EQ(pixels(folder, 3), pixels(elsewhere, 3));
}

TEST(Wildcards, AreTextUntilSomebodyWantsThem) {
  const Scratch folder;
  const Outcome off = run(command("config", {"scenes=a {red|green} __hill__"}), folder.path());
  EXPECT_EQ(off.status, 0) << off.err;
  EXPECT_TRUE(holds(off.out, "scenes: \"a {red|green} __hill__\"")) << off.out;
  EXPECT_TRUE(holds(off.err, "wildcards: true")) << off.err;
  const Outcome missing = check(folder, {"wildcards=true", "scenes=a __hill__"});
  EXPECT_EQ(missing.status, 2);
  EXPECT_TRUE(holds(missing.err, "wildcards/hill.txt")) << missing.err;
}

TEST(CurvesFile, SaysWhatKeyframesInSettingsSay) {
  const Scratch folder;
  const std::string still =
      "scenes: a hill\nanimation_mode: 2D\npre_animation_steps: 2\nsteps_per_frame: 1\n"
      "steps_per_scene: 9\nframes_per_second: 4\n";
  folder.write("keys.yaml", still + "rotate_2d: '0: 1, 4: 5, 6: 5'\ncut_pow: '0: 1, 6: 4'\n");
  const Outcome keys = run(command("curves", {"keys.yaml"}), folder.path());
  ASSERT_EQ(keys.status, 0) << keys.err;
  fs::create_directory(folder / "sub");
  folder.write("sub/keys.csv", keys.out);
  folder.write("sub/table.yaml", still + "curves_file: keys.csv\n");  // beside the settings file
  const Outcome table = run(command("curves", {"sub/table.yaml"}), folder.path());
  ASSERT_EQ(table.status, 0) << table.err;
  EXPECT_EQ(keys.out, table.out);
  // What the settings say themselves wins, and that is told.
  const Outcome own = run(command("curves", {"sub/table.yaml", "rotate_2d=0*t+7"}), folder.path());
  EXPECT_TRUE(holds(own.out, ",7\n") || holds(own.out, ",7,")) << own.out;
  EXPECT_TRUE(holds(own.err, "rotate_2d of 'keys.csv' is not used: command line sets it")) << own.err;
  const Outcome config = run(command("config", {"sub/table.yaml"}), folder.path());
  EXPECT_TRUE(holds(config.out, "curves_file: \"keys.csv\"")) << config.out;
  EXPECT_FALSE(holds(config.out, "rotate_2d:")) << "it is in the file: " << config.out;
}

TEST(CurvesFile, ReadsWhatCurvesPrints) {
  const Scratch folder;
  const Words words = {"animation_mode=2D", "steps_per_frame=1", "pre_animation_steps=1",
                       "translate_x=0: 0, 2: 8"};
  const Outcome table = run(command("curves", tiny("red:[0: 1, 2: 0] | blue", words)), folder.path());
  ASSERT_EQ(table.status, 0) << table.err;
  ASSERT_TRUE(holds(table.out, "translate_x")) << table.out;
  folder.write("curves.csv", table.out);
  const Outcome again = check(
      folder, {"animation_mode=2D", "steps_per_frame=1", "pre_animation_steps=1", "curves_file=curves.csv"});
  EXPECT_EQ(again.status, 0) << again.err;
  EXPECT_TRUE(holds(again.err, "left out")) << "the prompt's column: " << again.err;
}

TEST(CurvesFile, MistakesHaveTheirPlace) {
  const Scratch folder;
  folder.write("bad.csv", "frame,rotate_2d,cut_pow\n0,1,2\n3,x,2\n");
  folder.write("low.csv", "frame,cut_pow\n0,2\n3,-1\n");
  const Words moving = {"animation_mode=2D", "pre_animation_steps=0", "steps_per_frame=1"};
  const auto says = [&](const std::string& file, const std::string& words) {
    Words all = moving;
    all.push_back("curves_file=" + file);
    const Outcome outcome = check(folder, all);
    EXPECT_EQ(outcome.status, 2) << file;
    EXPECT_TRUE(holds(outcome.err, words)) << outcome.err;
  };
  says("bad.csv", "bad.csv:3: rotate_2d: 'x'");
  says("gone.csv", "'curves_file': there is no file 'gone.csv'");
  says("low.csv", "low.csv:1: 'cut_pow' at t = ");
}

TEST(CurvesFile, ReadsWhatParseqWrites) {
  const Scratch folder;
  folder.write("parseq.json", R"({"options": {"output_fps": 4}, "rendered_frames": [
    {"frame": 0, "angle": 0, "angle_delta": 0, "zoom": 1, "zoom_delta": 1, "seed": 3, "strength": 0.6},
    {"frame": 1, "angle": 2, "angle_delta": 2, "zoom": 2, "zoom_delta": 2, "seed": 4, "strength": 0.6},
    {"frame": 2, "angle": 6, "angle_delta": 4, "zoom": 2, "zoom_delta": 1, "seed": 5, "strength": 0.6}]})");
  folder.write("run.yaml",
               "scenes: a hill\nanimation_mode: 2D\npre_animation_steps: 1\nsteps_per_frame: 1\nwidth: 80\n"
               "height: 60\nsteps_per_scene: 3\nframes_per_second: 4\ncurves_file: parseq.json\n");
  const Outcome outcome = run(command("curves", {"run.yaml"}), folder.path());
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  // Twice as large is half of 80 and 60 pixels; then no more.
  EXPECT_TRUE(holds(outcome.out, "\n1,0,2,40,30\n2,0.25,4,0,0\n")) << outcome.out;
  EXPECT_TRUE(holds(outcome.err, "these have no meaning in this run: seed, strength")) << outcome.err;
}

}  // namespace
}  // namespace reverie::test
