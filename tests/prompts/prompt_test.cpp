// The language of `scenes`, and who has a share in the loss when.

#include "prompts/prompt.h"

#include <gtest/gtest.h>

#include <cmath>

namespace reverie::test {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::vector<Scene> parse(const std::string& scenes, const std::string& prefix = "",
                         const std::string& suffix = "") {
  std::vector<std::string> problems;
  std::vector<Scene> result = parse_scenes(scenes, prefix, suffix, problems);
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
  std::vector<std::string> problems;
  parse_scenes(scenes, "", "", problems);
  return problems;
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
                std::to_string(parse("red", "", ":2")[0].prompts[0].weight).substr(0, 1),
            "red2");
}

TEST(Scenes, EmptyScenesGetNoPrefix) {
  EXPECT_EQ(texts(parse("red || || green", "a ", "")), "a red/a  green");
}

TEST(Prompts, WeightsAndStops) {
  EXPECT_EQ(only_prompt("red"), (Prompt{"red", 1, -kInfinity}));
  EXPECT_EQ(only_prompt("red:2"), (Prompt{"red", 2, -kInfinity}));
  EXPECT_EQ(only_prompt(" red : 0.5 : 0.25 "), (Prompt{"red", 0.5, 0.25}));
  EXPECT_EQ(only_prompt("red:-1"), (Prompt{"red", -1, -kInfinity}));
  EXPECT_EQ(only_prompt("red:-1:-.9"), (Prompt{"red", -1, -0.9}));
  EXPECT_EQ(only_prompt("red:+1e-1:-inf"), (Prompt{"red", 0.1, -kInfinity}));
  EXPECT_EQ(only_prompt("red:0"), (Prompt{"red", 0, -kInfinity}));
}

TEST(Prompts, MaskOfEverything) {
  EXPECT_EQ(only_prompt("red:2_a"), (Prompt{"red", 2, -kInfinity}));
  EXPECT_EQ(only_prompt("red: 2 _ a :0.5"), (Prompt{"red", 2, 0.5}));
}

TEST(Prompts, BracketsDoNotSplit) {
  EXPECT_EQ(only_prompt("a [b:c_d] heart:2"), (Prompt{"a [b:c_d] heart", 2, -kInfinity}));
  const std::vector<std::string> problems = problems_of("[http://host/a_b.png]:2");
  ASSERT_EQ(problems.size(), 1u) << "one picture, not text, weight and stop";
  EXPECT_EQ(problems[0], "prompt '[http://host/a_b.png]:2': pictures as prompts are not implemented yet");
}

TEST(PromptProblems, QuoteThePrompt) {
  const auto only = [](const std::string& scenes) {
    const std::vector<std::string> problems = problems_of(scenes);
    EXPECT_EQ(problems.size(), 1u) << scenes;
    return problems.empty() ? "" : problems[0];
  };
  EXPECT_EQ(only("red | green:x | blue").rfind("prompt 'green:x': the weight 'x' is not a number", 0), 0u);
  EXPECT_EQ(only("green:1:y").rfind("prompt 'green:1:y': the stop 'y' is not a number", 0), 0u);
  EXPECT_EQ(only("green:").rfind("prompt 'green:': the weight '' is not a number", 0), 0u);
  EXPECT_EQ(only("green:1:").rfind("prompt 'green:1:': the stop '' is not a number", 0), 0u);
  EXPECT_EQ(only("green:nan").rfind("prompt 'green:nan'", 0), 0u);
  EXPECT_EQ(only("green:inf"), "prompt 'green:inf': the weight is infinite");
  EXPECT_EQ(only(":1"), "prompt ':1': it has no text before ':'");
  EXPECT_EQ(only("green:1 2").rfind("prompt 'green:1 2': the weight '1 2' is not a number", 0), 0u);
  EXPECT_EQ(only("green:1_r").rfind("prompt 'green:1_r': masks are not implemented yet", 0), 0u);
  EXPECT_EQ(
      only("green:1_[mask:1.png]").rfind("prompt 'green:1_[mask:1.png]': masks are not implemented yet", 0),
      0u);
  EXPECT_EQ(only("green:1_a_0.5").rfind("prompt 'green:1_a_0.5': masks are not implemented yet", 0), 0u);
  EXPECT_EQ(only("a:1:0:b").rfind("prompt 'a:1:0:b': it has more than text:weight:stop", 0), 0u);
  EXPECT_EQ(only("green:sin(t)").rfind("prompt 'green:sin(t)': the weight 'sin(t)'", 0), 0u);
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

}  // namespace
}  // namespace reverie::test
