// What the settings say beside `scenes`: weights that hold on to pictures.

#include "prompts/script.h"

#include "settings/settings_fixture.h"

namespace reverie::test {
namespace {

std::vector<std::string> notices_of(const std::string& text, bool moving) {
  std::vector<Problem> problems;
  std::vector<std::string> notices;
  parse_script(settings_of("scenes: red\n" + text), problems, notices, {}, moving);
  EXPECT_EQ(report(problems), "") << text;
  return notices;
}

using Texts = std::vector<std::string>;

TEST(Stabilisation, ThatHoldsOnToNothingIsANotice) {
  EXPECT_EQ(notices_of("edge_stabilization_weight: 2\n", false),
            Texts{"FILE:2: edge_stabilization_weight has no effect: animation_mode is off, and there is no "
                  "init_image to stay "
                  "near"});
  EXPECT_EQ(notices_of("direct_stabilization_weight: 1\nsemantic_stabilization_weight: t\n"
                       "flow_stabilization_weight: 0\ndepth_stabilization_weight: '  '\n",
                       false),
            Texts{"FILE:3: semantic_stabilization_weight, direct_stabilization_weight have no effect: "
                  "animation_mode is off, "
                  "and there is no init_image to stay near"});
}

TEST(Stabilisation, OfAPictureThatStaysHasNoFlow) {
  EXPECT_EQ(notices_of("init_image: a.png\nedge_stabilization_weight: 2\n", false), Texts{});
  EXPECT_EQ(
      notices_of("init_image: a.png\nedge_stabilization_weight: 2\nflow_stabilization_weight: 1\n", false),
      Texts{"FILE:4: flow_stabilization_weight has no effect: animation_mode is off, and what does not move "
            "has no "
            "flow"});
}

TEST(Stabilisation, OfWhatMovesIsTheUsualThing) {
  EXPECT_EQ(notices_of("direct_stabilization_weight: 1\nflow_stabilization_weight: 1\n", true), Texts{});
}

}  // namespace
}  // namespace reverie::test
