// Nothing that can be written hangs, crashes or fills the memory.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "expressions/expression.h"
#include "expressions/limits.h"
#include "fuzz/value_text.h"

namespace reverie::test {
namespace {

using expressions::kDeepestList;

std::string repeated(const std::string& text, std::size_t count) {
  std::string result;
  for (std::size_t i = 0; i < count; ++i) result += text;
  return result;
}

std::string complaint(const std::string& text) {
  try {
    Expression::compile(text, {"t"}).number({{"t", 1}});
  } catch (const ExpressionError& error) {
    return error.what();
  }
  return "";
}

TEST(ExpressionLimits, EndWhatWouldNotEnd) {
  const std::string too_long = "too long", too_deep = "nested too deeply", too_slow = "takes too long";
  const std::string loops = " for a in range(10000)";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"10**10**10", "integer too large"},
      {"2.0**10**6", "too large"},
      {"1 << 10**9", "integer too large"},
      {"factorial(10**9)", "integer too large"},
      {"comb(10**18, 10**9)", "integer too large"},
      {"perm(10**18, 10**9)", "integer too large"},
      {"[0]*10**9", too_long},
      {"[0]*9223372036854775807", too_long},
      {"range(10**15)", too_long},
      {"range(-9223372036854775807, 9223372036854775807)", too_long},
      {"np.zeros(10**9)", too_long},
      {"np.linspace(0, 1, 10**12)", too_long},
      {"np.arange(0, 1, 1e-300)", too_long},
      {"sum(1" + repeated(loops, 5) + ")", too_long},
      {"sum(1" + repeated(loops, 5) + " if a < 0)", too_slow},
      {"[a for a in range(100000) for b in [1, 2]]", too_long},
      {"[[0]*100000" + loops + "]", too_slow},
      {"(lambda f: f(f))(lambda f: f(f))", too_deep},
      {"(lambda f: f(f))(lambda f: [f(f), f(f)])", too_deep},
      // A list that holds itself twice, 40 times over: 2^40 elements to compare.
      {"(lambda f: f(f, [1], 40) == f(f, [1], 40))(lambda f, x, n: x if n == 0 else f(f, [x, x], n - 1))",
       too_slow},
      {"sum([[x] * 1000 for x in range(1000)], [])", too_slow},
      {repeated("(", 5000) + "t" + repeated(")", 5000), too_deep},
      {repeated("[", 5000) + "t" + repeated("]", 5000), too_deep},
      {repeated("-", 5000) + "t", too_deep},
      {repeated("not ", 4000) + "t", too_deep},
      {repeated("t**", 4000) + "t", too_deep},
      {repeated("t+", 4000) + "t", too_deep},
      {repeated("t if t else ", 1600) + "t", too_deep},
      {repeated("lambda:", 2500) + "t", too_deep},
      {repeated("sin(", 3000) + "t" + repeated(")", 3000), too_deep},
      {"t" + repeated("[0]", 4000), too_deep},
      {"t" + repeated("()", 4000), too_deep},
      {repeated("t or ", 3000) + "t", too_deep},
      {"[1 for " + repeated("(", 4000) + "x" + repeated(")", 4000) + " in [1]]", too_deep},
      {repeated("1+", 20000) + "1", "too long for an expression"},
  };
  for (const auto& [text, message] : cases)
    EXPECT_NE(complaint(text).find(message), std::string::npos)
        << text.substr(0, 80) << ": " << complaint(text);
}

/// `body` applied 2^doublings times to `start`.
std::string applied(const std::string& body, std::size_t doublings, const std::string& start) {
  return "(lambda D: " + repeated("D(", doublings) + "lambda x: " + body + repeated(")", doublings) + "(" +
         start + "))(lambda f: lambda x: f(f(x)))";
}

