// How settings are spelt: YAML, JSON, saved settings, overrides, references.

#include <cstdlib>

#include "settings/settings_fixture.h"

namespace reverie::test {
namespace {

using Texts = std::vector<std::string>;

std::string scenes_of(const std::string& text, const Texts& overrides = {}) {
  const Settings settings = settings_of(text, overrides);
  return settings.find("scenes") ? settings.get<std::string>("scenes") : "(none)";
}

std::int64_t whole(const Settings& settings, const char* name) { return settings.get<std::int64_t>(name); }

TEST(ReaderYaml, FilesOfTheReference) {
  const Settings settings = settings_of(R"(# @package _global_
scenes: "red | green: 2 || blue"   # two scenes
scene_suffix: " | a hill"
steps_per_scene: 400
save_every: ${steps_per_frame}
steps_per_frame: 25
animation_mode: off
seed: ${now:%f}
models_parent_dir: ${user_cache:}
translate_x: '0'
ViTB32: false
)");
  EXPECT_EQ(settings.get<std::string>("scenes"), "red | green: 2 || blue");
  EXPECT_EQ(settings.get<std::string>("scene_suffix"), " | a hill");
  EXPECT_EQ(whole(settings, "steps_per_scene"), 400);
  EXPECT_EQ(whole(settings, "save_every"), 25);
  EXPECT_TRUE(settings.has("seed"));
  EXPECT_GE(whole(settings, "seed"), 0);
  EXPECT_LE(whole(settings, "seed"), 999999);
}

TEST(ReaderYaml, BareOffIsTheWordWhereTextBelongs) {
  for (const char* off : {"off", "Off", "OFF", "'off'", "false"})
    settings_of("scenes: red\nanimation_mode: " + std::string(off) + "\n");
  EXPECT_EQ(scenes_of("scenes: off\n"), "off");
  EXPECT_EQ(scenes_of("scenes: yes\n"), "yes");
  EXPECT_EQ(scenes_of("scenes: 2001\n"), "2001");
  EXPECT_EQ(scenes_of("scenes: 0x10\n"), "0x10");
}

TEST(ReaderYaml, EveryWayToWriteATruthValue) {
  for (const char* yes : {"true", "True", "TRUE", "yes", "on"})
    EXPECT_TRUE(
        settings_of("scenes: red\nallow_overwrite: " + std::string(yes)).get<bool>("allow_overwrite"));
  for (const char* no : {"false", "False", "no", "off"})
    EXPECT_FALSE(
        settings_of("scenes: red\nallow_overwrite: " + std::string(no)).get<bool>("allow_overwrite"));
}

TEST(ReaderYaml, Numbers) {
  const Settings settings = settings_of(
      "scenes: red\nwidth: 6.4e1\nheight: +48\nsmoothing_weight: -1e-3\ncut_pow: .5\nlearning_rate: 1e-1");
  EXPECT_EQ(whole(settings, "width"), 64);
  EXPECT_EQ(whole(settings, "height"), 48);
  EXPECT_EQ(settings.get<double>("smoothing_weight"), -0.001);
  EXPECT_EQ(settings.get<double>("cut_pow"), 0.5);
  EXPECT_EQ(settings.find("learning_rate")->text, "1e-1") << "an expression";
}

TEST(ReaderYaml, Quotes) {
  EXPECT_EQ(scenes_of("scenes: 'it''s red'"), "it's red");
  EXPECT_EQ(scenes_of("scenes: \"a \\\"red\\\" hill\\u00e9\""), "a \"red\" hill\xC3\xA9");
  EXPECT_EQ(scenes_of("scenes: >\n  a red\n  hill\n"), "a red hill");
  EXPECT_EQ(scenes_of("scenes: \"a red: 2\"\n"), "a red: 2");
}

TEST(ReaderYaml, MarksAndLineEnds) {
  EXPECT_EQ(scenes_of("\xEF\xBB\xBFscenes: red\r\nwidth: 64\r\n"), "red");
  EXPECT_EQ(scenes_of("---\nscenes: red\n"), "red");
  EXPECT_EQ(scenes_of("%YAML 1.2\n---\nscenes: red\n...\n"), "red");
}

TEST(ReaderYaml, AnchorsAndLists) {
  const Settings settings =
      settings_of("scenes: &words a hill\nscene_suffix: *words\nperceptors:\n- a\n- b\n");
  EXPECT_EQ(settings.get<std::string>("scene_suffix"), "a hill");
  EXPECT_EQ(settings.get<Texts>("perceptors"), (Texts{"a", "b"}));
  EXPECT_EQ(settings_of("scenes: red\nperceptors: one").get<Texts>("perceptors"), Texts{"one"});
  EXPECT_EQ(settings_of("scenes: red\nperceptors: []").get<Texts>("perceptors"), Texts{});
}

TEST(ReaderJson, Object) {
  const Settings settings = settings_of(R"({
  "scenes": "a \u00e9l\u00e8ve \ud83d\ude00", "width": 64, "cut_pow": 1.5, "learning_rate": null,
  "allow_overwrite": true, "animation_mode": "off", "perceptors": ["a"], "ViTB32": false, "input_audio_filters": [],
  "rotate_3d": "[1, 0, 0, 0]", "backups": 3
})");
  EXPECT_EQ(settings.get<std::string>("scenes"), "a \xC3\xA9l\xC3\xA8ve \xF0\x9F\x98\x80");
  EXPECT_EQ(whole(settings, "width"), 64);
  EXPECT_EQ(settings.get<double>("cut_pow"), 1.5);
  EXPECT_FALSE(settings.has("learning_rate"));
  EXPECT_TRUE(settings.get<bool>("allow_overwrite"));
  EXPECT_EQ(settings.get<Texts>("perceptors"), Texts{"a"});
}

TEST(ReaderJson, SavedSettingsOfTheReference) {
  const std::string saved =
      "{\n  \"scenes\": \"red\",\n  \"seed\": 5\n}\n\nScene 1:\n  red (weight 1) {not JSON\n";
  const Settings settings = settings_of(saved);
  EXPECT_EQ(settings.get<std::string>("scenes"), "red");
  EXPECT_EQ(whole(settings, "seed"), 5);
  EXPECT_EQ(scenes_of("\xEF\xBB\xBF" + saved), "red");
}

TEST(ReaderLines, OfYamlAndJson) {
  for (const std::string text :
       {"\n# words\nscenes: red\n\nwidth: 64\n", "{\n\n\"scenes\": \"red\",\n\n  \"width\": 64}"}) {
    const Read read = read_text(text);
    ASSERT_EQ(read.entries.size(), 2u);
    EXPECT_EQ(read.entries[0].location.text(), read.file + ":3");
    EXPECT_EQ(read.entries[1].location.text(), read.file + ":5");
  }
}

TEST(ReaderReferences, TakeTheWholeValueOrAPart) {
  const Settings settings = settings_of(
      "scenes: a ${scene_prefix}, ${width} wide, ${cut_pow}\nscene_prefix: "
      "${file_namespace}\nfile_namespace: hill\n"
      "width: 64\nheight: ${width}\nsave_every: ${STEPS_PER_FRAME}\nlearning_rate: ${seed}\nperceptors: "
      "['${width}']");
  EXPECT_EQ(settings.get<std::string>("scenes"), "a hill, 64 wide, 2");
  EXPECT_EQ(whole(settings, "height"), 64);
  EXPECT_EQ(whole(settings, "save_every"), 50) << "the default of a setting that no line sets";
  EXPECT_FALSE(settings.has("learning_rate")) << "null is taken over too";
  EXPECT_EQ(settings.get<Texts>("perceptors"), Texts{"64"});
  EXPECT_EQ(report(resolve_text("scenes: red\nwidth: 64", {"width=${width}"}).problems),
            "command line: 'width': its ${...} references go in a circle: width -> width")
      << "an override takes the line's place";
}

TEST(ReaderReferences, FollowTheValueThatWins) {
  EXPECT_EQ(whole(settings_of("scenes: red\nsteps_per_frame: 10\nsave_every: ${steps_per_frame}",
                              {"steps_per_frame=20"}),
                  "save_every"),
            20);
}

TEST(ReaderReferences, UserCache) {
  const char* before = std::getenv("XDG_CACHE_HOME");
  const std::string kept = before ? before : "";
  ::setenv("XDG_CACHE_HOME", "/somewhere/cache", 1);
  EXPECT_EQ(
      settings_of("scenes: red\nmodels_parent_dir: ${user_cache:}").get<std::string>("models_parent_dir"),
      "/somewhere/cache");
  ::unsetenv("XDG_CACHE_HOME");
  const std::string home = std::getenv("HOME") ? std::getenv("HOME") : "";
  EXPECT_EQ(
      settings_of("scenes: red\nmodels_parent_dir: ${user_cache:}").get<std::string>("models_parent_dir"),
      home + "/.cache");
  if (before) ::setenv("XDG_CACHE_HOME", kept.c_str(), 1);
}

TEST(ReaderReferences, Now) {
  const std::string year =
      settings_of("scenes: red\nfile_namespace: run_${now:%Y}").get<std::string>("file_namespace");
  ASSERT_EQ(year.size(), 8u);
  EXPECT_GE(year, "run_2024");
  EXPECT_EQ(settings_of("scenes: red\nfile_namespace: ${now:%%f}").get<std::string>("file_namespace"), "%f");
}

TEST(ReaderOverrides, TakeTextAsTyped) {
  const std::string file = "scenes: red\n";
  for (const std::string text : {"a red heart: 2",
                                 "a: b: c",
                                 "red | green || blue",
                                 "#art",
                                 "%art",
                                 "*art",
                                 "&art",
                                 "!art",
                                 "@home",
                                 "`art`",
                                 "[red/blue.png]",
                                 "[https://host/red,blue.png]",
                                 "- red",
                                 "red # blue",
                                 "a = b",
                                 "\"half quoted",
                                 "{red",
                                 "? what",
                                 "a\nb: c",
                                 "---",
                                 "off",
                                 "1e3"})
    EXPECT_EQ(scenes_of(file, {"scenes=" + text}), text);
  EXPECT_EQ(scenes_of(file, {"scenes='a red heart'"}), "a red heart") << "quotes that the shell left";
}

TEST(ReaderOverrides, OtherTypes) {
  const Settings settings = settings_of("scenes: red\nlearning_rate: 0.5\nscene_prefix: old",
                                        {"cutouts=8", "cut_pow=0.5", "perceptors=[a, b]",
                                         "learning_rate=null", "scene_prefix=", "Allow_Overwrite=yes"});
  EXPECT_EQ(whole(settings, "cutouts"), 8);
  EXPECT_EQ(settings.get<double>("cut_pow"), 0.5);
  EXPECT_EQ(settings.get<Texts>("perceptors"), (Texts{"a", "b"}));
  EXPECT_FALSE(settings.has("learning_rate"));
  EXPECT_EQ(settings.get<std::string>("scene_prefix"), "");
  EXPECT_TRUE(settings.get<bool>("allow_overwrite"));
}

TEST(ReaderOverrides, WithoutAName) {
  for (const std::string word : {"cutouts", "=8", ""}) {
    std::vector<Problem> problems;
    EXPECT_TRUE(read_override(word, problems).empty());
    EXPECT_EQ(report(problems), "command line: '" + word + "' is not of the form name=value");
  }
}

}  // namespace
}  // namespace reverie::test
