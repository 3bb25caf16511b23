// Expressions in which something measured takes part, as a sound: NumPy's numbers, which never end a run.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "expressions/expression.h"

namespace reverie::test {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity(), kNan = std::nan("");
const std::set<std::string> kNames = {"t", "bass", "treble"}, kSound = {"bass", "treble"};

Expression heard(const std::string& text) { return Expression::compile(text, kNames, kSound); }

// What NumPy 1.26 gives, where bass and treble are np.float64(0) and np.float64(0.5) and the functions are
// np's.
TEST(MeasuredExpression, GoesOnWithInfinityAndNan) {
  const std::vector<std::pair<std::string, double>> cases = {
      {"bass/(bass + bass)", kNan},
      {"treble/(bass + bass)", kInfinity},
      {"-treble/bass", -kInfinity},
      {"1/bass", kInfinity},
      {"t/bass", kInfinity},
      {"1/(bass > 0.5)", kInfinity},
      {"(bass > 0.5)/(bass > 0.5)", kNan},
      {"treble // bass", kInfinity},
      {"bass // bass", kNan},
      {"treble % bass", kNan},
      {"1 % bass", kNan},
      {"bass ** -1", kInfinity},
      {"bass ** -treble", kInfinity},
      {"(treble - 1) ** treble", kNan},
      {"(treble - 1) ** 0.3", kNan},
      {"(10*treble) ** 1000", kInfinity},
      {"pow(bass, -1)", kInfinity},
      {"log(bass)", -kInfinity},
      {"log2(bass - 1)", kNan},
      {"log10(bass)", -kInfinity},
      {"log(treble, 1 + bass)", -kInfinity},
      {"log1p(bass - 1)", -kInfinity},
      {"sqrt(bass - treble)", kNan},
      {"acos(2 + bass)", kNan},
      {"exp(2000*treble)", kInfinity},
      {"sinh(-2000*treble)", -kInfinity},
      {"fmod(treble, bass)", kNan},
      {"atanh(1 + bass)", kInfinity},
      {"sin(1/bass)", kNan},
      {"1/bass - 1/bass", kNan},
      {"0*(1/bass)", kNan},
      {"floor(1/bass)", kInfinity},
      {"round(bass/bass)", kNan},
      {"int(treble/bass)", kInfinity},
      {"sum([bass/bass, 1])", kNan},
      {"np.average([1, 2], [bass, bass])", kNan},
      // What an artist writes to be safe works as everywhere.
      {"bass/bass if bass > 0 else 0.25", 0.25},
      {"np.nan_to_num(bass/bass)", 0},
      {"0.5 if isnan(bass/bass) else 1", 0.5},
      {"np.where(bass > 0, treble/bass, 3)", 3},
      {"min(1/bass, 8)", 8},
  };
  for (const auto& [text, expected] : cases) {
    SCOPED_TRACE(text);
    double value = 0;
    ASSERT_NO_THROW(value = heard(text).number({{"t", 2}, {"bass", 0}, {"treble", 0.5}}));
    if (std::isnan(expected))
      EXPECT_TRUE(std::isnan(value)) << value;
    else
      EXPECT_EQ(value, expected);
  }
}

TEST(MeasuredExpression, KeepsPythonsRulesForTheOthers) {
  for (const char* text : {"1/t", "log(t)", "t ** -1", "1 % t", "sqrt(t - 1)"}) {
    EXPECT_FALSE(heard(text).is_measured()) << text;
    EXPECT_THROW(heard(text).number({{"t", 0}, {"bass", 0}, {"treble", 0}}), ExpressionError) << text;
  }
  EXPECT_TRUE(heard("t + bass").is_measured());
  // What is no matter of numbers is an error everywhere.
  for (const char* text : {"[1, 2][3] + bass", "[1]*bass", "bass(3)", "max([]) + bass"})
    EXPECT_THROW(heard(text).number({{"t", 0}, {"bass", 0}, {"treble", 0}}), ExpressionError) << text;
}

// Elsewhere the two agree.
TEST(MeasuredExpression, HasTheValueThatItHasWithPythonsRules) {
  for (const char* text : {"7 // 2 + bass", "-7.5 % treble", "treble**2", "round(2.5) + bass",
                           "fmod(-7, 2) + bass", "gamma(5*treble)", "lgamma(treble)", "hypot(3, 4)*treble",
                           "fsum([0.1]*10)*treble", "round(2.675, 2)*treble", "5 & 3 | int(bass)"})
    EXPECT_EQ(heard(text).number({{"t", 0}, {"bass", 0}, {"treble", 0.5}}),
              Expression::compile(text, kNames).number({{"t", 0}, {"bass", 0}, {"treble", 0.5}}))
        << text;
}

}  // namespace
}  // namespace reverie::test
