// The language of `scenes`, and who has a share in the loss when.

#include "prompts/prompt.h"

#include <gtest/gtest.h>

#include <cmath>

namespace reverie::test {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

const std::set<std::string> kNames = {"fLo", "fLo_prev"};

std::vector<Scene> parse(const std::string& scenes, const std::string& prefix = "",
                         const std::string& suffix = "") {
  std::vector<std::string> problems, notices;
  std::vector<Scene> result = parse_scenes(scenes, prefix, suffix, kNames, problems, notices);
  EXPECT_EQ(problems, std::vector<std::string>{}) << scenes;
  return result;
}

/// The texts of all prompts: prompts joined by ",", scenes by "/".
std::string texts(const std::vector<Scene>& scenes) {
  std::string result;
  for (std::size_t s = 0; s < scenes.size(); ++s) {
    if (s) result += "/";
    for (std::size_t p = 0; p < scenes[s].prompts.size(); ++p)
      result += (p ? "," : "") + scenes[s].prompts[p].text;
  }
  return result;
}

Prompt only_prompt(const std::string& text) {
  const std::vector<Scene> scenes = parse(text);
  EXPECT_EQ(scenes.size(), 1u) << text;
  EXPECT_EQ(scenes.at(0).prompts.size(), 1u) << text;
  return scenes.at(0).prompts.at(0);
}

std::vector<std::string> problems_of(const std::string& scenes) {
  std::vector<std::string> problems, notices;
  parse_scenes(scenes, "", "", kNames, problems, notices);
  return problems;
}

struct Parts {
  std::string text;
  double weight, stop;
  bool operator==(const Parts&) const = default;
};
void PrintTo(const Parts& p, std::ostream* out) { *out << p.text << ":" << p.weight << ":" << p.stop; }

/// A prompt's text, weight and stop at t = 2, fLo = 3 and fLo_prev = 5.
Parts parts_of(const Prompt& prompt) {
  const std::map<std::string, double> values = {{"t", 2}, {"fLo", 3}, {"fLo_prev", 5}};
  return {prompt.text, prompt.weight.number(values), prompt.stop.number(values)};
}

TEST(Scenes, SplitAtDoubleAndSingleBars) {
  EXPECT_EQ(texts(parse("red")), "red");
  EXPECT_EQ(texts(parse("red | green")), "red,green");
  EXPECT_EQ(texts(parse("red | green || blue")), "red,green/blue");
  EXPECT_EQ(texts(parse("red||green||blue|white")), "red/green/blue,white");
}

TEST(Scenes, SkipEmptyPieces) {
  EXPECT_EQ(texts(parse("|| red | | green | || || \t blue ||")), "red,green/blue");
  EXPECT_EQ(texts(parse("red ||| green")), "red/green");
}

TEST(Scenes, KeepTextAsItIsWritten) {
  EXPECT_EQ(texts(parse("  A Red_Heart, 50% (big)  ")), "A Red_Heart, 50% (big)");
  EXPECT_EQ(texts(parse("caf\xC3\xA9 \xF0\x9F\x98\x80")), "caf\xC3\xA9 \xF0\x9F\x98\x80");
}

TEST(Scenes, PrefixAndSuffixGoAroundEachScene) {
  EXPECT_EQ(texts(parse("red || green | blue", "a hill, ", " at night")),
            "a hill, red  at night/a hill,  green,blue at night")
      << "letter by letter: spaces are the artist's";
}

TEST(Scenes, PrefixAndSuffixAreSplitTogetherWithTheScene) {
  EXPECT_EQ(texts(parse("red || green", "frame | ", " | sky")), "frame,red,sky/frame,green,sky");
  EXPECT_EQ(texts(parse("red", "", ":2")) +
                std::to_string(parse("red", "", ":2")[0].prompts[0].weight.number({})).substr(0, 1),
            "red2");
}

TEST(Scenes, EmptyScenesGetNoPrefix) {
  EXPECT_EQ(texts(parse("red || || green", "a ", "")), "a red/a  green");
}

TEST(Prompts, WeightsAndStops) {
  const auto parts = [](const std::string& text) { return parts_of(only_prompt(text)); };
  EXPECT_EQ(parts("red"), (Parts{"red", 1, -kInfinity}));
  EXPECT_EQ(parts("red:2"), (Parts{"red", 2, -kInfinity}));
  EXPECT_EQ(parts(" red : 0.5 : 0.25 "), (Parts{"red", 0.5, 0.25}));
  EXPECT_EQ(parts("red:-1"), (Parts{"red", -1, -kInfinity}));
  EXPECT_EQ(parts("red:-1:-.9"), (Parts{"red", -1, -0.9}));
  EXPECT_EQ(parts("red:+1e-1:-inf"), (Parts{"red", 0.1, -kInfinity}));
  EXPECT_EQ(parts("red:0"), (Parts{"red", 0, -kInfinity}));
  EXPECT_EQ(parts("red:2_a"), (Parts{"red", 2, -kInfinity}));
  EXPECT_EQ(parts("red: 2 _ a :0.5"), (Parts{"red", 2, 0.5}));
}

TEST(Prompts, WeightsAndStopsAreExpressions) {
  const auto parts = [](const std::string& text) { return parts_of(only_prompt(text)); };
  EXPECT_EQ(parts("red:t*3:1/(t+2)"), (Parts{"red", 6, 0.25}));
  EXPECT_EQ(parts("red:max(t, [1,9][1])"), (Parts{"red", 9, -kInfinity}))
      << "the ':' of no slice splits here";
  EXPECT_EQ(parts("red:1 if t > 1 else 0:-t"), (Parts{"red", 1, -2}));
  EXPECT_EQ(parts("red:fLo-fLo_prev"), (Parts{"red", -2, -kInfinity}));
}

TEST(Prompts, UnderscoresOfKnownNamesDoNotSplit) {
  const Prompt prompt = only_prompt("red:fLo_prev_r_fLo_prev/10");
  EXPECT_EQ(parts_of(prompt), (Parts{"red", 5, -kInfinity}));
  EXPECT_EQ(prompt.mask.letter, 'r');
  ASSERT_TRUE(prompt.mask.cutoff);
  EXPECT_EQ(prompt.mask.cutoff->number({{"fLo_prev", 5}}), 0.5);
  // Of `fLo_previous` nothing is known, so it is the weight fLo with a phrase.
  const Prompt phrase = only_prompt("red:fLo_previous");
  EXPECT_EQ(phrase.mask.kind, PromptMask::Kind::phrase);
  EXPECT_EQ(phrase.mask.what, "previous");
}

TEST(PromptMasks, Letters) {
  for (const char letter : std::string("alrudnf")) {
    const Prompt prompt = only_prompt(std::string("red:2_") + letter);
    EXPECT_EQ(prompt.mask.kind, PromptMask::Kind::letter);
    EXPECT_EQ(prompt.mask.letter, letter);
    EXPECT_FALSE(prompt.mask.cutoff);
  }
  const Prompt cut = only_prompt("red:2_ l _ t/8 :0.3");
  EXPECT_EQ(cut.mask.letter, 'l');
  EXPECT_EQ(cut.mask.cutoff->number({{"t", 2}}), 0.25);
  EXPECT_EQ(parts_of(cut).stop, 0.3);
}

TEST(PromptMasks, PicturesVideosAndPhrases) {
  const auto mask = [](const std::string& text) { return only_prompt(text).mask; };
  using Kind = PromptMask::Kind;
  EXPECT_EQ(mask("red:1_[a_b:c.png]").kind, Kind::picture);
  EXPECT_EQ(mask("red:1_[a_b:c.png]").what, "a_b:c.png");
  EXPECT_FALSE(mask("red:1_[a.png]").inverted);
  EXPECT_TRUE(mask("red:1_[-a.png]").inverted);
  EXPECT_EQ(mask("red:1_[ - a.png ]").what, "a.png");
  EXPECT_EQ(mask("red:1_[https://host:80/x_y.mp4]").kind, Kind::video);
  EXPECT_EQ(mask("red:1_[-C:\\clips\\x.MP4]").kind, Kind::video);
  EXPECT_EQ(mask("red:1_[-C:\\clips\\x.MP4]").what, "C:\\clips\\x.MP4");
  EXPECT_EQ(mask("red:1_a red car").kind, Kind::phrase);
  EXPECT_EQ(mask("red:1_a red car").what, "a red car");
  EXPECT_EQ(mask("red:1_sky_0.3").cutoff->number({}), 0.3);
  EXPECT_EQ(mask("red:1_left").kind, Kind::phrase);
}

TEST(Prompts, PicturesStandInBrackets) {
  const Prompt prompt = only_prompt("[http://host/a_b.png]:2_r:0.5");
  EXPECT_TRUE(prompt.picture);
  EXPECT_EQ(parts_of(prompt), (Parts{"http://host/a_b.png", 2, 0.5}));
  EXPECT_EQ(only_prompt("[ C:\\my pictures\\a_1.png ]").text, "C:\\my pictures\\a_1.png");
  EXPECT_FALSE(only_prompt("a [b:c_d] heart:2").picture);
  EXPECT_EQ(parts_of(only_prompt("a [b:c_d] heart:2")), (Parts{"a [b:c_d] heart", 2, -kInfinity}));
  EXPECT_EQ(parts_of(only_prompt("a [b heart:2")).weight, 2) << "a bracket that never closes holds nothing";
}

TEST(PromptProblems, QuoteThePromptAndMarkThePlace) {
  const auto only = [](const std::string& scenes) {
    const std::vector<std::string> problems = problems_of(scenes);
    EXPECT_EQ(problems.size(), 1u) << scenes;
    return problems.empty() ? "" : problems[0];
  };
  /// The mark stands under the character `column` of the prompt.
  const auto marks = [&](const std::string& scenes, const std::string& words, std::size_t column) {
    const std::string problem = only(scenes);
    EXPECT_NE(problem.find("prompt '" + scenes + "'"), std::string::npos) << problem;
    EXPECT_NE(problem.find(words), std::string::npos) << problem;
    const auto line = problem.find('\n'), next = problem.find('\n', line + 1);
    ASSERT_NE(next, std::string::npos) << problem;
    const auto quoted = problem.find(scenes, line), caret = problem.find('^', next);
    ASSERT_NE(quoted, std::string::npos) << problem;
    ASSERT_NE(caret, std::string::npos) << problem;
    EXPECT_EQ(caret - next - 1, quoted - line - 1 + column) << problem;
  };
  marks("green:x", "the weight 'x'", 6);
  marks("green:1:y", "the stop 'y'", 8);
  marks("green:1 + * 2", "the weight '1 + * 2'", 10);
  marks("green:2_l_z", "cutoff 'z'", 10);
  marks("green:inf", "the weight is infinite", 6);
  marks("green:1_", "the mask after '_' is empty", 8);
  marks("green:1_[a.png", "'[' without its ']'", 8);
  marks("a:1:0:b", "it has more than text:weight:stop", 5);
  marks("a:1_r_2_3", "it has more than weight_mask_cutoff", 7);
  marks("green:mu", "r, R and mu are depths", 6);
  EXPECT_EQ(only("red | green:x | blue").rfind("prompt 'green:x': the weight 'x'", 0), 0u);
  for (const char* text : {":1", "green:", "green:1:", "green:nan", "green:1 2", "[]:1", "[a.png:1"})
    only(text);
}

TEST(PromptProblems, ACutoffThatHasNoUseIsANotice) {
  for (const char* text : {"red:1_a_0.5", "red:1_[m.png]_0.5"}) {
    std::vector<std::string> problems, notices;
    const auto scenes = parse_scenes(text, "", "", kNames, problems, notices);
    EXPECT_TRUE(problems.empty());
    ASSERT_EQ(notices.size(), 1u);
    EXPECT_FALSE(scenes[0].prompts[0].mask.cutoff);
  }
}

// The spherical distance of two unit vectors is at most 2 (pi / 2)^2 = 4.93.
TEST(PromptNotices, AStopThatAlwaysHolds) {
  const auto count = [](const std::string& prompt) {
    std::vector<std::string> problems, notices;
    parse_scenes(prompt, "", "", {}, problems, notices);
    EXPECT_TRUE(problems.empty()) << prompt;
    return notices.size();
  };
  EXPECT_EQ(count("a tiger: 16:9"), 1u);
  EXPECT_EQ(count("a tiger:1:5"), 1u);
  EXPECT_EQ(count("a tiger:1:4.9"), 0u);
  EXPECT_EQ(count("a tiger:-1:9"), 0u);
  EXPECT_EQ(count("a tiger:1:9*t"), 0u);
}

TEST(PromptNotices, ATextThatIsReadAsAWeight) {
  const auto notices_of = [](const std::string& scenes) {
    std::vector<std::string> problems, notices;
    parse_scenes(scenes, "", "", kNames, problems, notices);
    EXPECT_TRUE(problems.empty()) << scenes;
    return notices;
  };
  struct Case {
    const char *written, *hint;
  };
  const Case kCases[] = {
      {"a clock at 12:30",
       "write it without ':', such as 12.30, or in brackets: 'a clock at [12:30]'; if it is the "
       "weight, write '12: 30'"},
      {"a clock at 12:30:15", "'a clock at [12:30:15]'"},
      {"a photo in 16:9", "'a photo in [16:9]'"},
      {"John 3:16 | red", "'John [3:16]'"},
      {"a map 1:25000", "'a map [1:25000]'"},
      {"half past 12:30_l", "'half past [12:30]_l'"},
      {"12:30", "such as 12.30; if"},
      {"Blade Runner: 2049", "leave the ':' out; if it is the weight, write 2049.0"},
      {"vitamin: e", "the e behind ':' is read as its weight"},
  };
  for (const Case& c : kCases) {
    const std::vector<std::string> notices = notices_of(c.written);
    ASSERT_EQ(notices.size(), 1u) << c.written;
    EXPECT_NE(notices[0].find(c.hint), std::string::npos) << notices[0];
  }
  for (const char* written :
       {"red:2", "red: 30", "red:30", "at 12: 30", "blade runner 2049:2", "mp3:2", "red 1:0.5", "red 12:t",
        "red:fLo", "[a1.png]:20", "red:2049.0", "a clock at [12:30]", "red:-1:9"})
    EXPECT_EQ(notices_of(written), std::vector<std::string>{}) << written;
}

TEST(PromptProblems, ATextBehindAColonIsExplained) {
  for (const char* written : {"star wars: a new hope", "Alien: Covenant", "at 12:30 pm", "at 12:30pm"}) {
    const std::vector<std::string> problems = problems_of(written);
    ASSERT_EQ(problems.size(), 1u) << written;
    EXPECT_NE(problems[0].find("what follows a ':' is the prompt's weight"), std::string::npos) << problems[0];
  }
  std::vector<std::string> problems;
  parse_direct_prompts("shot 12:30.png", kNames, problems);
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_NE(problems[0].find("write a path that has a ':' in [ ]"), std::string::npos) << problems[0];
}

DirectPrompt only_direct(const std::string& text) {
  std::vector<std::string> problems;
  const auto prompts = parse_direct_prompts(text, kNames, problems);
  EXPECT_EQ(problems, std::vector<std::string>{}) << text;
  EXPECT_EQ(prompts.size(), 1u) << text;
  return prompts.at(0);
}

TEST(DirectPrompts, PathsKeepTheirColons) {
  struct Case {
    const char* written;
    const char* path;
    double weight;
    const char* mask;
    bool inverted;
    double stop;
  };
  const Case cases[] = {
      {"a.png", "a.png", 1, "", false, -kInfinity},
      {"a_b.png:2", "a_b.png", 2, "", false, -kInfinity},
      {"a.png:2_m.png:0.1", "a.png", 2, "m.png", false, 0.1},
      {"a.png:2_-my_mask.mp4", "a.png", 2, "my_mask.mp4", true, -kInfinity},
      {"C:\\pics\\a.png:0.5", "C:\\pics\\a.png", 0.5, "", false, -kInfinity},
      {"C:/pics/a.png:0.5_D:/m_1.png:2", "C:/pics/a.png", 0.5, "D:/m_1.png", false, 2},
      {"https://host:8080/a_b.png:t*2", "https://host:8080/a_b.png", 4, "", false, -kInfinity},
      {"http://host/a.png:1_-http://host/m.png:0.5", "http://host/a.png", 1, "http://host/m.png", true, 0.5},
      {"[odd:name.png]:3_[-m:1.png]", "odd:name.png", 3, "m:1.png", true, -kInfinity},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.written);
    const DirectPrompt prompt = only_direct(c.written);
    EXPECT_EQ(prompt.path, c.path);
    EXPECT_EQ(prompt.weight.number({{"t", 2}}), c.weight);
    EXPECT_EQ(prompt.stop.number({}), c.stop);
    EXPECT_EQ(prompt.mask, c.mask);
    EXPECT_EQ(prompt.inverted, c.inverted);
  }
}

