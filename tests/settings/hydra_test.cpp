// The habits of those who come from Hydra's command line.

#include <algorithm>

#include "settings/config_folder_fixture.h"

namespace reverie::test {
namespace {

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// The only notice that holds `part`.
void expect_notice(const GatheredSettings& gathered, const std::string& part) {
  EXPECT_EQ(report(gathered.problems), "");
  EXPECT_EQ(std::count_if(gathered.notices.begin(), gathered.notices.end(),
                          [&](const std::string& notice) { return holds(notice, part); }),
            1)
      << part;
}

using Hydra = Groups;

TEST_F(Hydra, AddedNamesAreNamesOfSettingsAndGroups) {
  file("conf/demo.yaml", "width: 10\n");
  file("run.yaml", "height: 1\n");
  EXPECT_EQ(values({"+conf=demo", "++height=5", "+cutouts=3"}), (Values{{"width", "10 conf/demo.yaml:1"},
                                                                        {"height", "5 command line"},
                                                                        {"cutouts", "3 command line"}}));
}

TEST_F(Hydra, ATildeRemovesASettingOrAGroup) {
  file("motion/pan.yaml", "width: 10\n");
  file("run.yaml", "motion: pan\nheight: 1\nCutouts: 4\noutput_sinks: [a]\n");
  EXPECT_EQ(values({"~motion", "~cutouts", "~outputs=a"}), (Values{{"height", "1 run.yaml:2"}}));
  EXPECT_EQ(values({"~height", "height=3"})["height"], "3 command line");
  EXPECT_EQ(gather({"~hieght"}).entries.back().name, "hieght") << "an unknown name is one";
}

TEST_F(Hydra, WhatIsAboutHydraHasNoEffect) {
  file("run.yaml", "height: 1\n");
  for (const char* word :
       {"hydra.run.dir=out", "hydra/job_logging=none", "+hydra.verbose=true", "~hydra.sweep"}) {
    const GatheredSettings gathered = gather({word});
    EXPECT_EQ(gathered.entries.size(), 1u) << word;
    expect_notice(gathered, "about Hydra itself");
  }
}

TEST_F(Hydra, AGroupBelowConfIsNamedWithoutIt) {
  file("conf/motion/pan.yaml", "width: 10\n");
  file("conf/motion/zoom.yaml", "width: 20\n");
  file("conf/demo.yaml", "defaults: [_self_, motion: pan]\nheight: 5\n");
  file("run.yaml", "conf: demo\n");
  EXPECT_EQ(values(), (Values{{"width", "10 conf/motion/pan.yaml:1"}, {"height", "5 conf/demo.yaml:2"}}));
  EXPECT_EQ(values({"motion=zoom"})["width"], "20 conf/motion/zoom.yaml:1");
  EXPECT_EQ(values({"+motion=zoom"})["width"], "20 conf/motion/zoom.yaml:1");
  EXPECT_EQ(values({"~motion"}).count("width"), 0u);
  file("look/motion/pan.yaml", "width: 30\n");
  EXPECT_TRUE(holds(problems({"motion=zoom"}), "conf/motion, look/motion"));
}

TEST_F(Hydra, ListsOfGroupsNeedNoBlanks) {
  for (const char* text :
       {"[{variable_name:bass,f_center:60},{variable_name:'hi hat',f_center:8000}]",
        "[{variable_name: bass, f_center: 60}, {variable_name: hi hat, f_center: 8000}]",
        "[{\"variable_name\":bass,f_center:60},{variable_name:\"hi hat\",f_center:8000}]"}) {
    std::vector<Problem> problems;
    const RawValue value = read_override("input_audio_filters=" + std::string(text), problems)[0].value;
    EXPECT_EQ(report(problems), "");
    ASSERT_EQ(value.items.size(), 2u) << text;
    ASSERT_EQ(value.items[1].members.size(), 2u) << text;
    EXPECT_EQ(value.items[0].members[0].first, "variable_name");
    EXPECT_EQ(value.items[0].members[0].second.text, "bass");
    EXPECT_EQ(value.items[0].members[1].second.text, "60");
    EXPECT_EQ(value.items[1].members[0].second.text, "hi hat");
  }
  std::vector<Problem> problems;
  const RawValue value = read_override("x=[{a:[b,{c:1}],d:http://e},it's f:g]", problems)[0].value;
  EXPECT_EQ(value.display(), "[{a: [b, {c: 1}], d: http://e}, it's f:g]");
  EXPECT_EQ(value.line, 0);
  EXPECT_EQ(value.items[0].line, 0) << "the command line has no lines";
}

TEST_F(Hydra, CommasWithoutMultirunAreAnswered) {
  file("conf/a.yaml", "width: 1\n");
  file("conf/b.yaml", "width: 2\n");
  file("run.yaml", "height: 1\n");
  const std::string all = problems({"conf=a,b"});
  EXPECT_TRUE(holds(all, "conf='[a,b]'")) << all;
  EXPECT_TRUE(holds(all, "-m")) << all;
}

TEST_F(Hydra, ADefaultFileBesideTheNamedOneIsSpokenOf) {
  file("config/default.yaml", "width: 1\n");
  file("config/conf/demo.yaml", "height: 2\n");
  expect_notice(gather({}, "config/conf/demo.yaml"), "conf=demo");
  expect_notice(gather({}, "config/conf/demo.yaml"), "config/default.yaml is not used");
  const auto silent = [&](const std::string& base) {
    for (const std::string& notice : gather({}, base).notices)
      if (holds(notice, "not used")) return false;
    return true;
  };
  EXPECT_TRUE(silent("config/default.yaml"));
  file("config/conf/based.yaml", "defaults: [/default]\n");
  EXPECT_TRUE(silent("config/conf/based.yaml")) << "it is used";
  file("config/saved_settings.txt", "{\"width\": 3}");
  EXPECT_TRUE(silent("config/saved_settings.txt")) << "saved settings are complete";
}

TEST_F(Hydra, AGroupOfTheNameOfOneOfOurSettingsIsNotTakenForIt) {
  file("perceptors/all.yaml", "ViTB32: true\nRN50: true\n");
  file("run.yaml", "perceptors: all\n");
  EXPECT_EQ(values(),
            (Values{{"ViTB32", "true perceptors/all.yaml:1"}, {"RN50", "true perceptors/all.yaml:2"}}));
  expect_notice(gather(), "perceptors: all");
  EXPECT_EQ(values({"perceptors=[all]"})["perceptors"], "[all] command line") << "a list is the setting";
  file("run.yaml", "height: 1\n");
  EXPECT_EQ(values({"perceptors=all"}).count("RN50"), 1u);
  EXPECT_EQ(values({"perceptors=tiny_vit"})["perceptors"], "tiny_vit command line")
      << "it has no such option";
  // A setting of the reference stays one, but not without a word.
  file("image_model/vqgan.yaml", "width: 10\n");
  file("run.yaml", "image_model: vqgan\n");
  EXPECT_EQ(values(), (Values{{"image_model", "vqgan run.yaml:1"}}));
  expect_notice(gather(), "'image_model' is the setting");
}

}  // namespace
}  // namespace reverie::test
