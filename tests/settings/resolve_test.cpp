// What settings mean: names, defaults, who wins, what is refused, and that they survive being written.

#include <cmath>

#include "app/plan.h"
#include "settings/settings_fixture.h"
#include "settings/table.h"

namespace reverie::test {
namespace {

std::string problems_of(const std::string& text, const std::vector<std::string>& overrides = {}) {
  return report(resolve_text(text, overrides).problems);
}

TEST(ResolveDefaults, AreTheSpecifications) {
  const Settings settings = settings_of("scenes: red");
  const auto whole = [&](const char* name) { return settings.get<std::int64_t>(name); };
  const auto real = [&](const char* name) { return settings.get<double>(name); };
  const auto text = [&](const char* name) { return settings.get<std::string>(name); };
  EXPECT_EQ(text("scene_prefix"), "");
  EXPECT_EQ(text("scene_suffix"), "");
  EXPECT_EQ(whole("interpolation_steps"), 0);
  EXPECT_EQ(whole("steps_per_scene"), 100);
  EXPECT_EQ(whole("width"), 512);
  EXPECT_EQ(whole("height"), 512);
  EXPECT_EQ(real("smoothing_weight"), 0.02);
  EXPECT_EQ(text("image_model"), "Unlimited Palette");
  EXPECT_EQ(whole("steps_per_frame"), 50);
  EXPECT_EQ(text("file_namespace"), "default");
  EXPECT_FALSE(settings.get<bool>("allow_overwrite"));
  EXPECT_EQ(whole("save_every"), 50);
  EXPECT_FALSE(settings.has("learning_rate"));
  EXPECT_FALSE(settings.has("seed"));
  EXPECT_EQ(whole("cutouts"), 40);
  EXPECT_EQ(real("cut_pow"), 2);
  EXPECT_EQ(real("cutout_border"), 0.25);
  EXPECT_EQ(text("border_mode"), "clamp");
  EXPECT_EQ(whole("gradient_accumulation_steps"), 1);
  EXPECT_EQ(text("models_parent_dir"), "~/.cache");
  EXPECT_EQ(text("device"), "auto");
}

/// Every setting of the specification's tables, so that none is forgotten. Values are as documents write
/// them; a setting that is not there yet takes its default all the same.
TEST(ResolveDefaults, EverySettingOfTheSpecificationIsKnown) {
  const std::string all = R"(
scenes: red
scene_prefix: ''
scene_suffix: ''
interpolation_steps: 0
steps_per_scene: 100
direct_image_prompts: ''
init_image: ''
direct_init_weight: ''
semantic_init_weight: ''
width: 512
height: 512
pixel_size: 1
smoothing_weight: 0.02
image_model: Unlimited Palette
vqgan_model: sflckr
random_initial_palette: false
palette_size: 5
palettes: 20
gamma: 1
hdr_weight: 0.01
palette_normalization_weight: 0.2
show_palette: false
target_palette: ''
lock_palette: false
animation_mode: off
sampling_mode: bicubic
infill_mode: wrap
pre_animation_steps: 50
steps_per_frame: 50
frames_per_second: 12
direct_stabilization_weight: ''
semantic_stabilization_weight: ''
depth_stabilization_weight: ''
edge_stabilization_weight: ''
flow_stabilization_weight: ''
video_path: ''
frame_stride: 1
reencode_each_frame: true
flow_long_term_samples: 1
translate_x: '0'
translate_y: '0'
translate_z_3d: '0'
rotate_3d: '[1, 0, 0, 0]'
rotate_2d: '0'
zoom_x_2d: '0'
zoom_y_2d: '0'
lock_camera: true
field_of_view: 60
near_plane: 1
far_plane: 10000
input_audio: ''
input_audio_offset: 0
input_audio_filters: []
file_namespace: default
allow_overwrite: false
display_every: 50
clear_every: 0
display_scale: 1
save_every: 50
backups: 3
show_graphs: false
approximate_vram_usage: false
use_tensorboard: false
restore: false
ViTB32: false
ViTB16: false
ViTL14: false
ViTL14_336px: false
RN50: false
RN101: false
RN50x4: false
RN50x16: false
RN50x64: false
learning_rate: null
reset_lr_each_frame: true
seed: null
cutouts: 40
cut_pow: 2
cutout_border: 0.25
border_mode: clamp
gradient_accumulation_steps: 1
models_parent_dir: ~/.cache
device: auto
)";
  const ParamSpec of_plugins[] = {integer("pixel_size", 1).range(1, 64),
                                  text("vqgan_model", "sflckr"),
                                  boolean("random_initial_palette", false),
                                  integer("palette_size", 5),
                                  integer("palettes", 20),
                                  number("gamma", 1),
                                  number("hdr_weight", 0.01),
                                  number("palette_normalization_weight", 0.2),
                                  text("target_palette", ""),
                                  boolean("lock_palette", false)};
  Read read = read_text(all);
  const Resolution resolution = resolve_with(read.entries, read.problems,
                                             {{"image_models/any", of_plugins}, {"animation/any", kMotion}});
  EXPECT_EQ(report(resolution.problems), "");
}

TEST(ResolveNames, InAnyCaseAndUnderTheirAliases) {
  EXPECT_EQ(problems_of("Scenes: red\nrotate_2D: '0'\ntranslate_z_3D: '0'\n"
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
  EXPECT_NE(problems_of("scenes: red\nlock_pallete: true").find("no setting 'lock_pallete'"),
            std::string::npos);
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
      problems_of("scenes: red\n\nsteps_per_frame: many"),
      "FILE:3: 'steps_per_frame' is many, which is not a whole number; allowed: whole number, at least 1");
  EXPECT_EQ(problems_of("scenes: red", {"bpm=0"}),
            "command line: 'bpm' is 0, which is out of range; allowed: number, above 0");
  // Plain numbers of settings that may be expressions are checked as well.
  EXPECT_EQ(
      problems_of("scenes: red", {"cut_pow=0"}),
      "command line: 'cut_pow' is 0, which is out of range; allowed: number or expression of t, above 0");
  EXPECT_EQ(
      problems_of("scenes: red\ncutouts: 4.5"),
      "FILE:2: 'cutouts' is 4.5, which is not a whole number; allowed: whole number or expression of t, "
      "1 to 4096");
  EXPECT_EQ(problems_of("scenes: red\nhieght: 64"),
            "FILE:2: there is no setting 'hieght'; did you mean 'height'?");
}

TEST(ResolveProblems, AllOfAFileAtOnce) {
  const std::string report =
      problems_of("scenes: red\nwidth: wide\nhieght: 1\ncut_pow: -1\nseed: x\n", {"device=gpu"});
  for (const char* place : {"FILE:2: 'width'", "FILE:3: there is no setting", "FILE:4: 'cut_pow'",
                            "FILE:5: 'seed'", "command line: 'device'"})
    EXPECT_NE(report.find(place), std::string::npos) << place << " in\n" << report;
  EXPECT_EQ(std::count(report.begin(), report.end(), '\n'), 4);
}

TEST(ResolveProblems, CombinationsAreJudgedBesideOtherProblems) {
  const std::string report =
      problems_of("scenes: red\nwidth: wide\ncutouts: 10\ngradient_accumulation_steps: 4");
  EXPECT_NE(report.find("FILE:4: 'gradient_accumulation_steps' is 4, which does not divide the 10 cutouts"),
            std::string::npos)
      << report;
  // Nothing can be said about a combination with a value that is none.
  EXPECT_EQ(problems_of("scenes: red\ncutouts: 0\ngradient_accumulation_steps: 7").find("divide"),
            std::string::npos);
  // One that varies is rounded to what can be divided.
  EXPECT_EQ(problems_of("scenes: red\ncutouts: 10 + t\ngradient_accumulation_steps: 7"), "");
}

TEST(ResolveProblems, ABrokenReferenceDoesNotTaintTheNext) {
  EXPECT_EQ(problems_of("scenes: red\nwidth: ${nowhere}\nheight: ${save_every}\nsave_every: 64"),
            "FILE:2: 'width': ${nowhere} names no setting");
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

TEST(ResolveMotion, TakesExpressionsNumbersAndLists) {
  const auto json = [](const std::string& line, const char* name) {
    return settings_of("scenes: red\n" + line).find_param("animation/any", name)->json();
  };
  EXPECT_EQ(json("translate_x: 2.50", "translate_x"), "2.5");
  EXPECT_EQ(json("translate_x: '3*sin(t)'", "translate_x"), "\"3*sin(t)\"");
  EXPECT_EQ(json("rotate_3d: [1, 0.5, 'sin(t)', 0]", "rotate_3d"), "\"[1, 0.5, sin(t), 0]\"");
  EXPECT_EQ(json("rotate_3d: '[1, 0, 0, 0]'", "rotate_3d"), "\"[1, 0, 0, 0]\"");
}

TEST(ResolveGroups, AreKeptAsTheyWereWrittenAndSavedAsObjects) {
  const std::string text =
      "scenes: red\nwidth: 80\ninput_audio_filters:\n- variable_name: fLo\n  f_center: ${width}\n  f_width: "
      "6.50\n"
      "- {variable_name: '7', on: yes, none: , list: [1, two]}";
  const Settings settings = settings_of(text);
  const std::vector<RawValue>& groups = settings.find("input_audio_filters")->groups;
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(groups[0].line, 4);
  EXPECT_EQ(groups[1].line, 7);
  const std::string saved = R"([{"variable_name": "fLo", "f_center": 80, "f_width": 6.5}, )"
                            R"({"variable_name": "7", "on": "yes", "none": null, "list": [1, "two"]}])";
  EXPECT_EQ(settings.find("input_audio_filters")->json(), saved);
  const Settings again = settings_of(R"({"scenes": "red", "input_audio_filters": )" + saved + "}");
  EXPECT_EQ(again.find("input_audio_filters")->json(), saved);
  EXPECT_EQ(settings_of("scenes: red\ninput_audio_filters: " + saved).find("input_audio_filters")->json(),
            saved);
  EXPECT_EQ(settings_of("scenes: red", {"input_audio_filters={variable_name: a}"})
                .find("input_audio_filters")
                ->json(),
            R"([{"variable_name": "a"}])")
      << "one group is a list of one";
  EXPECT_EQ(settings_of("scenes: red\ninput_audio_filters:").find("input_audio_filters")->json(), "[]");
  EXPECT_NE(problems_of("scenes: red\ninput_audio_filters: fLo")
                .find("'input_audio_filters' is fLo, which is not a group of values; allowed: list of groups "
                      "of values"),
            std::string::npos);
  EXPECT_NE(problems_of("scenes: red\ninput_audio_filters: [fLo]").find("something other than groups"),
            std::string::npos);
}

TEST(ResolveNames, HydrasAddingOfKeysIsExplained) {
  EXPECT_NE(problems_of("scenes: red\n+width: 20").find("'+width'; no '+' is needed: write 'width'"),
            std::string::npos);
  EXPECT_NE(problems_of("scenes: red\n+++: 20").find("there is no setting '+++'"), std::string::npos);
}

TEST(ResolveSizes, OneSideMayFollowFromTheInitImage) {
  EXPECT_EQ(problems_of("scenes: red\ninit_image: a.png\nwidth: -1"), "");
  EXPECT_EQ(problems_of("scenes: red\ninit_image: a.png\nheight: -1\nwidth: 20"), "");
  EXPECT_EQ(problems_of("scenes: red\nvideo_path: a.mp4\nheight: -1\nwidth: 20"), "");
  EXPECT_NE(problems_of("scenes: red\nwidth: -1").find("no init_image, nor a video, to take the shape from"),
            std::string::npos);
  EXPECT_NE(problems_of("scenes: red\ninit_image: a.png\nwidth: -1\nheight: -1").find("both -1"),
            std::string::npos);
  EXPECT_NE(problems_of("scenes: red\nwidth: 0").find("'width' is 0"), std::string::npos);
  EXPECT_NE(problems_of("scenes: red\nwidth: -2").find("out of range"), std::string::npos);
}

TEST(ResolveSeeds, AreUsedAndSavedToTheLastDigit) {
  // The reference draws them from -2^63 to 2^64 - 1.
  const auto seed_of = [](const std::string& digits) { return settings_of("scenes: red\nseed: " + digits); };
  for (const std::string digits :
       {"-9223372036854775808", "-4854551145582748953", "9007199254740993", "9223372036854775807",
        "9223372036854775808", "15291079827822783929", "18446744073709551615", "0", "-1"}) {
    const RunSettings settings = seed_of(digits);
    const auto bits = digits[0] == '-' ? static_cast<std::uint64_t>(std::stoll(digits)) : std::stoull(digits);
    EXPECT_EQ(static_cast<std::uint64_t>(settings.get<std::int64_t>("seed")), bits) << digits;
    EXPECT_EQ(settings.find("seed")->json(), digits);
    EXPECT_EQ(settings_of(settings_json(settings)).find("seed")->json(), digits);
  }
  EXPECT_EQ(seed_of("+7").find("seed")->json(), "7");
  EXPECT_EQ(seed_of("007").find("seed")->json(), "7");
  EXPECT_NE(problems_of("scenes: red\nseed: 1e19").find("digits"), std::string::npos) << "which ones?";
  for (const char* digits : {"18446744073709551616", "-9223372036854775809"})
    EXPECT_NE(problems_of("scenes: red\nseed: " + std::string(digits)).find("out of range"),
              std::string::npos)
        << digits;
  EXPECT_NE(problems_of("scenes: red\nwidth: 9007199254740994").find("out of range"), std::string::npos);
}

TEST(ResolveSeeds, ThatAreSetAnewAreNotTheOldOnes) {
  SettingValue seed = *settings_of("scenes: red\nseed: 15291079827822783929").find("seed");
  seed.number = 1;
  EXPECT_EQ(seed.whole(), 1);
  EXPECT_EQ(seed.json(), "1");
}

TEST(ResolveBooleans, AreOneAndZeroToo) {
  EXPECT_TRUE(settings_of("scenes: red\nallow_overwrite: 1").get<bool>("allow_overwrite"));
  EXPECT_FALSE(settings_of("scenes: red\nallow_overwrite: 0").get<bool>("allow_overwrite"));
  EXPECT_NE(problems_of("scenes: red\nallow_overwrite: 2").find("not true or false"), std::string::npos);
}

TEST(ResolvePaths, InASecondPairOfQuotesLoseIt) {
  const auto text = [](const std::string& lines, const char* name) {
    return settings_of("scenes: red\n" + lines).get<std::string>(name);
  };
  for (const char* name : {"init_image", "video_path", "input_audio", "models_parent_dir"}) {
    EXPECT_EQ(text(std::string(name) + ": \"'a b.png'\"", name), "a b.png");
    EXPECT_EQ(text(std::string(name) + ": '\"a b.png\"'", name), "a b.png");
    EXPECT_EQ(text(std::string(name) + ": \"'a.png\"", name), "'a.png") << "one quote may be the name's";
  }
  EXPECT_EQ(text("scene_prefix: \"'a hill'\"", "scene_prefix"), "'a hill'") << "words keep theirs";
}

TEST(ResolvePaths, ThatAreBlankAreNone) {
  for (const char* name :
       {"init_image", "video_path", "input_audio", "depth_model", "flow_model", "animation_mode"})
    for (const char* blank : {"''", "'  '", "\"\\t\"", "null"}) {
      const Settings settings = settings_of(std::string("scenes: red\n") + name + ": " + blank + "\n");
      EXPECT_EQ(settings.get<std::string>(name), "") << name << ": " << blank;
    }
  EXPECT_TRUE(settings_of("scenes: red\nperceptors: ['', ' ']\n")
                  .get<std::vector<std::string>>("perceptors")
                  .empty());
  EXPECT_EQ(settings_of("scenes: red\n", {"init_image= "}).get<std::string>("init_image"), "");
}

TEST(ResolveTexts, APictureInBracketsIsNoList) {
  EXPECT_EQ(settings_of("scenes: [photo.png]\n").get<std::string>("scenes"), "[photo.png]");
  EXPECT_EQ(settings_of("scenes: [my photos/1]\n").get<std::string>("scenes"), "[my photos/1]");
  const auto typed = [](const std::string& scenes) {
    return settings_of("width: 8\n", {"scenes=" + scenes}).get<std::string>("scenes");
  };
  EXPECT_EQ(typed("['a, b.png']"), "['a, b.png']") << "as typed";
  const Scratch scratch;
  const std::string picture = scratch.write("a, b", "").string();
  EXPECT_EQ(typed("[" + picture + "]"), "[" + picture + "]") << "a file that is there";
  for (const char* list : {"scenes=[a, b]", "scenes=[a.png, b.png]", "scenes=[a]", "scenes=[]"})
    EXPECT_NE(problems_of("width: 8\n", {list}).find("|| between scenes"), std::string::npos) << list;
}

TEST(ResolveHints, WhatOtherProgramsCallOurSettings) {
  const auto hint = [](const std::string& line) { return problems_of("scenes: red\n" + line); };
  EXPECT_NE(hint("prompt: x").find("did you mean 'scenes'?"), std::string::npos);
  EXPECT_NE(hint("Steps: 10").find("did you mean 'steps_per_scene'?"), std::string::npos);
  EXPECT_NE(hint("fps: 10").find("did you mean 'frames_per_second'?"), std::string::npos);
  EXPECT_NE(problems_of("scenes: red", {"cut_pow=0.5,1"}).find("-m"), std::string::npos);
  EXPECT_EQ(hint("cut_pow: 0.5,1").find("-m"), std::string::npos) << "a file has no commas for several runs";
}

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

TEST(ResolveNotices, FadeLongerThanTheScene) {
  EXPECT_EQ(resolve_text("scenes: red\ninterpolation_steps: 200").notices.size(), 1u);
  EXPECT_EQ(resolve_text("scenes: red\ninterpolation_steps: 100").notices.size(), 0u);
}

/// Values that text formats like to break.
const char* const kDifficult = R"({
  "scenes": "a \"red\" \\ hill: 2 | 'it''s' \ud83d\ude00 caf\u00e9 \u2028 # no | - {x} [y] %z *w &v !u @t `s || off || \u007f\u0001\t\n end",
  "scene_prefix": "  both ends  ", "scene_suffix": "null", "file_namespace": "on", "image_model": "2e3",
  "seed": 9007199254740992, "learning_rate": 0.1, "cut_pow": 0.3333333333333333, "smoothing_weight": -1e-300,
  "cutouts": 12, "gradient_accumulation_steps": 3, "perceptors": ["", "a, b", "~", "\u00e9: x"], "device": "3",
  "allow_overwrite": true, "border_mode": "smear"
})";

void expect_equal(const Settings& a, const Settings& b) {
  ASSERT_EQ(a.names(), b.names());
  for (const std::string& name : a.names()) {
    const SettingValue &x = *a.find(name), &y = *b.find(name);
    EXPECT_EQ(x.null, y.null) << name;
    EXPECT_EQ(x.number, y.number) << name;
    if (x.spec.animatable)
      EXPECT_EQ(x.json(), y.json()) << name;  // 0.1 is written in several ways
    else
      EXPECT_EQ(x.text, y.text) << name;
    EXPECT_EQ(x.list, y.list) << name;
  }
}

TEST(ResolveRoundTrip, ThroughYamlAndJson) {
  for (const std::string text : {kDifficult, "scenes: red\n"}) {
    const RunSettings settings = settings_of(text);
    expect_equal(settings, settings_of(settings_yaml(settings)));
    expect_equal(settings, settings_of(settings_json(settings)));
    EXPECT_EQ(settings_yaml(settings), settings_yaml(settings_of(settings_json(settings))));
  }
}

TEST(ResolvePerceptors, WeightsStandBesideNames) {
  using Texts = std::vector<std::string>;
  const RunSettings settings = settings_of(
      "scenes: red\nperceptors:\n- one\n- {name: two, weight: 0.5}\n- name: three\n  weight: [{frame: 0, "
      "value: 1}, {frame: 9, value: t}]\n");
  EXPECT_EQ(settings.get<Texts>("perceptors"), (Texts{"one", "two", "three"}));
  const std::string json = settings.find("perceptors")->json();
  EXPECT_EQ(
      json,
      R"~([{"name": "one"}, {"name": "two", "weight": 0.5}, {"name": "three", "weight": "0: (1), 9: (t)"}])~");
  EXPECT_EQ(settings_of(settings_json(settings)).find("perceptors")->json(), json);
  EXPECT_EQ(settings_of(settings_yaml(settings)).find("perceptors")->json(), json);
  // Without weights it is the list of names that it always was.
  EXPECT_EQ(settings_of("scenes: red\nperceptors: [one, {name: two}]").find("perceptors")->json(),
            R"(["one", "two"])");
  EXPECT_EQ(settings_of("scenes: red\nperceptors: {name: two, weight: 1}").get<Texts>("perceptors"),
            Texts{"two"});
}

TEST(ResolvePerceptors, MistakesAreNamed) {
  for (const auto& [list, words] : {std::pair{"[{name: a, weight: -1}]", "out of range"},
                                    {"[{name: a, weight: }]", "no value"},
                                    {"[{weight: 1}]", "without 'name'"},
                                    {"[{name: a, wieght: 1}]", "'wieght'"},
                                    {"[[a]]", "something other"}}) {
    const std::string problems = problems_of("scenes: red\nperceptors: " + std::string(list));
    EXPECT_NE(problems.find(words), std::string::npos) << problems;
    EXPECT_NE(problems.find(":2: 'perceptors'"), std::string::npos) << problems;
  }
}

TEST(ResolveTable, DefaultsFitTheirOwnDeclarations) {
  for (const Setting& setting : settings_table()) {
    if (setting.spec.required || setting.spec.nullable || setting.spec.type == ParamType::list) continue;
    const SettingValue value = default_value(setting.spec);
    const bool text = setting.spec.type == ParamType::text || setting.spec.type == ParamType::choice;
    SettingValue read;
    EXPECT_EQ(convert(setting.spec, RawValue::scalar(text ? value.text : value.json(), text), read), "")
        << setting.spec.name;
    EXPECT_EQ(read.json(), value.json()) << setting.spec.name;
    EXPECT_FALSE(std::string(setting.spec.help_text).empty()) << setting.spec.name;
  }
}

}  // namespace
}  // namespace reverie::test