TEST(DirectPrompts, SeveralAndWrongOnes) {
  std::vector<std::string> problems;
  EXPECT_EQ(parse_direct_prompts("a.png | | b.png:2", kNames, problems).size(), 2u);
  EXPECT_TRUE(problems.empty());
  parse_direct_prompts("a.png:x | :2 | b.png:1:2:3 | c.png:1_", kNames, problems);
  EXPECT_EQ(problems.size(), 4u);
}

TEST(PromptProblems, OfAllPromptsAreListed) {
  EXPECT_EQ(problems_of("a:x | b:y || c:1:z | :w").size(), 5u) << "the last has neither text nor weight";
}

TEST(PromptProblems, NothingToMake) {
  EXPECT_EQ(problems_of(" | || | "), std::vector<std::string>{"'scenes' holds no prompt"});
}

TEST(SceneShares, TheFirstSceneHasNothingToFadeFrom) {
  for (const std::int64_t step : {0, 1, 50, 500}) {
    const std::vector<SceneShare> shares = scene_shares(0, step, 200);
    ASSERT_EQ(shares.size(), 1u);
    EXPECT_EQ(shares[0].scene, 0u);
    EXPECT_EQ(shares[0].share, 1.0);
  }
}

TEST(SceneShares, FadeLinearly) {
  for (const std::int64_t steps : {1, 4, 200}) {
    for (std::int64_t step = 0; step < steps; ++step) {
      double previous = 0, present = 0;
      for (const SceneShare& part : scene_shares(3, step, steps)) {
        if (part.scene == 2)
          previous += part.share;
        else if (part.scene == 3)
          present += part.share;
        else
          ADD_FAILURE() << "scene " << part.scene;
      }
      EXPECT_DOUBLE_EQ(present, double(step) / double(steps));
      EXPECT_DOUBLE_EQ(previous, 1 - double(step) / double(steps));
    }
  }
}

