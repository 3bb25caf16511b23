// Parameters of plugins: those in use and those that are only installed, and names that several declare.

#include "settings/settings_fixture.h"

namespace reverie::test {
namespace {

TEST(ResolvePlugins, ParametersOfThoseInUseAndOfTheOthers) {
  const ParamSpec used[] = {integer("pixel_size", 1).range(1, 64)};
  const ParamSpec unused[] = {number("grain", 0.5).range(0, 1)};
  const auto outcome = [&](const std::string& text) {
    Read read = read_text(text);
    for (RawEntry& entry : read.entries) entry.location.file = "FILE";
    Resolution resolution =
        resolve(read.entries, read.problems, {{"image_models/used", used}, {"image_models/unused", unused}});
    resolution.settings.choose("image_models/used");
    for (const Problem& problem : resolution.settings.problems()) resolution.problems.push_back(problem);
    return resolution;
  };
  const Resolution good = outcome("scenes: red\npixel_size: 4\ngrain: 0.25");
  EXPECT_EQ(report(good.problems), "");
  EXPECT_EQ(good.settings.find_param("image_models/used", "pixel_size")->number, 4);
  EXPECT_EQ(good.settings.find("pixel_size"), nullptr) << "the program has no such setting";
  EXPECT_NE(settings_yaml(good.settings).find("\npixel_size: 4\ngrain: 0.25\n"), std::string::npos)
      << "a saved file says both again:\n"
      << settings_yaml(good.settings);
  EXPECT_EQ(settings_yaml(outcome("scenes: red").settings).find("grain"), std::string::npos);
  EXPECT_EQ(report(outcome("scenes: red\npixel_size: 100\ngrain: 2").problems),
            "FILE:2: 'pixel_size' is 100, which is out of range; allowed: whole number, 1 to 64\n"
            "FILE:3: 'grain' is 2, which is out of range; allowed: number, 0 to 1");
  EXPECT_NE(report(outcome("scenes: red\ngrian: 1").problems).find("did you mean 'grain'?"),
            std::string::npos);
}

/// Parameters of one name, of two kinds and of two types.
constexpr ParamSpec kSmall[] = {number("grain", 0.5).range(0, 1)};
constexpr ParamSpec kLarge[] = {number("grain", 5).range(0, 10)};
constexpr ParamSpec kWords[] = {text("grain", "fine")};
const std::vector<PluginParams> kShared = {
    {"image_models/paper", kSmall, "Fine Paper"}, {"viewers/paper", kLarge}, {"io/film", kWords}};

/// The lines about grain that are saved, with these plugins chosen; or the problems.
std::string grain_of(const std::string& text, const std::vector<std::string>& chosen,
                     const std::vector<std::string>& overrides = {}) {
  Read read = read_text("scenes: red\n" + text);
  for (RawEntry& entry : read.entries) entry.location.file = "FILE";
  for (const std::string& override : overrides)
    for (RawEntry& entry : read_override(override, read.problems)) read.entries.push_back(std::move(entry));
  Resolution resolution = resolve(read.entries, read.problems, kShared);
  for (const std::string& plugin : chosen) resolution.settings.choose(plugin);
  for (const Problem& problem : resolution.settings.problems()) resolution.problems.push_back(problem);
  if (!resolution.problems.empty()) return report(resolution.problems);
  std::string lines;
  for (const RunSettings::Line& line : resolution.settings.lines())
    if (line.name.ends_with("grain")) lines += line.name + "=" + line.value->json() + ";";
  return lines;
}

TEST(ResolveShared, OneNameForAllWhoTakeTheSame) {
  EXPECT_EQ(grain_of("grain: 1", {"image_models/paper", "viewers/paper"}), "grain=1;");
  EXPECT_EQ(grain_of("grain: 1", {"image_models/paper"}), "grain=1;");
  EXPECT_EQ(grain_of("grain: 8", {"viewers/paper"}), "grain=8;");
  EXPECT_EQ(
      grain_of("grain: 8", {"image_models/paper", "viewers/paper"}),
      "FILE:2: 'grain' is 8, which is out of range; allowed: number, 0 to 1; so image_models/paper declares "
      "it");
  EXPECT_EQ(grain_of("", {"image_models/paper", "viewers/paper"}),
            "image_models/paper.grain=0.5;viewers/paper.grain=5;")
      << "their defaults differ, and so do their kinds alone";
  EXPECT_EQ(grain_of("", {"image_models/paper", "io/film"}), "paper.grain=0.5;film.grain=\"fine\";");
}

TEST(ResolveShared, LongNames) {
  for (const char* name : {"image_models/paper.grain", "Image_Models/Paper.GRAIN", "fine paper.grain"})
    EXPECT_EQ(grain_of(std::string(name) + ": 0.25", {"image_models/paper", "viewers/paper"}),
              "image_models/paper.grain=0.25;viewers/paper.grain=5;")
        << name;
  EXPECT_EQ(grain_of("paper.grain: 1", {"image_models/paper", "viewers/paper", "io/film"}),
            "image_models/paper.grain=1;viewers/paper.grain=1;film.grain=\"fine\";")
      << "both plugins of the name, and no other";
  EXPECT_EQ(grain_of("film.grain: coarse", {"viewers/paper"}), "paper.grain=5;film.grain=\"coarse\";")
      << "what has no effect is kept, too";
  EXPECT_EQ(grain_of("film.grain: coarse", {}), "film.grain=\"coarse\";");
}

TEST(ResolveShared, TheLaterSourceWinsAndInOneSourceTheLongName) {
  const std::vector<std::string> film = {"io/film"};
  EXPECT_EQ(grain_of("film.grain: a\ngrain: b", film), "grain=\"a\";");
  EXPECT_EQ(grain_of("film.grain: a", film, {"grain=b"}), "grain=\"b\";");
  EXPECT_EQ(grain_of("grain: a", film, {"film.grain=b"}), "grain=\"b\";");
  EXPECT_EQ(grain_of("", film, {"film.grain=a", "grain=b"}), "grain=\"a\";");
}

TEST(ResolveShared, TypesThatDifferNeedLongNames) {
  const std::vector<std::string> both = {"image_models/paper", "io/film"};
  const std::string expected =
      "FILE:2: 'grain' is a number in image_models/paper and a text in io/film; write 'paper.grain' and "
      "'film.grain' in its place";
  EXPECT_EQ(grain_of("grain: 1", both), expected);
  EXPECT_EQ(grain_of("grain: coarse", both), expected) << "whether it fits one of them or not";
  EXPECT_EQ(grain_of("grain: coarse", {"io/film", "image_models/paper"}), expected);
  EXPECT_EQ(grain_of("grain: 1\nfilm.grain: coarse", both), expected);
  EXPECT_EQ(grain_of("grain: 1", both, {"film.grain=coarse", "image_models/paper.grain=0.75"}),
            "paper.grain=0.75;film.grain=\"coarse\";")
      << "then it is for nobody";
  EXPECT_EQ(grain_of("grain: coarse", {"io/film"}), "grain=\"coarse\";") << "the other is only installed";
}

TEST(ResolveShared, ReferencesMeanTheSameNames) {
  EXPECT_EQ(
      grain_of("image_models/paper.grain: 0.25\nfilm.grain: ${image_models/paper.grain} mm", {"io/film"}),
      "paper.grain=0.25;film.grain=\"0.25 mm\";");
  EXPECT_EQ(grain_of("scene_prefix: ${grain}", {"io/film"}),
            "FILE:2: 'scene_prefix': ${grain} is not the same in all plugins that have it; write "
            "${image_models/paper.grain}");
}

TEST(ResolveShared, WhatNobodyInUseTakesMustFitSomebody) {
  const auto slips = [](const std::string& line, const std::string& chosen) {
    const Read read = read_text("scenes: red\n" + line);
    const std::vector<PluginParams> numbers = {kShared[0], kShared[1]};
    RunSettings settings = resolve(read.entries, read.problems, numbers).settings;
    settings.choose(chosen);
    return settings.problems().size();
  };
  EXPECT_EQ(slips("grain: 8", ""), 0u) << "one of them would take it";
  EXPECT_EQ(slips("grain: 80", ""), 1u);
  EXPECT_EQ(slips("image_models/paper.grain: 8", ""), 1u);
  EXPECT_EQ(slips("grain: 8", "viewers/paper"), 0u);
}

TEST(ResolveShared, UnknownLongNames) {
  EXPECT_EQ(
      grain_of("flim.grain: 1", {}),
      "FILE:2: there is no setting 'flim.grain': no plugin 'flim' is installed; did you mean 'film.grain'?");
  EXPECT_EQ(
      grain_of("film.grian: 1", {}),
      "FILE:2: there is no setting 'film.grian': the plugin io/film has no parameter 'grian'; did you mean "
      "'film.grain'?");
}

}  // namespace
}  // namespace reverie::test
