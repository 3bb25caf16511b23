// Sweeps: which runs a command line stands for, and in which order.

#include "settings/sweep.h"

#include <algorithm>
#include <random>

#include "settings/settings_fixture.h"

namespace reverie::test {
namespace {

using Texts = std::vector<std::string>;

std::vector<Texts> runs(const Texts& overrides) {
  std::vector<Problem> problems;
  std::vector<Texts> result;
  for (const Combination& run : expand_sweep(overrides, problems)) result.push_back(run.overrides);
  EXPECT_EQ(report(problems), "");
  return result;
}

/// The values that one override stands for.
Texts values(const std::string& text) {
  Texts result;
  for (const Texts& run : runs({"x=" + text})) result.push_back(run.at(0).substr(2));
  return result;
}

std::string problem(const Texts& overrides) {
  std::vector<Problem> problems;
  expand_sweep(overrides, problems);
  return report(problems);
}

TEST(Sweep, EveryCombinationTheLastFastest) {
  EXPECT_EQ(runs({"a=1,2", "w=5", "b=x,y,z"}), (std::vector<Texts>{{"a=1", "w=5", "b=x"},
                                                                   {"a=1", "w=5", "b=y"},
                                                                   {"a=1", "w=5", "b=z"},
                                                                   {"a=2", "w=5", "b=x"},
                                                                   {"a=2", "w=5", "b=y"},
                                                                   {"a=2", "w=5", "b=z"}}));
  EXPECT_EQ(runs({}), (std::vector<Texts>{{}}));
  EXPECT_EQ(runs({"a=1", "nonsense"}), (std::vector<Texts>{{"a=1", "nonsense"}}));
}

TEST(Sweep, SaysWhatDiffers) {
  std::vector<Problem> problems;
  const std::vector<Combination> all = expand_sweep({"a=1, 2", "w=5", "b='x\ny',z"}, problems);
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[0].swept, "a=1 b='x y'");
  EXPECT_EQ(all[3].swept, "a=2 b=z");
  EXPECT_EQ(expand_sweep({"w=5"}, problems)[0].swept, "");
}

TEST(Sweep, CommasInQuotesAndBracketsSeparateNothing) {
  EXPECT_EQ(values("'a, b','c'"), (Texts{"'a, b'", "'c'"}));
  EXPECT_EQ(values("\"a, b\", c"), (Texts{"\"a, b\"", "c"}));
  EXPECT_EQ(values("'it''s, here',b"), (Texts{"'it''s, here'", "b"}));
  EXPECT_EQ(values(R"("a \", b",c)"), (Texts{R"("a \", b")", "c"}));
  EXPECT_EQ(values("[1,0,0,0],[0,1,0,0]"), (Texts{"[1,0,0,0]", "[0,1,0,0]"}));
  EXPECT_EQ(values("max(t,[1,(2,3)]),0"), (Texts{"max(t,[1,(2,3)])", "0"}));
  EXPECT_EQ(values("[a, 'b]', c],d"), (Texts{"[a, 'b]', c]", "d"}));
  EXPECT_EQ(values("{f_center: 1, f_width: 2},{f_center: 3}"),
            (Texts{"{f_center: 1, f_width: 2}", "{f_center: 3}"}));
}

TEST(Sweep, ApostrophesAndSmileysAreText) {
  EXPECT_EQ(values("it's red,it's blue"), (Texts{"it's red", "it's blue"}));
  EXPECT_EQ(values("a :), b"), (Texts{"a :)", "b"}));
  for (const char* text : {"'tis the season", "a :( b", "'a' and 'b'", "'a, b'", "a", "", " a ", "[a, b]"})
    EXPECT_EQ(values(text), Texts{text}) << "one value is left as it is";
}

TEST(Sweep, QuotesAreTakenAwayWhenTheValueIsRead) {
  const auto scenes = [](const std::string& override) {
    return settings_of("scenes: red", {override}).get<std::string>("scenes");
  };
  const std::vector<Texts> all = runs({"scenes='a, b: 2','it''s c',\"d\", e | f"});
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(scenes(all[0][0]), "a, b: 2");
  EXPECT_EQ(scenes(all[1][0]), "it's c");
  EXPECT_EQ(scenes(all[2][0]), "d");
  EXPECT_EQ(scenes(all[3][0]), "e | f");
}

TEST(Sweep, Choice) {
  EXPECT_EQ(values("choice(a, 'b, c', [d, e])"), (Texts{"a", "'b, c'", "[d, e]"}));
  EXPECT_EQ(values("choice(a)"), Texts{"a"});
  EXPECT_EQ(values("choice(a) or b"), Texts{"choice(a) or b"});
}

TEST(Sweep, Ranges) {
  EXPECT_EQ(values("range(3)"), (Texts{"0", "1", "2"}));
  EXPECT_EQ(values("range(1,5)"), (Texts{"1", "2", "3", "4"}));
  EXPECT_EQ(values("range(1, 8, 3)"), (Texts{"1", "4", "7"}));
  EXPECT_EQ(values("range(2,-2,-1)"), (Texts{"2", "1", "0", "-1"}));
  // In binary fractions, 0.1 taken three times is 0.30000000000000004.
  EXPECT_EQ(values("range(0,0.5,0.1)"), (Texts{"0", "0.1", "0.2", "0.3", "0.4"}));
  EXPECT_EQ(values("range(-0.05,0.1,0.05)"), (Texts{"-0.05", "0", "0.05"}));
  EXPECT_EQ(values("range(0.5,2)"), (Texts{"0.5", "1.5"}));
  EXPECT_EQ(values("range(10,31,10)"), (Texts{"10", "20", "30"}));
  EXPECT_EQ(runs({"x=range(2)", "y=range(2)"}).size(), 4u);
}

TEST(Sweep, Mistakes) {
  const std::string x = "command line: 'x': ";
  EXPECT_EQ(problem({"x=1,,2"}), x + "a value is missing beside a comma; write '' for an empty text");
  EXPECT_EQ(problem({"x=1,"}), x + "a value is missing beside a comma; write '' for an empty text");
  EXPECT_EQ(problem({"x=choice()"}), x + "a value is missing beside a comma; write '' for an empty text");
  EXPECT_EQ(problem({"x='a, b"}), x + "' is never closed; quote a text that holds it: 'a ' b'");
  EXPECT_EQ(problem({"x=a :(, b"}), x + "( is never closed; quote a text that holds it: 'a ( b'");
  EXPECT_EQ(problem({"x='a, b':2,c"}), x + "something follows 'a, b'; quotes go around a whole value");
  EXPECT_EQ(problem({"x=range()"}), x + "'' in range is not a number such as 3 or -0.25");
  EXPECT_EQ(problem({"x=range(1,2,3,4)"}), x + "range takes one to three numbers: range(start, stop, step)");
  EXPECT_EQ(problem({"x=range(1,ten)"}), x + "'ten' in range is not a number such as 3 or -0.25");
  EXPECT_EQ(problem({"x=range(1,5,0)"}), x + "the step of range is 0");
  EXPECT_EQ(problem({"x=range(5,1)"}), x + "range stands for no number");
  EXPECT_EQ(problem({"x=range(100000000)"}), x + "range stands for more than 10,000 numbers");
  EXPECT_EQ(problem({"x=range(99999999999999999999)"}),
            x + "'99999999999999999999' in range is not a number such as 3 or -0.25");
  EXPECT_EQ(problem({"x=range(0,999999999999999,0.000001)"}), x + "the numbers in range are too large");
  EXPECT_EQ(problem({"y=range(200)", "x=range(200)"}), x + "with it, the sweep has more than 10,000 runs");
}

TEST(Sweep, WithoutACommaOrAFunctionNothingChanges) {
  std::mt19937 random(3);
  const std::string alphabet = "ab 1.-'\"\\()[]{}:|${}\t\xC3";
  for (int i = 0; i < 2000; ++i) {
    std::string text;
    for (std::size_t k = random() % 24; k > 0; --k) text += alphabet[random() % alphabet.size()];
    EXPECT_EQ(values(text), Texts{text});
    // With commas, it is refused or split; the pieces are the text again.
    std::vector<Problem> problems;
    const std::vector<Combination> runs = expand_sweep({"x=" + text + ",b," + text}, problems);
    if (!problems.empty()) continue;
    std::string joined;
    for (const Combination& run : runs) joined += (joined.empty() ? "" : ",") + run.overrides.at(0).substr(2);
    const auto squeezed = [](std::string all) {
      all.erase(std::remove_if(all.begin(), all.end(), [](char c) { return c == ' ' || c == '\t'; }),
                all.end());
      return all;
    };
    EXPECT_EQ(squeezed(joined), squeezed(text + ",b," + text));
  }
}

}  // namespace
}  // namespace reverie::test
