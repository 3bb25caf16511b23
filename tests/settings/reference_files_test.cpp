// What the reference's programs save and print is read as it is.

#include "settings/settings_fixture.h"

namespace reverie::test {
namespace {

using Texts = std::vector<std::string>;

Resolution resolve_file(const std::string& name) {
  const ParamSpec of_plugins[] = {text("vqgan_model", "sflckr")};
  std::vector<Problem> problems;
  const auto entries =
      read_settings_file(std::filesystem::path(REVERIE_REFERENCE_FILES) / name, problems, false);
  return resolve_with(entries, problems, {{"image_models/any", of_plugins}, {"animation/any", kMotion}});
}

std::int64_t whole(const Settings& settings, const char* name) { return settings.get<std::int64_t>(name); }

TEST(ReferenceFiles, WhatTheNotebookSaves) {
  const Resolution read = resolve_file("notebook_settings.txt");
  EXPECT_EQ(report(read.problems), "");
  ASSERT_EQ(read.notices.size(), 1u) << "one for all that carries nothing";
  for (const char* name : {"resume", "base_name", "mmc_models", "use_mmc"})
    EXPECT_NE(read.notices[0].find(name), std::string::npos) << name;
  EXPECT_EQ(read.settings.get<std::string>("scenes"), "a harbour at dusk | watercolour");
  EXPECT_EQ(static_cast<std::uint64_t>(whole(read.settings, "seed")), 15291079827822783929u);
  EXPECT_EQ(whole(read.settings, "save_every"), 2);
}

TEST(ReferenceFiles, AllBackups) {
  const Resolution read = resolve_file("notebook_all_backups.txt");
  EXPECT_EQ(report(read.problems), "");
  EXPECT_EQ(read.settings.get<std::string>("backups"), "all");
  for (const char* all : {".inf", "Infinity", "inf", "all"})
    EXPECT_NE(settings_of("scenes: red\nbackups: " + std::string(all)).get<std::string>("backups"), "3")
        << all;
}

TEST(ReferenceFiles, APresetOfThePortableProgram) {
  const Resolution read = resolve_file("portable_preset.yaml");
  EXPECT_EQ(report(read.problems), "");
  EXPECT_EQ(whole(read.settings, "save_every"), 0) << "which make_plan() turns into steps_per_frame";
}

TEST(ReferenceFiles, KeysThatCarryNothingWhateverTheirForm) {
  for (const char* line : {"use_mmc: false", "use_mmc: 0", "use_mmc:", "mmc_models: []", "mmc_models:",
                           "resume: true", "base_name: sunset(2)", "breath_mode: false", "Breath_Mode: no"}) {
    const Resolution read = resolve_text("scenes: red\n" + std::string(line));
    EXPECT_EQ(report(read.problems), "") << line;
    EXPECT_EQ(read.notices.size(), 1u) << line;
  }
}

TEST(ReferenceFiles, ModelsOfTheOtherLoaderAreOurPerceptors) {
  const std::string models =
      "scenes: red\nViTB32: true\nuse_mmc: true\nmmc_models:\n"
      "- {architecture: clip, publisher: openai, id: RN50}\n"
      "- architecture: clip\n  publisher: openai\n  id: ViT-B/16\n- ViT-L/14@336px\n";
  const Settings settings = settings_of(models);
  EXPECT_EQ(settings.get<Texts>("perceptors"), (Texts{"RN50", "ViT-B/16", "ViT-L/14@336px"}));
  EXPECT_TRUE(settings.find("ViTB32")->is_default()) << "the reference does not look at it then";
  EXPECT_EQ(settings_of(models, {"perceptors=[tiny]"}).get<Texts>("perceptors"), Texts{"tiny"});
  EXPECT_EQ(settings_of(models, {"use_mmc=false"}).get<Texts>("perceptors"), Texts{});
  const std::string json =
      R"({"scenes": "red", "use_mmc": true, "mmc_models": [{"id": "RN101", "publisher": "openai"}]})";
  EXPECT_EQ(settings_of(json).get<Texts>("perceptors"), Texts{"RN101"});
}

const char* const kDict =
    R"({'scenes': "a painter's \"hill\" | caf\xe9 \U0001f600 \u2028", 'scene_suffix': 'it\'s "so"\n', )"
    R"('restore': False, 'allow_overwrite': True, 'learning_rate': None, 'backups': inf, 'cut_pow': 1.5, )"
    R"('perceptors': ('a',), 'input_audio_filters': [{'variable_name': 'bass', 'f_center': 60}, ], 'seed': -3})";

TEST(PythonDict, IsReadAsPythonPrintsIt) {
  const std::string log = "2022-05-01 10:00:00.000 | INFO     | pytti.workhorse:_main:195 - ";
  for (const std::string& text :
       {std::string(kDict), "SETTINGS:\n" + std::string(kDict) + "\nand more\n",
        "\nSETTINGS: " + std::string(kDict), log + "SETTINGS:\n" + log + kDict + "\n"}) {
    const Settings settings = settings_of(text);
    EXPECT_EQ(settings.get<std::string>("scenes"),
              "a painter's \"hill\" | caf\xC3\xA9 \xF0\x9F\x98\x80 \xE2\x80\xA8");
    EXPECT_EQ(settings.get<std::string>("scene_suffix"), "it's \"so\"\n");
    EXPECT_FALSE(settings.get<bool>("restore"));
    EXPECT_TRUE(settings.get<bool>("allow_overwrite"));
    EXPECT_FALSE(settings.has("learning_rate"));
    EXPECT_EQ(settings.get<std::string>("backups"), "all");
    EXPECT_EQ(settings.get<double>("cut_pow"), 1.5);
    EXPECT_EQ(settings.get<Texts>("perceptors"), Texts{"a"});
    ASSERT_EQ(settings.find("input_audio_filters")->groups.size(), 1u);
    EXPECT_EQ(settings.get<std::int64_t>("seed"), -3);
  }
}

TEST(PythonDict, JsonBehindTheTitleToo) {
  EXPECT_EQ(
      settings_of("SETTINGS:\n{\"scenes\": \"it's red\", \"restore\": false}").get<std::string>("scenes"),
      "it's red");
}

TEST(PythonDict, KeepsItsLines) {
  const Read read = read_text("SETTINGS:\n{'scenes': 'red',\n 'width': 64,\n 'hight': 48}", "run.txt");
  EXPECT_EQ(report(read.problems), "");
  ASSERT_EQ(read.entries.size(), 3u);
  EXPECT_EQ(read.entries[2].location.line, 4);
}

TEST(PythonDict, OtherFilesAreNone) {
  EXPECT_EQ(settings_of("scenes: 'SETTINGS: {}'").get<std::string>("scenes"), "SETTINGS: {}");
  EXPECT_EQ(settings_of("# SETTINGS: {'a'}\nscenes: red").get<std::string>("scenes"), "red");
}

/// Every beginning of it, and every place with another character: refused or read, but never worse.
TEST(PythonDict, DamagedIsRefusedOrRead) {
  const std::string whole = kDict;
  for (std::size_t i = 1; i < whole.size(); ++i) {
    std::vector<Problem> problems;
    read_settings_text(whole.substr(0, i), "cut", problems);
    EXPECT_FALSE(problems.empty()) << i;
    for (const char c : {'\\', '\'', '"', '{', ')', 'u'}) {
      std::string changed = whole;
      changed[i] = c;
      read_settings_text(changed, "changed", problems);
    }
  }
}

}  // namespace
}  // namespace reverie::test
