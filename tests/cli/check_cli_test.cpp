// What `check` finds is what `render` would meet, all of it at once.

#include "cli/real_program.h"

namespace reverie::test {
namespace {

Outcome check(const fs::path& folder, const Words& words) { return run(command("check", words), folder); }

TEST(Check, KnowsOfNoMomentThatTheRunDoesNotReach) {
  const Scratch scratch;
  // t begins at 0: sqrt(t) has a value at every step.
  const Words words = tiny("a harbour:1+sqrt(t)", {"animation_mode=2D", "pre_animation_steps=0",
                                                   "steps_per_frame=2", "save_every=2", "cutouts=2"});
  const Outcome checked = check(scratch.path(), words);
  EXPECT_EQ(checked.status, 0) << checked.err;
  EXPECT_TRUE(holds(checked.out, "no problems found")) << checked.out;
  const Outcome rendered = render(scratch.path(), words);
  EXPECT_EQ(rendered.status, 0) << rendered.err;
}

TEST(Check, FindsEverythingAtOnce) {
  const Scratch scratch;
  scratch.write("run.yaml",
                "scenes: red\n"
                "widht: 32\n"
                "cutouts: none\n"
                "image_model: VQGAN\n"
                "vqgan_model: wikiart\n"
                "perceptors: [no_such_model]\n"
                "ViTB32: true\n"
                "ViTB16: true\n"
                "RN50x4: true\n"
                "outputs: [png_sequence, no_such_output]\n"
                "viewers: [no_such_viewer]\n"
                "device: cuda:7\n"
                "animation_mode: Video Source\n"
                "video_path: gone.mp4\n"
                "init_image: gone.png\n"
                "input_audio: gone.wav\n"
                "depth_model: no_such_depth\n"
                "models_parent_dir: models\n");
  const auto expect_all = [&](const Outcome& outcome, const std::vector<std::string>& parts) {
    EXPECT_EQ(outcome.status, 2);
    for (const std::string& part : parts)
      EXPECT_TRUE(holds(outcome.err, part)) << part << " in\n" << outcome.err;
    EXPECT_EQ(files_below(scratch.path()), Words{"run.yaml"});
  };
  const std::vector<std::string> in_settings = {"run.yaml:2: ", "run.yaml:3: ", "run.yaml:17: "};
  const std::vector<std::string> missing = {
      "run.yaml:5: ",  "wikiart",       "run.yaml:6: ",  "no_such_model", "run.yaml:7: ",  "ViT-B/32",
      "run.yaml:8: ",  "ViT-B/16",      "run.yaml:9: ",  "RN50x4",        "run.yaml:10: ", "no_such_output",
      "run.yaml:11: ", "run.yaml:12: ", "run.yaml:14: ", "gone.mp4",      "run.yaml:15: ", "run.yaml:16: "};
  for (const char* name : {"check", "render"}) {
    const Outcome both = run(command(name, {"run.yaml"}), scratch.path());
    expect_all(both, in_settings);
    expect_all(both, missing);
    const Outcome rest =
        run(command(name, {"run.yaml", "~widht", "cutouts=1", "depth_model=''"}), scratch.path());
    if (!holds(rest.err, "~widht")) expect_all(rest, missing);
  }
}

/// The line that names the models that ship can be copied as it is.
TEST(Check, MissingModelsComeWithAChoiceThatNeedsNoDownload) {
  const Scratch scratch;
  scratch.write("run.yaml",
                "scenes: red\nViTB32: true\nRN50: true\nmodels_parent_dir: models\n"
                "width: 32\nheight: 32\ncutouts: 1\n");
  // As PyTTI's files have it, which name every setting; a list of names; and a list beside flags.
  scratch.write(
      "vqgan.yaml",
      "scenes: red\nViTB32: true\nimage_model: VQGAN\nvqgan_model: sflckr\nmodels_parent_dir: models\n"
      "width: 32\nheight: 32\ncutouts: 1\n");
  scratch.write("list.yaml",
                "scenes: red\nperceptors: [ViT-B/16]\nmodels_parent_dir: models\nwidth: 32\nheight: 32\n"
                "cutouts: 1\n");
  scratch.write(
      "both.yaml",
      "scenes: red\nperceptors: [ViT-B/16]\nRN50: true\nvqgan_model: coco\nmodels_parent_dir: models\n"
      "width: 32\nheight: 32\ncutouts: 1\n");
  for (const char* file : {"vqgan.yaml", "list.yaml", "both.yaml"}) {
    const Outcome missing = check(scratch.path(), {file});
    EXPECT_EQ(missing.status, 2);
    const std::size_t at = missing.err.find("perceptors='[");
    ASSERT_NE(at, std::string::npos) << missing.err;
    const std::string pasted = missing.err.substr(at, missing.err.find('\n', at) - at);
    EXPECT_EQ(holds(pasted, "vqgan_model"), std::string(file) == "vqgan.yaml") << pasted;
    const Outcome good = run(
        {"/bin/sh", "-c", "'" REVERIE_PROGRAM "' check " + std::string(file) + " " + pasted}, scratch.path());
    EXPECT_EQ(good.status, 0) << pasted << "\n" << good.err;
  }
  const Outcome outcome = check(scratch.path(), {"run.yaml"});
  EXPECT_EQ(outcome.status, 2);
  const std::size_t place = outcome.err.find("perceptors='[");
  ASSERT_NE(place, std::string::npos) << outcome.err;
  const std::string words = outcome.err.substr(place, outcome.err.find('\n', place) - place);
  const Outcome offline =
      run({"/bin/sh", "-c", "'" REVERIE_PROGRAM "' check run.yaml " + words}, scratch.path());
  EXPECT_EQ(offline.status, 0) << words << "\n" << offline.err;
}

TEST(Check, PredictsMemoryOnlyWhereItIsAskedFor) {
  const Scratch scratch;
  const Outcome plain = check(scratch.path(), tiny("red"));
  EXPECT_EQ(plain.out, "no problems found\n");
  Words asked = tiny("red");
  asked.push_back("--memory");
  EXPECT_TRUE(holds(check(scratch.path(), asked).out, "peak memory: about "));
}

TEST(Check, NoticesAPluginThatEndsTheProgram) {
  const Scratch scratch;
  for (const char* fault : {"crash in decode", "exit in decode", "exit in its constructor"}) {
    const Outcome outcome =
        check(scratch.path(), tiny("red", {"--plugin-path", REVERIE_FAULTY_PLUGINS,
                                           "image_model=faulty_model", std::string("model_fault=") + fault}));
    EXPECT_EQ(outcome.status, 1) << outcome.out;
    EXPECT_FALSE(holds(outcome.out, "no problems found"));
    EXPECT_TRUE(holds(outcome.err, "faulty_model")) << outcome.err;
  }
  EXPECT_TRUE(fs::is_empty(scratch.path()));
}

/// What only the animation needs is found with the rest.
TEST(Check, MotionsNeedsAreFoundWithTheirPlace) {
  const Scratch scratch;
  scratch.write("motion.yaml", "scenes: red\nanimation_mode: Video Source\nperceptors: " + shipped_model() +
                                   "\nflow_model: raft\ninit_image: nowhere.png\n");
  const Outcome outcome = run(command("check", {"motion.yaml"}), scratch.path());
  EXPECT_EQ(outcome.status, 2) << outcome.err;
  for (const char* part : {"motion.yaml:2: 'animation_mode'", "'video_path' is empty",
                           "motion.yaml:4: 'flow_model'", "motion.yaml:5: 'init_image'"})
    EXPECT_TRUE(holds(outcome.err, part)) << part << " in\n" << outcome.err;
  // In 2D nothing estimates depths, so nobody misses their weights.
  const Outcome flat =
      run(command("check", {"scenes=red", "animation_mode=2D", "depth_model=adabins", "width=32", "height=32",
                            "cutouts=1", "perceptors=" + shipped_model()}),
          scratch.path());
  EXPECT_EQ(flat.status, 0) << flat.err;
}

/// What only a plugin can see is reported at the line of its setting.
TEST(Check, WhatAPluginRefusesHasItsPlace) {
  const Scratch scratch;
  scratch.write("planes.yaml", "scenes: red\nanimation_mode: 3D\nperceptors: " + shipped_model() +
                                   "\nnear_plane: 20\nfar_plane: 20\n");
  for (const char* name : {"check", "render", "preview-motion"}) {
    const Outcome outcome = run(command(name, {"planes.yaml"}), scratch.path());
    EXPECT_EQ(outcome.status, 2) << outcome.err;
    EXPECT_TRUE(holds(outcome.err, "planes.yaml:4: 'near_plane': ")) << outcome.err;
  }
  // Of two that do not fit each other, the one that somebody has written.
  const Outcome outcome = check(scratch.path(), {"planes.yaml", "near_plane=1", "far_plane=0.5"});
  EXPECT_TRUE(holds(outcome.err, "command line: 'near_plane': ")) << outcome.err;
  scratch.write("far.yaml", "scenes: red\nanimation_mode: 3D\nfar_plane: 0.5\n");
  const Outcome far = check(scratch.path(), {"far.yaml"});
  EXPECT_EQ(far.status, 2);
  EXPECT_TRUE(holds(far.err, "far.yaml:3: 'far_plane': ")) << far.err;
}

/// Before anything is loaded, and with the other mistakes.
TEST(Check, FindsTextsThatAreTooLongForAPerceptor) {
  const Scratch scratch;
  std::string words;
  for (int i = 0; i < 400; ++i) words += "red ";
  scratch.write("long.yaml", "perceptors: " + shipped_model() + "\nscenes: a hill | " + words +
                                 "| a lake:1_" + words + "\nwidht: 64\n");
  for (const char* name : {"check", "render"}) {
    const Outcome outcome = run(command(name, {"long.yaml"}), scratch.path());
    EXPECT_EQ(outcome.status, 2);
    for (const char* part : {"long.yaml:2: 'scenes'", "too long", shipped_model().c_str(), "long.yaml:3: "})
      EXPECT_TRUE(holds(outcome.err, part)) << part << " in\n" << outcome.err;
    EXPECT_FALSE(holds(outcome.err, "step 1")) << outcome.err;
  }
}

/// Those that cannot be read and those that cannot be computed.
TEST(Check, FindsWhatIsWrongWithAllExpressionsAtOnce) {
  const Scratch scratch;
  scratch.write("run.yaml",
                "scenes: a hill:1/(t-t)\nanimation_mode: 2D\ntranslate_x: 1/(t-t)\n"
                "zoom_x_2d: sinn(t)\ncut_pow: 0*t - 1\nsmoothing_weight: sqrt(-1)\n"
                "rotate_2d: lots\ncutouts: none\n"
                "perceptors: [{name: " +
                    shipped_model() + ", weight: -1-0*t}]\n");
  const Outcome outcome = check(scratch.path(), {"run.yaml"});
  EXPECT_EQ(outcome.status, 2);
  for (int line : {1, 3, 4, 5, 6, 7, 8, 9})
    EXPECT_TRUE(holds(outcome.err, "run.yaml:" + std::to_string(line) + ": ")) << line << " in\n"
                                                                               << outcome.err;
  // At other moments than the run's, nothing is said of what has a value there.
  scratch.write("late.yaml", "scenes: a hill:sqrt(t)\npre_animation_steps: none\n");
  EXPECT_FALSE(holds(check(scratch.path(), {"late.yaml"}).err, "late.yaml:1: "));
}

TEST(Check, ShowsAWeightAsItIsWritten) {
  const Scratch scratch;
  scratch.write("run.yaml",
                "scenes: red\nanimation_mode: 2D\ndirect_stabilization_weight: lots\n"
                "semantic_stabilization_weight: 1+lots\nedge_stabilization_weight: 0.5:0.1:2\n"
                "translate_x: lots\n");
  const Outcome outcome = check(scratch.path(), {"run.yaml"});
  EXPECT_EQ(outcome.status, 2);
  for (const char* part :
       {"run.yaml:3: 'direct_stabilization_weight' is 'lots'", "\nlots\n^\n",
        "run.yaml:4: 'semantic_stabilization_weight' is '1+lots'", "\n1+lots\n  ^\n",
        "run.yaml:5: 'edge_stabilization_weight' is '0.5:0.1:2'", "number or an expression of t",
        "run.yaml:6: 'translate_x'", "allowed: number or expression of t"})
    EXPECT_TRUE(holds(outcome.err, part)) << part << " in\n" << outcome.err;
  EXPECT_FALSE(holds(outcome.err, "last frame")) << outcome.err;
}

TEST(Check, ListsWhatHasNoEffect) {
  const Scratch scratch;
  Words words = tiny("red", {"translate_x=3", "vqgan_model=tiny", "rotate_2d=0", "frame_stride=2",
                             "interpolation_steps=2", "image_model=fourier", "siren.pixel_size=3"});
  const auto line_of = [](const Outcome& outcome) {
    const std::size_t at = outcome.out.find("no effect here: ");
    return at == std::string::npos ? "" : outcome.out.substr(at, outcome.out.find('\n', at) - at);
  };
  const Outcome outcome = check(scratch.path(), words);
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  const std::string line = line_of(outcome);
  for (const char* name :
       {"translate_x", "2D", "vqgan_model", "frame_stride", "interpolation_steps", "siren.pixel_size"})
    EXPECT_TRUE(holds(line, name)) << name << " in " << line;
  EXPECT_FALSE(holds(line, "rotate_2d")) << "its default: " << line;
  EXPECT_EQ(line_of(check(scratch.path(), tiny("red || blue", {"animation_mode=2D", "translate_x=3",
                                                               "interpolation_steps=2"}))),
            "");
}

TEST(Check, SaysHowManyProblemsThereAre) {
  const Scratch scratch;
  EXPECT_TRUE(holds(check(scratch.path(), {"scenes=red", "widht=1", "hight=2"}).err, "2 problems found"));
  EXPECT_TRUE(holds(check(scratch.path(), {"scenes=red", "widht=1"}).err, "1 problem found"));
  EXPECT_FALSE(holds(check(scratch.path(), {"scenes=red", "widht=1"}).err, "rendered"));
  EXPECT_TRUE(holds(render(scratch.path(), {"scenes=red", "widht=1"}).err, "nothing was rendered"));
}

TEST(Check, WarningsHaveTheirPlace) {
  const Scratch scratch;
  scratch.write("run.yaml",
                "scenes: a hill:1_l_0.5 | a lake:1_a_0.5\nperceptors: " + shipped_model() +
                    "\nwidth: 32\nheight: 32\ncutouts: 1\nalpha_weight: 2\ninterpolation_steps: 300\n"
                    "anti_blur: 1\ndirect_init_weight: 1\nedge_stabilization_weight: 1\n");
  const Outcome outcome = check(scratch.path(), {"run.yaml"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  for (const char* part :
       {"run.yaml:1: prompt 'a lake:1_a_0.5'", "run.yaml:6: alpha_weight", "run.yaml:7: interpolation_steps",
        "run.yaml:8: anti_blur", "run.yaml:9: direct_init_weight", "run.yaml:10: edge_stabilization_weight"})
    EXPECT_TRUE(holds(outcome.err, part)) << part << " in\n" << outcome.err;
}

TEST(Check, LeadsToAFileBesideTheSettings) {
  const Scratch scratch;
  fs::create_directory(scratch / "mine");
  scratch.write("mine/run.yaml", "scenes: red\ninit_image: photo.png\n");
  scratch.write("mine/photo.png", "not looked at");
  const Outcome outcome = check(scratch.path(), {"mine/run.yaml"});
  EXPECT_EQ(outcome.status, 2);
  for (const std::string& part :
       {std::string("there is no file 'photo.png'"), fs::canonical(scratch.path()).string(),
        std::string("'mine/photo.png'"), std::string("beside the settings file")})
    EXPECT_TRUE(holds(outcome.err, part)) << part << " in\n" << outcome.err;
  scratch.write("mine/other.yaml", "scenes: red\ninit_image: none.png\n");
  EXPECT_FALSE(holds(check(scratch.path(), {"mine/other.yaml"}).err, "beside the settings file"));
}

TEST(Config, WithoutWordsIsTheDefaultFile) {
  const Scratch scratch;
  EXPECT_EQ(run(command("config", {}), scratch.path()).status, 2);
  fs::create_directory(scratch / "config");
  scratch.write("config/default.yaml", "scenes: a hill\n");
  const Outcome outcome = run(command("config", {}), scratch.path());
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_TRUE(holds(outcome.out, "scenes: \"a hill\"")) << outcome.out;
}

}  // namespace
}  // namespace reverie::test
