// Config groups: what is selected, who wins, and where each value was written.

#include <algorithm>

#include "settings/config_folder_fixture.h"

namespace reverie::test {
namespace {

TEST_F(Groups, ALineSelectsAtItsPlace) {
  file("run.yaml", "width: 1\nmotion: pan\nheight: 2\n");
  file("motion/pan.yaml", "# @package _global_\nwidth: 10\nheight: 20\ncutouts: 30\n");
  EXPECT_EQ(values(), (Values{{"width", "10 motion/pan.yaml:2"},
                              {"height", "2 run.yaml:3"},
                              {"cutouts", "30 motion/pan.yaml:4"}}));
}

TEST_F(Groups, InJsonOnOneLineToo) {
  file("run.json", R"({"width": 1, "motion": "pan", "height": 2, "cutouts": 3})");
  file("motion/pan.yaml", "width: 10\nheight: 20\ncutouts: 30\n");
  EXPECT_EQ(
      values({}, "run.json"),
      (Values{{"width", "10 motion/pan.yaml:1"}, {"height", "2 run.json:1"}, {"cutouts", "3 run.json:1"}}));
}

TEST_F(Groups, TheFileItselfComesLastInItsDefaultsUnlessItSaysOtherwise) {
  file("conf/a.yaml", "width: 10\nheight: 10\ncutouts: 10\n");
  file("conf/b.yaml", "width: 20\nheight: 20\n");
  file("run.yaml", "defaults:\n- conf: a\n- /conf: b\nwidth: 1\n");
  EXPECT_EQ(
      values(),
      (Values{{"width", "1 run.yaml:4"}, {"height", "20 conf/b.yaml:2"}, {"cutouts", "10 conf/a.yaml:3"}}));
  file("run.yaml", "width: 1\ncutouts: 1\ndefaults:\n- conf: a\n- _self_\n- conf: b\n");
  EXPECT_EQ(
      values(),
      (Values{{"width", "20 conf/b.yaml:1"}, {"height", "20 conf/b.yaml:2"}, {"cutouts", "1 run.yaml:2"}}));
  file("run.yaml", "defaults: [_self_, conf: [b, a]]\nwidth: 1\n");
  EXPECT_EQ(values()["width"], "10 conf/a.yaml:1");
}

TEST_F(Groups, AsTheReferenceLaysThemOut) {
  file("config/default.yaml", "defaults:\n  - _self_\n  - conf: _empty\n\nscenes: ???\nwidth: 512\n");
  file("config/conf/_empty.yaml", "\n");
  file("config/conf/demo.yaml", "# @package _global_\nscenes: a hill\nwidth: 64\n");
  EXPECT_EQ(values({}, "config/default.yaml"), (Values{{"width", "512 config/default.yaml:6"}}));
  EXPECT_EQ(values({"conf=demo"}, "config/default.yaml"),
            (Values{{"scenes", "a hill config/conf/demo.yaml:2"}, {"width", "64 config/conf/demo.yaml:3"}}));
  fs::remove_all(gather({}, "config/default.yaml").file.parent_path() / "conf");
  EXPECT_EQ(values({}, "config/default.yaml").size(), 1u) << "_empty needs no file";
}

TEST_F(Groups, TheCommandLineReplacesASelectionAtItsPlace) {
  file("motion/pan.yaml", "width: 10\nheight: 10\n");
  file("motion/zoom.yaml", "width: 20\nheight: 20\n");
  file("run.yaml", "width: 1\nmotion: pan\nheight: 2\n");
  EXPECT_EQ(values({"motion=zoom"}),
            (Values{{"width", "20 motion/zoom.yaml:1"}, {"height", "2 run.yaml:3"}}));
  EXPECT_EQ(values({"motion=null"}), (Values{{"width", "1 run.yaml:1"}, {"height", "2 run.yaml:3"}}));
  EXPECT_EQ(values({"motion=[zoom, pan]"})["width"], "10 motion/pan.yaml:1");
  EXPECT_EQ(values({"motion=pan", "motion=zoom"})["width"], "20 motion/zoom.yaml:1");
}

TEST_F(Groups, WhatNoFileSelectsComesBehindThemAndValuesBehindAll) {
  file("motion/pan.yaml", "width: 10\nheight: 10\n");
  file("conf/demo.yaml", "motion: pan\nheight: 7\n");
  file("conf/plain.yaml", "cutouts: 9\n");
  file("run.yaml", "width: 1\nheight: 2\n");
  EXPECT_EQ(values({"height=3", "motion=pan"}),
            (Values{{"width", "10 motion/pan.yaml:1"}, {"height", "3 command line"}}));
  // demo selects a motion: the one of the command line takes its place, so that height stays demo's.
  file("motion/zoom.yaml", "width: 20\nheight: 20\n");
  for (const Texts& words : {Texts{"conf=demo", "motion=zoom"}, Texts{"motion=zoom", "conf=demo"}})
    EXPECT_EQ(values(words), (Values{{"width", "20 motion/zoom.yaml:1"}, {"height", "7 conf/demo.yaml:2"}}));
  EXPECT_EQ(values({"motion=zoom", "conf=plain"})["height"], "20 motion/zoom.yaml:2");
}

TEST_F(Groups, OverrideInDefaultsReplacesWhatStandsBeforeIt) {
  file("motion/pan.yaml", "width: 10\n");
  file("motion/zoom.yaml", "width: 20\n");
  file("motion/spin.yaml", "width: 30\n");
  file("conf/demo.yaml", "defaults:\n- override /motion: zoom\nheight: 7\n");
  file("run.yaml", "defaults:\n- motion: pan\n- conf: demo\n");
  EXPECT_EQ(values(), (Values{{"width", "20 motion/zoom.yaml:1"}, {"height", "7 conf/demo.yaml:3"}}));
  EXPECT_EQ(values({"motion=spin"})["width"], "30 motion/spin.yaml:1") << "the command line wins";
  file("run.yaml", "defaults:\n- motion: pan\n- conf: demo\n- override motion: spin\n");
  EXPECT_EQ(values()["width"], "30 motion/spin.yaml:1") << "the later one wins";
  file("run.yaml", "defaults:\n- conf: demo\n- motion: pan\n");
  EXPECT_EQ(problems(),
            "conf/demo.yaml:2: the config group 'motion' is overridden, but was not selected before");
}

TEST_F(Groups, NestedValuesOfAGroupAreGlobal) {
  file("motion/pan.yaml", "motion:\n  width: 10\n\n  height: 20\n");
  file("run.yaml", "motion: pan\n");
  EXPECT_EQ(values(), (Values{{"width", "10 motion/pan.yaml:2"}, {"height", "20 motion/pan.yaml:4"}}));
  file("run.yaml", "motion: {width: 5}\n");
  EXPECT_EQ(values(), (Values{{"width", "5 run.yaml:1"}}));
}

TEST_F(Groups, FilesCanBeNamedWithoutAGroup) {
  file("common.yaml", "width: 10\nheight: 10\n");
  file("conf/sub/deep.yaml", "defaults: [common, sibling]\nheight: 3\n");
  file("conf/sub/sibling.yaml", "cutouts: 4\n");
  file("run.yaml", "defaults: [common, conf: sub/deep]\nwidth: 1\n");
  EXPECT_EQ(values(), (Values{{"width", "1 run.yaml:2"},
                              {"height", "3 conf/sub/deep.yaml:2"},
                              {"cutouts", "4 conf/sub/sibling.yaml:1"}}));
}

TEST_F(Groups, OfAGroupsFileAreLookedForBesideItFirst) {
  file("conf/look/soft.yaml", "width: 10\n");
  file("look/soft.yaml", "width: 20\n");
  file("conf/demo.yaml", "look: soft\n");
  file("conf/whole.yaml", "/look: soft\n");
  file("run.yaml", "conf: demo\n");
  EXPECT_EQ(values()["width"], "10 conf/look/soft.yaml:1");
  EXPECT_EQ(values({"conf=whole"})["width"], "20 look/soft.yaml:1");
  EXPECT_EQ(values({"conf/look=soft", "conf=null"})["width"], "10 conf/look/soft.yaml:1");
}

TEST_F(Groups, AreFoundFromAFileThatIsAnOptionItselfAndInConfigFolders) {
  file("motion/pan.yaml", "width: 10\n");
  file("mine/motion/pan.yaml", "width: 20\n");
  file("mine/look/soft.yaml", "height: 30\n");
  file("conf/demo.yaml", "motion: pan\n");
  EXPECT_EQ(values({}, "conf/demo.yaml")["width"], "10 motion/pan.yaml:1");
  EXPECT_EQ(values({"look=soft"}, "conf/demo.yaml", {"mine"}),
            (Values{{"width", "20 mine/motion/pan.yaml:1"}, {"height", "30 mine/look/soft.yaml:1"}}));
  file("run.yaml", "width: 1\n");
  EXPECT_EQ(problems({}, {"yours"}), "command line: there is no config folder 'yours'");
}

TEST_F(Groups, ASettingIsNoGroupExceptInDefaults) {
  file("image_model/vqgan.yaml", "width: 10\n");
  file("lock_pallete/true.yaml", "width: 20\n");
  file("run.yaml", "Image_Model: vqgan\nlock_pallete: true\n");
  EXPECT_EQ(values(), (Values{{"Image_Model", "vqgan run.yaml:1"}, {"lock_pallete", "true run.yaml:2"}}));
  EXPECT_EQ(values({"image_model=vqgan"}).count("width"), 0u);
  file("run.yaml", "defaults:\n- image_model: vqgan\n");
  EXPECT_EQ(values(), (Values{{"width", "10 image_model/vqgan.yaml:1"}}));
}

TEST_F(Groups, OfTheNameOfASettingOfOursAreSelectedWithANotice) {
  file("perceptors/all.yaml", "width: 10\n");
  file("run.yaml", "height: 1\n");
  const GatheredSettings gathered = gather({"perceptors=all"});
  EXPECT_EQ(report(gathered.problems), "");
  EXPECT_EQ(gathered.notices,
            Texts{"'perceptors=all' selects the config group, not the setting of that name; for the "
                  "setting write perceptors='[all]'"});
  EXPECT_EQ(values({"perceptors=all"})["width"], "10 perceptors/all.yaml:1");
  EXPECT_EQ(gather({"perceptors=[all]"}).notices, Texts{});
  EXPECT_EQ(values({"perceptors=[all]"}).count("width"), 0u);
}

TEST_F(Groups, FoldersOfOtherThingsAreNone) {
  file("backup/default/default_1.bak", "");
  file("run.yaml", "backup: 3\n");
  EXPECT_EQ(values(), (Values{{"backup", "3 run.yaml:1"}}))
      << "for the settings to say what is wrong with it";
}

TEST_F(Groups, OptionalOnesMayBeMissing) {
  file("motion/pan.yaml", "width: 10\n");
  file("run.yaml", "defaults:\n- optional motion: zoom\n- optional look: soft\n- motion: null\nheight: 1\n");
  EXPECT_EQ(values(), (Values{{"height", "1 run.yaml:5"}}));
  // Somebody who names one now wants it.
  EXPECT_EQ(problems({"motion=pam"}).find("command line: the config group 'motion' has no option 'pam'"), 0u);
}

TEST_F(Groups, WhatIsAboutHydraIsTold) {
  file("run.yaml", "defaults:\n- override hydra/job_logging: none\nhydra: {run: {dir: x}}\nwidth: 1\n");
  const GatheredSettings gathered = gather();
  EXPECT_EQ(report(gathered.problems), "");
  EXPECT_EQ(gathered.entries.size(), 1u);
  EXPECT_EQ(gathered.notices,
            (Texts{"run.yaml:2: 'hydra/job_logging' is about Hydra itself and has no effect here",
                   "run.yaml:3: 'hydra' is about Hydra itself and has no effect here"}));
}

TEST_F(Groups, MissingOptionsNameTheFolderWhatIsThereAndTheNearest) {
  file("motion/pan.yaml", "");
  file("motion/zoom_in_slow.yaml", "");
  file("motion/notes.txt", "");
  file("run.yaml", "width: 1\nmotion: zoom_in_slwo\n");
  EXPECT_EQ(
      problems(),
      "run.yaml:2: the config group 'motion' has no option 'zoom_in_slwo'; did you mean 'zoom_in_slow'? "
      "motion holds pan, zoom_in_slow");
  file("run.yaml", "motion: ../run\n");
  EXPECT_EQ(problems(),
            "run.yaml:1: the config group 'motion' has no option '../run'; motion holds pan, zoom_in_slow");
}

TEST_F(Groups, MistakesInDefaults) {
  file("conf/a.yaml", "");
  const auto expect = [&](const std::string& defaults, const std::string& problem) {
    file("run.yaml", defaults);
    const std::string all = problems();
    EXPECT_EQ(all.substr(0, problem.size()), problem);
    EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 0) << all;
  };
  expect("defaults: a\n", "run.yaml:1: 'defaults' is a; it is a list of files' names and of 'group: option'");
  expect("defaults:\n- _self_\n- _self_\n", "run.yaml:3: '_self_' stands a second time in 'defaults'");
  expect("defaults:\n- [a]\n",
         "run.yaml:2: 'defaults' holds [a]; allowed: _self_, a file's name, group: option");
  expect("defaults:\n- conf: {x: y}\n", "run.yaml:2: 'defaults' holds {conf: {x: y}}; allowed: _self_");
  expect("defaults:\n- common\n", "run.yaml:2: there is no file 'common.yaml' in ");
  expect("defaults:\n- look: soft\n",
         "run.yaml:2: there is no config group 'look': no folder of that name with .yaml files in ");
  expect("defaults:\n- override look: soft\n", "run.yaml:2: there is no config group 'look'");
  expect("conf: [[a]]\n", "run.yaml:1: the config group 'conf' is [[a]]; it takes the name of an option");
}

TEST_F(Groups, CirclesAreToldWithTheirWay) {
  file("conf/a.yaml", "width: 1\nconf: b\n");
  file("conf/b.yaml", "defaults: [/conf: a]\n");
  file("run.yaml", "conf: a\n");
  EXPECT_EQ(problems(),
            "conf/b.yaml:1: config groups go in a circle: conf/a.yaml -> conf/b.yaml -> conf/a.yaml");
  file("run.yaml", "defaults: [run]\n");
  EXPECT_EQ(problems(), "run.yaml:1: config groups go in a circle: run.yaml -> run.yaml");
}

TEST_F(Groups, FilesThatMultiplyAreStopped) {
  for (int i = 0; i < 30; ++i) {
    const std::string next = "/g: f" + std::to_string(i + 1);
    file("g/f" + std::to_string(i) + ".yaml", "defaults: [" + next + ", " + next + "]\n");
  }
  file("g/f30.yaml", "width: 1\n");
  file("run.yaml", "g: f0\n");
  const std::string all = problems();
  EXPECT_NE(all.find(": more than 1,000 files are selected"), std::string::npos) << all;
  EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 0);
}

TEST_F(Groups, MistakesInAGroupsFileAreToldOnceAtTheirPlace) {
  file("motion/pan.yaml", "width: 1\nwidth: 2\n");
  file("run.yaml", "defaults:\n- motion: pan\n- motion: pan\n");
  EXPECT_EQ(problems(), "motion/pan.yaml:2: 'width' is set a second time; the first is in line 1");
  file("run.yaml", "");
  EXPECT_EQ(problems(), "run.yaml: is empty") << "an option may be empty, the base may not";
}

}  // namespace
}  // namespace reverie::test
