// Wildcards: what is drawn from, that it follows from the seed, and what stays as it is.

#include "prompts/wildcards.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "reverie/error.h"

namespace reverie::test {
namespace {

std::string read(const std::string& name) {
  const std::map<std::string, std::string> lists = {{"colours", "red\n# not this one\n\n  green  \r\nblue"},
                                                    {"animals/birds", "a {small|large} __colours__ bird"},
                                                    {"circle", "__circle__"},
                                                    {"empty", "# nothing\n"}};
  return lists.at(name);
}

std::string drawn(const std::string& text, std::uint64_t seed = 1, std::uint64_t scene = 0) {
  return Wildcards(seed, scene, read).drawn(text);
}

/// All that comes of many seeds, and how often.
std::map<std::string, int> outcomes(const std::string& text, int seeds = 3000) {
  std::map<std::string, int> result;
  for (int seed = 0; seed < seeds; ++seed) ++result[drawn(text, static_cast<std::uint64_t>(seed))];
  return result;
}

TEST(Wildcards, AreDrawnEvenly) {
  for (const char* text : {"a {red|green|blue} hill", "a __colours__ hill"}) {
    const auto found = outcomes(text);
    ASSERT_EQ(found.size(), 3u) << text;
    for (const char* colour : {"red", "green", "blue"}) {
      // 1000 of 3000: the standard deviation is 26.
      const int count = found.at("a " + std::string(colour) + " hill");
      EXPECT_GT(count, 870) << text;
      EXPECT_LT(count, 1130) << text;
    }
  }
}

TEST(Wildcards, LieInsideEachOther) {
  std::set<std::string> all;
  for (const auto& [text, count] : outcomes("{__animals/birds__|an {old|}oak}")) all.insert(text);
  EXPECT_EQ(all, (std::set<std::string>{"a small red bird", "a small green bird", "a small blue bird",
                                        "a large red bird", "a large green bird", "a large blue bird",
                                        "an oldoak", "an oak"}));
}

TEST(Wildcards, FollowFromSeedAndScene) {
  const std::string text = "{1|2|3|4|5|6|7|8|9}{1|2|3|4|5|6|7|8|9}{1|2|3|4|5|6|7|8|9}";
  EXPECT_EQ(drawn(text, 5), drawn(text, 5));
  EXPECT_NE(drawn(text, 5, 0), drawn(text, 5, 1));
  EXPECT_NE(drawn(text, 5), drawn(text, std::uint64_t{5} << 32)) << "all bits of the seed count";
}

TEST(Wildcards, LeaveTheRestAsItIs) {
  for (const char* text : {"a hill:1_l_0.3:-1 | fog:0.5*sin(t)", "[a__colours__.png]:[{x}][0]", "snake_case",
                           "a __ b __ c", "___", "} ]"})
    EXPECT_EQ(drawn(text), text);
  EXPECT_EQ(drawn("[{a|b}] {c}"), "[{a|b}] c");
}

TEST(Wildcards, SayWhatIsWrong) {
  for (const char* text : {"a {red|green", "__circle__", "__empty__"})
    EXPECT_THROW(drawn(text), Error) << text;
}

TEST(Wildcards, AreRecognised) {
  for (const char* text : {"{a|b}", "x __colours__", "{__a__}"}) EXPECT_TRUE(has_wildcards(text)) << text;
  for (const char* text : {"{a}", "[{a|b}]", "a | b || c", "a_b_c", "{a", "__"})
    EXPECT_FALSE(has_wildcards(text)) << text;
}

TEST(Wildcards, KeepScenesApart) {
  EXPECT_EQ(split_scenes("a {b||c} || d|e"), (std::vector<std::string>{"a {b||c} ", " d|e"}));
  EXPECT_EQ(split_scenes("a"), std::vector<std::string>{"a"});
  EXPECT_EQ(split_scenes("a { || b"), (std::vector<std::string>{"a { ", " b"}));
}

TEST(Wildcards, AnyTextIsReadInOnePass) {
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += "{[";
  EXPECT_FALSE(has_wildcards(text));  // with a look for each bracket's end it would take hours
  EXPECT_EQ(split_scenes(text).size(), 1u);
  std::string nested(200'000, '{');
  nested += "a|b" + std::string(200'000, '}');
  EXPECT_TRUE(has_wildcards(nested));
}

}  // namespace
}  // namespace reverie::test