TEST(SceneShares, AfterTheFadeOnlyTheSceneItself) {
  for (const std::int64_t fade : {0, 4}) {
    const std::vector<SceneShare> shares = scene_shares(1, 4, fade);
    ASSERT_EQ(shares.size(), 1u);
    EXPECT_EQ(shares[0].scene, 1u);
    EXPECT_EQ(shares[0].share, 1.0);
  }
}

TEST(PromptPaths, InQuotesInsideBracketsLoseThem) {
  EXPECT_EQ(only_prompt("['a b.png']:2").text, "a b.png");
  EXPECT_EQ(only_prompt("red:1_[\"mask.png\"]").mask.what, "mask.png");
  EXPECT_EQ(only_prompt("red:1_[-'mask.png']").mask.what, "mask.png");
  EXPECT_EQ(only_prompt("'red'").text, "'red'") << "words keep theirs";
  std::vector<std::string> problems;
  const std::vector<DirectPrompt> direct =
      parse_direct_prompts("'a.png':2_'m.png' | [\"b.png\"]", kNames, problems);
  EXPECT_TRUE(problems.empty());
  ASSERT_EQ(direct.size(), 2u);
  EXPECT_EQ(direct[0].path, "a.png");
  EXPECT_EQ(direct[0].mask, "m.png");
  EXPECT_EQ(direct[1].path, "b.png");
}

}  // namespace
}  // namespace reverie::test
