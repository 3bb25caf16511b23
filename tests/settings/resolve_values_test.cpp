// What the values of settings mean, by type, and that they survive being written.

#include "settings/settings_fixture.h"

namespace reverie::test {
namespace {

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
  EXPECT_NE(problems_in("scenes: red\ninput_audio_filters: fLo")
                .find("'input_audio_filters' is fLo, which is not a group of values; allowed: list of groups "
                      "of values"),
            std::string::npos);
  EXPECT_NE(problems_in("scenes: red\ninput_audio_filters: [fLo]").find("something other than groups"),
            std::string::npos);
}

TEST(ResolveSizes, OneSideMayFollowFromTheInitImage) {
  EXPECT_EQ(problems_in("scenes: red\ninit_image: a.png\nwidth: -1"), "");
  EXPECT_EQ(problems_in("scenes: red\ninit_image: a.png\nheight: -1\nwidth: 20"), "");
  EXPECT_EQ(problems_in("scenes: red\nvideo_path: a.mp4\nheight: -1\nwidth: 20"), "");
  EXPECT_NE(problems_in("scenes: red\nwidth: -1").find("no init_image, nor a video, to take the shape from"),
            std::string::npos);
  EXPECT_NE(problems_in("scenes: red\ninit_image: a.png\nwidth: -1\nheight: -1").find("both -1"),
            std::string::npos);
  EXPECT_NE(problems_in("scenes: red\nwidth: 0").find("'width' is 0"), std::string::npos);
  EXPECT_NE(problems_in("scenes: red\nwidth: -2").find("out of range"), std::string::npos);
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
  EXPECT_NE(problems_in("scenes: red\nseed: 1e19").find("digits"), std::string::npos) << "which ones?";
  for (const char* digits : {"18446744073709551616", "-9223372036854775809"})
    EXPECT_NE(problems_in("scenes: red\nseed: " + std::string(digits)).find("out of range"),
              std::string::npos)
        << digits;
  EXPECT_NE(problems_in("scenes: red\nwidth: 9007199254740994").find("out of range"), std::string::npos);
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
  EXPECT_NE(problems_in("scenes: red\nallow_overwrite: 2").find("not true or false"), std::string::npos);
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
    EXPECT_NE(problems_in("width: 8\n", {list}).find("|| between scenes"), std::string::npos) << list;
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
    const std::string problems = problems_in("scenes: red\nperceptors: " + std::string(list));
    EXPECT_NE(problems.find(words), std::string::npos) << problems;
    EXPECT_NE(problems.find(":2: 'perceptors'"), std::string::npos) << problems;
  }
}

}  // namespace
}  // namespace reverie::test
