// Prompts at frames: their weights over time, and mistakes.

#include "prompts/script.h"
#include "settings/settings_fixture.h"

namespace reverie::test {
namespace {

struct Parsed {
  Script script;
  std::vector<Problem> problems;
  std::vector<std::string> notices;
};

Parsed parse(const std::string& yaml, const std::set<std::string>& sound = {}) {
  Parsed result;
  const Resolution resolution =
      resolve_text("pre_animation_steps: 4\nsteps_per_frame: 2\nsteps_per_scene: 204\n" + yaml);
  result.problems = resolution.problems;
  result.script = parse_script(resolution.settings, result.problems, result.notices, sound);
  return result;
}

/// The weights at a frame, in the order of the prompts.
std::vector<double> weights(const Script& script, double frame, std::map<std::string, double> sound = {}) {
  std::vector<double> result;
  std::map<std::string, double> values = std::move(sound);
  values.insert({{"t", frame / 12},
                 {"s", frame / 12},
                 {"f", frame},
                 {"max_f", 100},
                 {"fps", 12},
                 {"beat", frame / 6},
                 {"bar", frame / 24},
                 {"bpm", 120},
                 {"scene", 0},
                 {"p", 0}});
  for (const Prompt& prompt : script.scenes.at(0).prompts) result.push_back(prompt.weight.number(values));
  return result;
}

TEST(FramePrompts, FadeIntoEachOther) {
  const Parsed it =
      parse("prompts: {0: a forest, 60: a city, 30: 'a field:2 | fog:-0.5'}\nprompt_fade: 10\n");
  ASSERT_EQ(report(it.problems), "");
  ASSERT_EQ(it.script.scenes.size(), 1u);
  const std::vector<Prompt>& prompts = it.script.scenes[0].prompts;
  ASSERT_EQ(prompts.size(), 4u);  // in the order of their frames
  EXPECT_EQ(prompts[0].text, "a forest");
  EXPECT_EQ(prompts[1].text, "a field");
  EXPECT_EQ(prompts[2].text, "fog");
  EXPECT_EQ(prompts[3].text, "a city");
  using Numbers = std::vector<double>;
  EXPECT_EQ(weights(it.script, -3), (Numbers{1, 0, 0, 0}));
  EXPECT_EQ(weights(it.script, 30), (Numbers{1, 0, 0, 0}));
  EXPECT_EQ(weights(it.script, 35), (Numbers{0.5, 1, -0.25, 0}));
  EXPECT_EQ(weights(it.script, 45), (Numbers{0, 2, -0.5, 0}));
  EXPECT_EQ(weights(it.script, 62.5), (Numbers{0, 1.5, -0.375, 0.25}));
  EXPECT_EQ(weights(it.script, 500), (Numbers{0, 0, 0, 1}));
}

// At every moment, one counts where weights would need two; its words are on their way to the next.
TEST(FramePrompts, GoOverIntoEachOtherByEmbedding) {
  const Parsed it = parse(
      "prompts: {0: a forest, 30: 'a field:2 | fog:-0.5', 60: a city}\nprompt_fade: 10\nprompt_fade_by: "
      "embedding\n");
  ASSERT_EQ(report(it.problems), "");
  const std::vector<Prompt>& prompts = it.script.scenes.at(0).prompts;
  ASSERT_EQ(prompts.size(), 4u);
  const auto shares = [&](double frame) {
    std::vector<double> result;
    for (const Prompt& prompt : prompts)
      result.push_back(prompt.share.number({{"t", frame / 12}, {"f", frame}}));
    return result;
  };
  EXPECT_EQ(prompts[0].towards, "a field");
  EXPECT_EQ(prompts[1].towards, "a city");
  EXPECT_EQ(prompts[2].towards, "") << "the city has no second prompt";
  EXPECT_EQ(prompts[3].towards, "");
  using Numbers = std::vector<double>;
  EXPECT_EQ(weights(it.script, -3), (Numbers{1, 0, 0, 0}));
  EXPECT_EQ(weights(it.script, 32.5), (Numbers{1.25, 0, -0.125, 0}));
  EXPECT_EQ(shares(32.5)[0], 0.25);
  EXPECT_EQ(weights(it.script, 40), (Numbers{0, 2, -0.5, 0}));
  EXPECT_EQ(shares(40)[1], 0);
  EXPECT_EQ(weights(it.script, 65), (Numbers{0, 1.5, -0.25, 0}));
  EXPECT_EQ(shares(65)[1], 0.5);
  EXPECT_EQ(weights(it.script, 70), (Numbers{0, 0, 0, 1}));
  const Parsed close = parse("prompts: {0: a, 30: b, 35: c}\nprompt_fade: 10\nprompt_fade_by: embedding\n");
  EXPECT_NE(report(close.problems).find("longer than from '30' to '35'"), std::string::npos)
      << report(close.problems);
  // A picture, and another mask, have no words to go over to.
  const Parsed apart =
      parse("prompts: {0: 'a:1_l | b', 30: 'c:1_r | [p.png]'}\nprompt_fade: 10\nprompt_fade_by: embedding\n");
  for (const Prompt& prompt : apart.script.scenes.at(0).prompts) EXPECT_EQ(prompt.towards, "");
  EXPECT_EQ(weights(apart.script, 35), (Numbers{0.5, 0.5, 0.5, 0.5}));
}

TEST(FramePrompts, JumpWithoutAFade) {
  const Parsed it = parse("prompts:\n- {0: red}\n- {1s: green}\n- {4b: blue}\nprompt_fade: '0'\n");
  ASSERT_EQ(report(it.problems), "");
  using Numbers = std::vector<double>;
  EXPECT_EQ(weights(it.script, 11.9), (Numbers{1, 0, 0}));
  EXPECT_EQ(weights(it.script, 12), (Numbers{0, 1, 0}));  // 12 frames a second
  EXPECT_EQ(weights(it.script, 24), (Numbers{0, 0, 1}));  // two beats a second
}

// However near they are, all shares together are one.
TEST(FramePrompts, SharesAddUpToOne) {
  const Parsed it = parse("prompts: {0: a, 3: b, 4.5: c, max_f/2: d}\nprompt_fade: 2s\n");
  ASSERT_EQ(report(it.problems), "");
  for (double frame = -2; frame < 90; frame += 0.37) {
    double sum = 0;
    for (const double weight : weights(it.script, frame)) {
      EXPECT_GE(weight, 0) << frame;
      sum += weight;
    }
    EXPECT_NEAR(sum, 1, 1e-12) << frame;
  }
}

TEST(FramePrompts, KeepMasksStopsSoundAndAffixes) {
  const Parsed it = parse("prompts: {0: 'fire:bass_l:0.3', 9: ice}\nscene_prefix: 'a '\n", {"bass"});
  ASSERT_EQ(report(it.problems), "");
  const Prompt& fire = it.script.scenes.at(0).prompts.at(0);
  EXPECT_EQ(fire.text, "a fire");
  EXPECT_EQ(fire.mask.letter, 'l');
  EXPECT_EQ(fire.stop.number({}), 0.3);
  EXPECT_EQ(weights(it.script, 0, {{"bass", 0.7}})[0], 0.7);
  // One alone is as it is in scenes.
  EXPECT_TRUE(parse("prompts: {5: ice}\n").script.scenes.at(0).prompts.at(0).weight.is_constant());
}

TEST(FramePrompts, MistakesAreNamed) {
  const auto says = [](const std::string& yaml, const std::string& words) {
    const std::string all = report(parse(yaml).problems);
    EXPECT_NE(all.find(words), std::string::npos) << yaml << ": " << all;
  };
  says("scenes: red\nprompts: {0: blue}\n", "'prompts' and 'scenes' are both set");
  says("prompts: {0: red, now: blue}\n", "'now' is no place");
  says("prompts: {0: red, 60: blue, 5s: green}\n", "two at the same frame");
  says("prompts: {0: red || blue}\n", "several scenes");
  says("prompts: {0: [red]}\n", "there is no text at");
  says("prompts: {0: red}\nprompt_fade: soon\n", "'prompt_fade' is 'soon'");
  says("prompts: {0: red}\nprompt_fade: '-3'\n", "less than 0");
  says("prompts: {0: 'red:*'}\n", "FILE:4");
  says("prompts: []\n", "'scenes' is empty");
}

}  // namespace
}  // namespace reverie::test
