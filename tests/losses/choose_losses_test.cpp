// The setting `losses`, and settings that switch a loss on.

#include "losses/choose_losses.h"

#include "fixtures/plugins_under_test.h"
#include "prompts/script.h"
#include "settings/reader.h"
#include "settings/resolve.h"

namespace reverie::test {
namespace {

struct Chosen {
  std::vector<LossTerm> losses;
  std::string problems;
  Settings settings;
};

Chosen chosen(const std::string& yaml, const std::set<std::string>& variables = {}) {
  std::vector<Problem> problems;
  std::vector<RawEntry> entries =
      read_settings_text("scenes: a hill\nsmoothing_weight: 0\n" + yaml, "run.yaml", problems);
  Resolution resolution = resolve(entries, problems, {});
  Chosen result;
  std::vector<std::string> notices;
  Script script = parse_script(resolution.settings, resolution.problems, notices, variables);
  choose_losses(script.losses, resolution.settings, plugins(), variables, resolution.problems);
  result.losses = std::move(script.losses);
  result.problems = report(resolution.problems);
  result.settings = std::move(resolution.settings);
  return result;
}

void expect_words(const std::string& text, const std::vector<std::string>& words) {
  for (const std::string& word : words)
    EXPECT_NE(text.find(word), std::string::npos) << word << " in " << text;
}

TEST(LossesSetting, TakesNamesAndGroups) {
  for (const char* yaml : {"losses: symmetry", "losses: [symmetry]", "losses: {name: symmetry}",
                           "losses:\n  - name: symmetry"}) {
    const Chosen run = chosen(yaml);
    EXPECT_EQ(run.problems, "") << yaml;
    ASSERT_EQ(run.losses.size(), 1u) << yaml;
    EXPECT_EQ(run.losses[0].plugin->name, "symmetry");
    EXPECT_EQ(run.losses[0].params.get<std::string>("mirror"), "x");
    EXPECT_EQ(run.losses[0].weight.number({}), 1);
  }
}

TEST(LossesSetting, AGroupHasWeightStopMaskTargetAndParameters) {
  const Chosen run = chosen(
      "losses:\n"
      "- {name: symmetry, weight: 2*t, stop: 0.1+t, mask: -left.png, mirror: radial}\n"
      "- {name: direct, target: hill.png, weight: -1}\n"
      "- {name: contrast, limit: 0.2*bass}\n",
      {"bass"});
  EXPECT_EQ(run.problems, "");
  ASSERT_EQ(run.losses.size(), 3u);
  const LossTerm& symmetry = run.losses[0];
  EXPECT_EQ(symmetry.weight.number({{"t", 3}}), 6);
  EXPECT_EQ(symmetry.stop.number({{"t", 3}}), 3.1);
  EXPECT_EQ(symmetry.mask, "left.png");
  EXPECT_TRUE(symmetry.inverted);
  EXPECT_EQ(symmetry.params.get<std::string>("mirror"), "radial");
  EXPECT_EQ(run.losses[1].target, LossTerm::Target::picture);
  EXPECT_EQ(run.losses[1].picture, "hill.png");
  EXPECT_EQ(run.losses[1].weight.number({}), -1);
  ASSERT_EQ(run.losses[2].varying.size(), 1u);
  EXPECT_EQ(run.losses[2].varying[0].expression.number({{"t", 0}, {"bass", 0.5}}), 0.1);
}

TEST(LossesSetting, SaysWhatIsWrongAndWhere) {
  expect_words(chosen("losses: [symetry]").problems, {"run.yaml:3", "'symetry'", "did you mean 'symmetry'?"});
  expect_words(chosen("losses:\n- {name: symmetry, miror: x}").problems,
               {"run.yaml:4", "no parameter 'miror'", "did you mean 'mirror'?"});
  expect_words(chosen("losses:\n- {name: symmetry, mirror: z}").problems,
               {"run.yaml:4", "'mirror' is z", "x, y, radial"});
  expect_words(chosen("losses:\n- {name: symmetry, weight: 2*q}").problems,
               {"run.yaml:4", "'symmetry'", "'weight'", "q"});
  expect_words(chosen("losses:\n- {weight: 1}").problems, {"run.yaml:4", "'name' is missing"});
  expect_words(chosen("losses:\n- {name: contrast, limit: 2*u}").problems, {"run.yaml:4", "'limit'"});
  expect_words(chosen("losses: [[a]]").problems,
               {"run.yaml:3", "allowed: list of names and groups of values"});
}

TEST(LossesSetting, TargetsAndMasksMustBeOfUse) {
  engine::HostServices host(host_options());
  const auto problems_with = [&](const std::string& yaml) {
    const Chosen run = chosen(yaml);
    EXPECT_EQ(run.problems, "");
    std::vector<Problem> problems;
    for (const LossTerm& term : run.losses) check_traits(term, traits_of(term, host), problems);
    return report(problems);
  };
  EXPECT_EQ(problems_with("losses: [symmetry, {name: edge, target: a.png, mask: b.png}]"), "");
  expect_words(problems_with("losses:\n- {name: symmetry, target: a.png}"), {"run.yaml:4", "no target"});
  expect_words(problems_with("losses:\n- {name: contrast, mask: a.png}"), {"run.yaml:4", "no mask"});
  expect_words(problems_with("losses:\n- {name: edge}"), {"run.yaml:4", "needs a 'target'"});
}

TEST(LossesSetting, IsWrittenDownAsItCanBeRead) {
  const Chosen run = chosen("losses: [symmetry, {name: contrast, weight: 2*t, limit: 0.2}]");
  const Chosen again = chosen("losses: " + run.settings.find("losses")->json());
  EXPECT_EQ(again.problems, "");
  EXPECT_EQ(again.losses.size(), 2u);
  EXPECT_EQ(again.settings.find("losses")->json(), run.settings.find("losses")->json());
}

TEST(LossSettings, HaveThePluginOfTheirRole) {
  const Chosen run = chosen(
      "direct_image_prompts: a.png:2|b.png\ninit_image: c.png\ndirect_init_weight: 1\n"
      "edge_stabilization_weight: 0.5\ndepth_stabilization_weight: 2\n");
  EXPECT_EQ(run.problems, "");
  std::vector<std::string> names;
  for (const LossTerm& term : run.losses) names.push_back(term.setting + " " + term.plugin->name);
  EXPECT_EQ(names, (std::vector<std::string>{"direct_image_prompts direct", "direct_image_prompts direct",
                                             "direct_init_weight direct", "depth_stabilization_weight depth",
                                             "edge_stabilization_weight edge"}));
}

TEST(LossSettings, SmoothingIsSwitchedOnByItsWeight) {
  EXPECT_TRUE(chosen("").losses.empty());
  std::vector<Problem> none;
  Resolution defaults = resolve(read_settings_text("scenes: a hill", "run.yaml", none), none, {});
  std::vector<std::string> notices;
  Script script = parse_script(defaults.settings, defaults.problems, notices);
  choose_losses(script.losses, defaults.settings, plugins(), {}, defaults.problems);
  ASSERT_EQ(script.losses.size(), 1u);
  EXPECT_EQ(script.losses[0].plugin->name, "smoothing");
  EXPECT_EQ(script.losses[0].weight.number({}), 0.02);
}

}  // namespace
}  // namespace reverie::test
