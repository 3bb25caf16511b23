// What is said of wrong expressions, and where it points.

#include <gtest/gtest.h>

#include "expressions/expression.h"

namespace reverie::test {
namespace {

struct Case {
  std::string text;  ///< with ` before the place that is to blame
  std::string message;
};

/// Computes a number with t = 0, bass = 1.
void expect_errors(const std::vector<Case>& cases) {
  for (const Case& test : cases) {
    SCOPED_TRACE(test.text);
    std::string text = test.text;
    const std::size_t place = text.find('`');
    ASSERT_NE(place, std::string::npos);
    text.erase(place, 1);
    try {
      const double value = Expression::compile(text, {"t", "bass"}).number({{"t", 0}, {"bass", 1}});
      ADD_FAILURE() << value;
    } catch (const ExpressionError& error) {
      EXPECT_NE(std::string(error.what()).find(test.message), std::string::npos) << error.what();
      EXPECT_EQ(error.column(), place) << error.what();
    }
  }
}

TEST(ExpressionErrors, PointAtSyntax) {
  expect_errors({
      {"`", "an expression is missing"},
      {"`   ", "an expression is missing"},
      {"1 +`", "ends too early"},
      {"sin`(t", "never closed"},
      {"sin(t`]", "']' is not expected"},
      {"sin(t)`)", "')' is not expected"},
      {"2`t", "a '*' seems to be missing between 2 and t"},
      {"2 `t", "an operator is missing before 't'"},
      {"t `2", "an operator is missing before '2'"},
      {"t `= 2", "write =="},
      {"t `is 2", "written =="},
      {"1 `if t", "without 'else'"},
      {"1 + `* 2", "'*' is not expected"},
      {"`'text'", "no text in quotes"},
      {"t `\xE2\x88\x92 1", "written -"},
      {"t `\xC3\x97 2", "written *"},
      {"t + `@", "'@' has no meaning"},
      {"t + `\xE2\x86\x92", "'\xE2\x86\x92' has no meaning"},
      {"t + `\xFF", "not text"},
      {"t `; t", "';' has no meaning"},
      {"t`.real", "only np. has parts"},
      {"sin`.__class__", "only np. has parts"},
      {"`2j", "complex"},
      {"`0x", "a digit is wrong"},
      {"`0b12", "a digit is wrong"},
      {"1 + `012", "does not begin with 0"},
      {"`1__0", "underscore"},
      {"[1 for `2 in []]", "a name is expected here, not '2'"},
      {"lambda x, `x: 1", "is given twice"},
      {"lambda x`=1: 1", "no defaults"},
      {"lambda `*x: 1", "plain parameters"},
      {"[1][1`, 2]", "one dimension only"},
      {"(`*[1])", "* belongs in"},
      {"`import os", "'import' is not expected"},
      {"`yield", "'yield' is not expected"},
      {"max(1, `x for x in [1])", "beside other arguments"},
      {"round(number=1, `2)", "come first"},
      {"round(number=1, `number=2)", "is given twice"},
      {"max(`**[])", "** is not supported"},
  });
}

TEST(ExpressionErrors, PointAtNamesAndCalls) {
  expect_errors({
      {"1 + `sinn(t)", "the name 'sinn' is not known; is 'sin' meant?"},
      {"`base + t", "is 'bass' meant?"},
      {"`mu", "the name 'mu' is not known"},
      {"`__import__(1)", "not known"},
      {"`np.arctn(1)", "is 'np.arctan' meant?"},
      {"`np", "np is written before a name"},
      {"`np.linalg.inv(1)", "not known"},
      {"[x for x in [1]][0] + `x", "the name 'x' is not known"},
      {"1 or `sin()", "sin() takes 1 argument, not 0"},
      {"2 * `sin(1, 2)", "takes 1 argument, not 2"},
      {"`log()", "takes 1 to 2 arguments, not 0"},
      {"`max()", "takes at least 1 argument, not 0"},
      {"`round(1, digits=2)", "no parameter named 'digits'"},
      {"`sin(x=1)", "no parameter named 'x'"},
      {"`round(1, number=2)", "is given twice"},
      {"`atan2(*[1])", "takes 2 arguments, not 1"},
      {"`t(2)", "only functions can be called, not a number"},
      {"(`lambda x: x)()", "takes 1 argument, not 0"},
  });
  try {
    Expression::compile("2 * mu", {"t"});
    FAIL();
  } catch (const ExpressionError& error) {
    EXPECT_EQ(error.unknown_name(), "mu");
  }
}

TEST(ExpressionErrors, PointAtArithmetic) {
  expect_errors({
      {"1 `/ t", "division by zero"},
      {"1 `// 0", "division by zero"},
      {"5.0 `% t", "division by zero"},
      {"0.0 `** -1", "division by zero"},
      {"(-8) `** (1 / 3)", "not a real number"},
      {"10.0 `** 400", "too large"},
      {"2 `** 63", "integer too large"},
      {"9223372036854775807 `+ 1", "integer too large"},
      {"1 `<< 63", "integer too large"},
      {"1 `<< -1", "negative shift"},
      {"`9223372036854775808", "integer too large"},
      {"`floor(1e19)", "integer too large"},
      {"`factorial(21)", "integer too large"},
      {"`round(inf)", "infinity is not a whole number"},
      {"`int(nan)", "nan is not a whole number"},
      {"2 + `sqrt(t - 1)", "math domain error"},
      {"`log(t)", "no logarithm"},
      {"`acos(2)", "math domain error"},
      {"`atanh(1)", "math domain error"},
      {"`exp(1000)", "too large"},
      {"`gamma(-1)", "math domain error"},
      {"`factorial(-1)", "not negative"},
      {"1.5 `& 2", "does not work on a number with a decimal point and a whole number"},
      {"1.5 `^ 2", "a power is written **"},
      {"[1] `* 1.5", "np.array"},
      {"[1] `+ 1", "does not work on a list of 1 and a whole number"},
      {"1 < 2 `< [3]", "'<' does not work on"},
      {"[1, 2]`[2]", "there is no element 2 in a list of 2"},
      {"[1, 2]`[1.0]", "whole number"},
      {"[1, 2]`[::0]", "cannot be zero"},
      {"t`[0]", "only lists have elements"},
      {"`max([])", "empty list"},
      {"`min(t for x in [])", "empty list"},
      {"[x for x in `3]", "a list is wanted here"},
      {"[1 for `a, b in [(1, 2, 3)]]", "there are 2 names for a tuple of 3"},
      {"[y for x in [1] for z in [`y] for y in [2]]", "has no value yet"},
      {"np.array([1, 2]) `+ np.array([1, 2, 3])", "different lengths"},
      {"1 if `np.array([1, 2]) else 2", "neither true nor false"},
      {"`np.array([[1]])", "one dimension"},
      {"`np.interp(t, [1, 0], [0, 1])", "increase"},
  });
}

TEST(ExpressionErrors, SayThatTheValueIsNotOneThatIsWanted) {
  expect_errors({
      {" `[1, 2]", "a single number is wanted, and this is a list of 2"},
      {"`sin", "this is the function sin"},
      {"`lambda: 1", "this is a lambda"},
      {"`None", "this is None"},
  });
  EXPECT_THROW(Expression::compile("[[1]]", {}).numbers({}), ExpressionError);
  EXPECT_THROW(Expression::compile("None", {}).numbers({}), ExpressionError);
}

TEST(ExpressionErrors, ComeWhenCompilingWhereNothingVaries) {
  EXPECT_THROW(Expression::compile("1 / 0", {"t"}), ExpressionError);
  const Expression varies = Expression::compile("1 / t", {"t"});
  EXPECT_THROW(varies.number({{"t", 0}}), ExpressionError);
  EXPECT_EQ(varies.number({{"t", 2}}), 0.5);
}

}  // namespace
}  // namespace reverie::test