// A value may be nested far deeper than the text that makes it: each freed and compared level by level.
TEST(ExpressionLimits, BoundTheDepthOfValues) {
  const std::vector<std::string> bodies = {"[x]",
                                           "(x,)",
                                           "[x, x]",
                                           "zip(x)",
                                           "enumerate(x)",
                                           "[*x, x]",
                                           "[y for y in [x]]",
                                           "[[x]] + [1]",
                                           "[x]*2",
                                           "list((x,))",
                                           "sorted([x])",
                                           "[[x], 1][0:1]",
                                           repeated("(", 54) + "x" + repeated(",)", 54)};
  for (const std::string& body : bodies)
    for (const char* start : {"[0]", "[t]"})
      EXPECT_NE(complaint("len(" + applied(body, 12, start) + ")").find("nested too deeply"),
                std::string::npos)
          << body << ": " << complaint("len(" + applied(body, 12, start) + ")");
  EXPECT_EQ(complaint("len(" + repeated("[", kDeepestList) + "t" + repeated("]", kDeepestList) + ")"), "");
  EXPECT_NE(complaint("len(" + repeated("[", kDeepestList + 1) + "t" + repeated("]", kDeepestList + 1) + ")"),
            "");
  // One that stays flat, however often.
  EXPECT_EQ(complaint("len(" + applied("[*x, t][-3:]", 9, "[0]") + ")"), "");
}

TEST(ExpressionLimits, CountTheVariablesOfLoopsAndCalls) {
  std::string names;
  for (int i = 0; i < 3000; ++i) names += (i ? ",v" : "v") + std::to_string(i);
  EXPECT_NE(complaint("len([[1 for " + names + " in []] for i in range(100000)])").find("takes too long"),
            std::string::npos)
      << "3000 variables, 100,000 times";
  const std::string deep =
      repeated("(lambda: ", 200) + "sum(x for i in range(100000))" + repeated(")()", 200);
  EXPECT_NE(complaint("(lambda x: " + deep + ")(t)").find("takes too long"), std::string::npos)
      << "a variable that is 200 functions further out: " << complaint("(lambda x: " + deep + ")(t)");
}

// Values made by what makes, wraps, doubles and compares them, in random order.
TEST(ExpressionLimits, HoldForRandomValues) {
  std::mt19937 random(20261128);
  int values = 0;
  for (int i = 0; i < 400; ++i) {
    std::vector<std::uint8_t> bytes(2 + random() % 12);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
    const std::string text = value_text(bytes);
    try {
      Expression::compile(text, {"t", "R", "bass"}, {"bass"}).numbers({{"t", 1}, {"R", 2}, {"bass", 0}});
      ++values;
    } catch (const ExpressionError& error) {
      EXPECT_LE(error.column(), text.size()) << text;
    }
  }
  EXPECT_GT(values, 20) << "some must be right";
}

TEST(ExpressionLimits, LeaveRoomForWhatArtistsWrite) {
  EXPECT_EQ(complaint(repeated("(", 300) + "t" + repeated(")", 300)), "");
  EXPECT_EQ(complaint(repeated("0.5*sin(t)+", 900) + "t"), "");
  EXPECT_EQ(complaint(repeated("1 if t<0 else ", 900) + "t"), "");
  EXPECT_EQ(complaint("sum([sin(t * i) / (i + 1) for i in range(10000)])"), "");
  EXPECT_EQ(complaint("(lambda f: f(f, 150))(lambda f, n: 0 if n == 0 else 1 + f(f, n - 1))"), "");
  EXPECT_EQ(complaint("[" + repeated("1,", 9000) + "t][-1]"), "");
}

// What the fuzzer found, and where it starts from.
TEST(ExpressionLimits, HoldForTheFuzzersCorpus) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(REVERIE_EXPRESSIONS_CORPUS)) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    SCOPED_TRACE(entry.path().filename());
    try {
      Expression::compile(text, {"t", "R", "bass"}).numbers({{"t", 1}, {"R", 2}, {"bass", 0}});
    } catch (const ExpressionError& error) {
      EXPECT_LE(error.column(), text.size());
    }
    ++count;
  }
  EXPECT_GT(count, 20);
}

}  // namespace
}  // namespace reverie::test
