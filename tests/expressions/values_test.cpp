// What expressions are worth, by Python's and NumPy's documentation and by hand.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>

#include "expressions/expression.h"

namespace reverie::test {
namespace {

using Numbers = std::vector<double>;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
const std::map<std::string, double> kValues = {{"t", 0.5}, {"R", 800}, {"bass", 0.25}, {"bass_prev", 1}};
const std::set<std::string> kNames = {"t", "R", "bass", "bass_prev"};

Numbers numbers(const std::string& text) { return Expression::compile(text, kNames).numbers(kValues); }

void expect_all(const std::vector<std::pair<std::string, Numbers>>& cases) {
  for (const auto& [text, expected] : cases) {
    SCOPED_TRACE(text);
    Numbers actual;
    ASSERT_NO_THROW(actual = numbers(text));
    ASSERT_EQ(actual.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_DOUBLE_EQ(actual[i], expected[i]) << i;
  }
}

TEST(Expression, FollowsPythonsArithmetic) {
  expect_all({
      {"7 // 2", {3}},
      {"-7 // 2", {-4}},
      {"-7 // 2.0", {-4}},
      {"7 / 2", {3.5}},
      {"-7 % 3", {2}},
      {"7 % -3", {-2}},
      {"-7.5 % 2", {0.5}},
      {"5.5 % -2", {-0.5}},
      {"fmod(-7.5, 2)", {-1.5}},
      {"2 ** 3 ** 2", {512}},
      {"-2 ** 2", {-4}},
      {"2 ** -1", {0.5}},
      {"(-8) ** 3", {-512}},
      {"pow(2, -2)", {0.25}},
      {"pow(3, 4, 5)", {1}},
      {"pow(10, 30)", {1e30}},
      {"1e3 + 0x10 + 0b11 + 0o17 + 1_000", {1000 + 16 + 3 + 15 + 1000}},
      {".5 + 5. + 1E-2", {5.51}},
      {"~5 + (6 & 3) + (6 | 3) + (6 ^ 3) + (1 << 4) + (-5 >> 1)", {-6 + 2 + 7 + 5 + 16 - 3}},
      {"True + True", {2}},
      {"1 < 2 < 3", {1}},
      {"3 > 2 > 2", {0}},
      {"1 == 1.0 == True", {1}},
      {"0 or 3.5", {3.5}},
      {"2 and 0", {0}},
      {"not 0 == 1", {1}},
      {"1 or 1 / 0", {1}},
      {"2 in [1, 2] and 3 not in (1, 2)", {1}},
      {"round(0.5) + round(1.5) + round(2.5)", {4}},
      {"round(2.675, 2)", {2.67}},
      {"round(1250, -2)", {1200}},
      {"2 ** 53 + 1 == 2.0 ** 53", {0}},
      {"inf > 9223372036854775807", {1}},
      {"-inf", {-kInfinity}},
      {"1if t else 2", {1}},
      {"2*(1,2)[1]", {4}},
      {"  t  # the time", {0.5}},
      {"t\n + 1", {1.5}},
  });
  EXPECT_TRUE(std::isnan(numbers("nan")[0]));
}

TEST(Expression, HasListsLambdasAndComprehensions) {
  expect_all({
      {"[1, 0, 0, t]", {1, 0, 0, 0.5}},
      {"1, 2,", {1, 2}},
      {"[]", {}},
      {"5", {5}},
      {"[1, 2, 3][-1]", {3}},
      {"[0, 1, 2, 3, 4][1:4:2]", {1, 3}},
      {"[0, 1, 2, 3][::-1]", {3, 2, 1, 0}},
      {"[1, 2] + [3] * 2", {1, 2, 3, 3}},
      {"[*range(3), 9]", {0, 1, 2, 9}},
      {"[i * k for i in range(3) for k in [1, 10] if i != 1]", {0, 0, 2, 20}},
      {"sum(x * x for x in [1, 2, 3])", {14}},
      {"[a - b for a, b in zip([5, 6], [1, 2])]", {4, 4}},
      {"[i + x for i, (x, y) in enumerate([(1, 2), (3, 4)])]", {1, 4}},
      {"(lambda x, y: x + y * t)(1, 2)", {2}},
      {"(lambda f: f(f, 5))(lambda f, n: 1 if n < 2 else n * f(f, n - 1))", {120}},
      {"[f() for f in [lambda: i for i in range(3)]]", {2, 2, 2}},  // Python's late binding
      {"(lambda x: lambda y: x - y)(5)(3)", {2}},
      {"(lambda f: f(pi))(cos)", {-1}},
      {"sorted([3, 1, 2], reverse=True)", {3, 2, 1}},
      {"max(1, 5, 3) + min([4, 2]) + len((1, 2)) + abs(-3)", {5 + 2 + 2 + 3}},
      {"[x for x in [t, t] for t in [7]]", {0.5, 0.5}},  // the first list is outside
      {"max([1, 2], [1, 3])", {1, 3}},
      {"hypot(*[3, 4])", {5}},
  });
}

TEST(Expression, HasPythonsMath) {
  expect_all({
      {"sin(pi / 6) + cos(0) + atan2(1, 1)", {0.5 + 1 + std::numbers::pi / 4}},
      {"log(8, 2) + log10(1000) + log2(8) + log(e)", {3 + 3 + 3 + 1}},
      {"floor(-1.5) + ceil(1.2) + trunc(-1.7)", {-2 + 2 - 1}},
      {"modf(2.25)", {0.25, 2}},
      {"frexp(8)", {0.5, 4}},
      {"ldexp(3, 4)", {48}},
      {"comb(5, 2) + perm(5, 2) + factorial(5) + gcd(12, 18) + lcm(4, 6) + isqrt(17)",
       {10 + 20 + 120 + 6 + 12 + 4}},
      {"prod([2, 3], start=2) + dist([0, 0], [3, 4])", {17}},
      {"fsum([0.1] * 10)", {1}},
      {"isclose(1, 1 + 1e-10) + isclose(1, 2, rel_tol=0.5) + isclose(a=1, b=1.2)", {2}},
      {"degrees(pi) + radians(180) - pi", {180}},
      {"copysign(3, -0.0)", {-3}},
      {"gamma(5) + exp(lgamma(4))", {30}},
      {"remainder(5, 3)", {-1}},
      {"tau / pi", {2}},
      {"cbrt(27) + exp2(3)", {11}},
      {"fma(2, 3, 4) + sumprod([1, 2], [3, 4])", {10 + 11}},
      {"fma(1 + 2**-30, 1 - 2**-30, -1)", {-0x1p-60}},        // rounded once
      {"sumprod([1e20, 1.5, -1e20], [1e20, 2, 1e20])", {3}},  // exactly
      {"sumprod([2**62, 1], [1, 0.5])", {0x1p62}},
  });
}

TEST(Expression, HasNumPysFunctions) {
  expect_all({
      {"np.sin(np.pi / 2)", {1}},
      {"np.array([1, 2]) * 2 + 0.5", {2.5, 4.5}},
      {"[1, 2] * 2", {1, 2, 1, 2}},
      {"np.array([1, 2]) * [3, 4]", {3, 8}},
      {"np.clip([-1, 0.5, 2], 0, 1)", {0, 0.5, 1}},
      {"np.clip(5, a_min=None, a_max=3)", {3}},
      {"np.interp(t, [0, 1], [10, 20])", {15}},
      {"np.interp([-1, 0, 0.5, 3], [0, 1, 2], [3, 2, 0])", {3, 3, 2.5, 0}},
      {"np.interp(5, [0, 1], [1, 2], right=9)", {9}},
      {"np.interp(t, [0, 0.5, 0.5, 1], [0, 1, 2, 3])", {2}},  // a jump
      {"np.linspace(0, 1, 5)", {0, 0.25, 0.5, 0.75, 1}},
      {"np.linspace(0, 1, num=4, endpoint=False)", {0, 0.25, 0.5, 0.75}},
      {"np.arange(3)", {0, 1, 2}},
      {"np.arange(0, 1, 0.25)", {0, 0.25, 0.5, 0.75}},
      {"np.mod(-7, 3) + np.fmod(-7, 3)", {2 - 1}},
      {"np.where(t > 0.4, 1, 2)", {1}},
      {"np.where(np.array([1, 5]) > 3, 10, [1, 2])", {1, 10}},
      {"np.sign(-2) + np.floor(1.5) + np.abs(-3)", {3}},
      {"np.maximum([1, 5], 3)", {3, 5}},
      {"np.round(2.567, 2) + np.rint(2.5)", {4.57}},
      {"np.deg2rad(180) + np.arctan2(0, 1) - np.pi", {0}},
      {"np.mean([1, 2, 6]) + np.median([1, 2, 6]) + np.sum([1, 2, 6])", {3 + 2 + 9}},
      {"np.average([1, 2], weights=[3, 1])", {1.25}},
      {"np.std([1, 3]) + np.var([1, 3])", {2}},
      {"np.cumsum([1, 2, 3])", {1, 3, 6}},
      {"np.diff([1, 4, 9])", {3, 5}},
      {"np.dot([1, 2], [3, 4]) + np.linalg.norm([3, 4])", {16}},
      {"np.log(0)", {-kInfinity}},
      {"np.divide(1, 0)", {kInfinity}},
      {"np.sqrt(4) ** 2", {4}},
      {"np.array([1, 2]) / 0 > 1e300", {1, 1}},  // NumPy goes on
      {"(np.array([1, 4]) > 2) + (np.array([3, 4]) > 3.5)", {0, 1}},
      {"np.nan_to_num([np.nan, np.inf, 2], nan=7, posinf=8)", {7, 8, 2}},
      {"np.percentile([4, 1, 3, 2], 50) + np.quantile([0, 10], 0.25)", {2.5 + 2.5}},
      {"np.argmax([1, 5, 3]) + np.argmin([4, 2, 3])", {1 + 1}},
      {"np.any([0, 2]) + np.all([0, 2]) + np.count_nonzero([0, 2, 3])", {1 + 0 + 2}},
      {"np.sort([3, 1, 2])", {1, 2, 3}},
      {"np.roll([1, 2, 3, 4], 1)", {4, 1, 2, 3}},
      {"np.roll([1, 2, 3, 4], -1)", {2, 3, 4, 1}},
      {"np.repeat([1, 2], 2)", {1, 1, 2, 2}},
      {"np.tile([1, 2], 2)", {1, 2, 1, 2}},
      {"np.concatenate([[1, 2], np.flip([3, 4])])", {1, 2, 4, 3}},
      {"np.cross([1, 0, 0], [0, 1, 0])", {0, 0, 1}},
      {"np.polyval([1, 2, 3], [0, 10])", {3, 123}},
      {"np.logspace(0, 2, 3)", {1, 10, 100}},
      {"np.geomspace(1, 8, 4)", {1, 2, 4, 8}},
      {"exp(np.logaddexp(log(2), log(3)))", {5}},
      {"np.NINF", {-kInfinity}},
  });
}

TEST(Expression, TakesVariables) {
  const Expression expression = Expression::compile("10 * sin(t) + bass - bass_prev + t", kNames);
  EXPECT_EQ(expression.variables(), (std::set<std::string>{"t", "bass", "bass_prev"}));
  EXPECT_FALSE(expression.is_constant());
  EXPECT_EQ(expression.text(), "10 * sin(t) + bass - bass_prev + t");
  for (const double t : {0.0, 1.0, -2.5})
    EXPECT_DOUBLE_EQ(expression.number({{"t", t}, {"bass", 3}, {"bass_prev", 2}, {"other", 7}}),
                     10 * std::sin(t) + 1 + t);
  EXPECT_THROW(expression.number({{"t", 0}}), std::out_of_range);

  // They hide functions, and are hidden by parameters and loop variables.
  EXPECT_EQ(Expression::compile("gamma + 1", {"gamma"}).number({{"gamma", 2}}), 3);
  EXPECT_EQ(Expression::compile("(lambda t: t)(3) + t", {"t"}).number({{"t", 1}}), 4);
  EXPECT_EQ(Expression::compile("bäß * 2", {"bäß"}).number({{"bäß", 2}}), 4);

  const Expression constant = Expression::compile("-1700*sin(radians(1.5))", kNames);
  EXPECT_TRUE(constant.is_constant());
  EXPECT_DOUBLE_EQ(constant.number({}), -1700 * std::sin(1.5 / 180 * std::numbers::pi));
}

TEST(Expression, IsCopiedAndMoved) {
  Expression first = Expression::compile("t + 1", {"t"});
  const Expression copy = first;
  const Expression moved = std::move(first);
  first = Expression::compile("2", {});
  EXPECT_EQ(copy.number({{"t", 1}}), 2);
  EXPECT_EQ(moved.number({{"t", 2}}), 3);
  EXPECT_EQ(first.number({}), 2);
}

TEST(Expression, KnowsWhatCanBeAName) {
  for (const char* name : {"t", "_x1", "bäß", "Kick"}) EXPECT_TRUE(Expression::is_name(name)) << name;
  for (const char* name : {"", "1a", "a b", "a-b", "if", "True", "np", "a.b", "×"})
    EXPECT_FALSE(Expression::is_name(name)) << name;
}

}  // namespace
}  // namespace reverie::test
