// Python's math module. Values, domains and overflows are those of CPython 3.11; sumprod and fma came
// with 3.12 and 3.13.

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "expressions/functions.h"
#include "expressions/integers.h"
#include "expressions/operators.h"
#include "expressions/reals.h"

namespace reverie::expressions {
namespace {

/// `result` of finite or infinite `x`, if it is one: no argument that is a number may give nan, and no finite
/// one infinity.
double checked(const Context& context, double result, bool from_nan, bool from_infinity,
               const char* infinite) {
  if (context.numpy) return result;
  if (std::isnan(result) && !from_nan) context.fail("math domain error: no value for this argument");
  if (std::isinf(result) && !from_infinity && !from_nan) context.fail(infinite);
  return result;
}

constexpr const char* kPole = "math domain error: no finite value for this argument";
constexpr const char* kOverflow = "the result is too large";

template <double (*F)(double)>
Value pole(Context& context, Arguments args) {
  const double x = real(context, args[0]);
  return checked(context, F(x), std::isnan(x), std::isinf(x), kPole);
}

template <double (*F)(double)>
Value overflow(Context& context, Arguments args) {
  const double x = real(context, args[0]);
  return checked(context, F(x), std::isnan(x), std::isinf(x), kOverflow);
}

template <double (*F)(double, double)>
Value real2(Context& context, Arguments args) {
  const double x = real(context, args[0]), y = real(context, args[1]);
  return checked(context, F(x, y), std::isnan(x) || std::isnan(y), std::isinf(x) || std::isinf(y), kOverflow);
}

double logarithm(const Context& context, double x, double (*function)(double)) {
  if (x <= 0 && !context.numpy)
    context.fail("math domain error: there is no logarithm of 0 and of negative numbers");
  return function(x);
}

Value log(Context& context, Arguments args) {
  const double numerator = logarithm(context, real(context, args[0]), ::log);
  if (!is_set(args[1])) return numerator;
  const double denominator = logarithm(context, real(context, args[1]), ::log);
  if (denominator == 0 && !context.numpy) context.fail("division by zero: 1 is not a base of a logarithm");
  return numerator / denominator;
}

template <double (*F)(double)>
Value log_of_base(Context& context, Arguments args) {
  return logarithm(context, real(context, args[0]), F);
}

Value gamma(Context& context, Arguments args) {
  const double x = real(context, args[0]);
  const bool at_pole = x == 0 || (x < 0 && x == std::floor(x));
  if (at_pole && !context.numpy) context.fail(kPole);
  if (x == std::floor(x) && x > 0 && x <= 21)
    return static_cast<double>(factorial(context, static_cast<std::int64_t>(x) - 1));
  return checked(context, std::tgamma(x), std::isnan(x), std::isinf(x), kOverflow);
}

Value lgamma(Context& context, Arguments args) {
  const double x = real(context, args[0]);
  if (!context.numpy && std::isfinite(x) && x <= 0 && x == std::floor(x)) context.fail(kPole);
  int sign;  // std::lgamma would leave it in a global variable
  return checked(context, ::lgamma_r(x, &sign), std::isnan(x), std::isinf(x), kOverflow);
}

Value degrees(Context& context, Arguments args) { return real(context, args[0]) * (180 / std::numbers::pi); }
Value radians(Context& context, Arguments args) { return real(context, args[0]) * (std::numbers::pi / 180); }

template <double (*F)(double)>
Value whole(Context& context, Arguments args) {
  if (is_integer(args[0])) return integer(context, args[0]);
  return whole_number(context, F(real(context, args[0])));
}

Value fmod(Context& context, Arguments args) {
  const double x = real(context, args[0]), y = real(context, args[1]);
  if (std::isinf(y) && std::isfinite(x)) return x;
  return checked(context, std::fmod(x, y), std::isnan(x) || std::isnan(y), false, kPole);
}

Value remainder(Context& context, Arguments args) {
  const double x = real(context, args[0]), y = real(context, args[1]);
  return checked(context, std::remainder(x, y), std::isnan(x) || std::isnan(y), false, kPole);
}

Value modf(Context& context, Arguments args) {
  double whole = 0;
  const double fraction = std::modf(real(context, args[0]), &whole);
  return make_sequence(context, SequenceKind::tuple, {fraction, whole});
}

Value frexp(Context& context, Arguments args) {
  const double x = real(context, args[0]);
  int exponent = 0;
  const double mantissa = std::isfinite(x) ? std::frexp(x, &exponent) : x;
  return make_sequence(context, SequenceKind::tuple, {mantissa, std::int64_t{exponent}});
}

Value ldexp(Context& context, Arguments args) {
  const double x = real(context, args[0]);
  const std::int64_t exponent = std::clamp<std::int64_t>(integer(context, args[1]), -10'000, 10'000);
  return checked(context, std::ldexp(x, static_cast<int>(exponent)), std::isnan(x), std::isinf(x), kOverflow);
}

std::vector<double> reals(Context& context, const Values& values) {
  context.spend(values.size());
  std::vector<double> result;
  for (const Value& value : values) result.push_back(real(context, value));
  return result;
}

Value hypot(Context& context, Arguments args) {
  return norm(reals(context, Values(args.begin(), args.end())));
}

Value dist(Context& context, Arguments args) {
  std::vector<double> p = reals(context, items(context, args[0])),
                      q = reals(context, items(context, args[1]));
  if (p.size() != q.size()) context.fail("both points must have the same number of dimensions");
  for (std::size_t i = 0; i < p.size(); ++i) p[i] -= q[i];
  return norm(p);
}

Value fsum(Context& context, Arguments args) {
  return exact_sum(context, reals(context, items(context, args[0])));
}

Value prod(Context& context, Arguments args) {
  Value result = is_set(args[1]) ? args[1] : std::int64_t{1};
  for (const Value& item : items(context, args[0])) {
    context.spend(1);
    result = binary(context, Operator::multiply, result, item);
  }
  return result;
}

Value fma(Context& context, Arguments args) {
  bool nan = false, infinite = false;
  for (const Value& arg : args) {
    nan |= std::isnan(real(context, arg));
    infinite |= std::isinf(real(context, arg));
  }
  const double result = std::fma(real(context, args[0]), real(context, args[1]), real(context, args[2]));
  return checked(context, result, nan, infinite, kOverflow);
}

/// Whole numbers exactly, and of the others the sum rounded once: each product with what its rounding lost.
Value sumprod(Context& context, Arguments args) {
  const Values &p = items(context, args[0]), &q = items(context, args[1]);
  if (p.size() != q.size()) context.fail("both lists must have the same number of dimensions");
  context.spend(p.size());
  std::int64_t whole = 0;
  std::vector<double> terms;
  double plain = 0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    if (is_integer(p[i]) && is_integer(q[i])) {
      whole = add(context, whole, multiply(context, integer(context, p[i]), integer(context, q[i])));
      continue;
    }
    const double a = real(context, p[i]), b = real(context, q[i]), product = a * b;
    plain += product;
    terms.insert(terms.end(), {product, std::fma(a, b, -product)});
  }
  if (terms.empty()) return whole;
  return static_cast<double>(whole) + (std::isfinite(plain) ? exact_sum(context, terms) : plain);
}

Value isclose(Context& context, Arguments args) {
  const double a = real(context, args[0]), b = real(context, args[1]);
  const double relative = is_set(args[2]) ? real(context, args[2]) : 1e-9;
  const double absolute = is_set(args[3]) ? real(context, args[3]) : 0;
  if (relative < 0 || absolute < 0) context.fail("tolerances must not be negative");
  if (a == b) return true;
  if (std::isinf(a) || std::isinf(b)) return false;
  const double difference = std::abs(b - a);
  return difference <= std::abs(relative * b) || difference <= std::abs(relative * a) ||
         difference <= absolute;
}

template <bool (*F)(double)>
Value test(Context& context, Arguments args) {
  return F(real(context, args[0]));
}
bool finite(double x) { return std::isfinite(x); }
bool infinite(double x) { return std::isinf(x); }
bool not_a_number(double x) { return std::isnan(x); }

std::int64_t natural(const Context& context, const Value& value) {
  const std::int64_t n = integer(context, value);
  if (n < 0) context.fail("a whole number that is not negative is wanted here");
  return n;
}

Value factorial(Context& context, Arguments args) { return factorial(context, natural(context, args[0])); }
Value isqrt(Context& context, Arguments args) { return square_root(natural(context, args[0])); }
Value comb(Context& context, Arguments args) {
  return combinations(context, natural(context, args[0]), natural(context, args[1]));
}
Value perm(Context& context, Arguments args) {
  if (!is_set(args[1]) || is_none(args[1])) return factorial(context, args);
  return permutations(context, natural(context, args[0]), natural(context, args[1]));
}

Value gcd(Context& context, Arguments args) {
  std::int64_t result = 0;
  for (const Value& value : args) result = greatest_common_divisor(context, result, integer(context, value));
  return result;
}
Value lcm(Context& context, Arguments args) {
  std::int64_t result = 1;
  for (const Value& value : args) result = least_common_multiple(context, result, integer(context, value));
  return result;
}

Value nextafter(Context& context, Arguments args) {
  return std::nextafter(real(context, args[0]), real(context, args[1]));
}

double unit_in_last_place(double x) {
  x = std::abs(x);
  if (!std::isfinite(x)) return x;
  const double above = std::nextafter(x, std::numeric_limits<double>::infinity());
  return std::isinf(above) ? x - std::nextafter(x, 0.0) : above - x;
}

constexpr std::size_t kAny = Function::kAny;
constexpr Function kFunctions[] = {
    {"sin", pole<::sin>, 1, 1},
    {"cos", pole<::cos>, 1, 1},
    {"tan", pole<::tan>, 1, 1},
    {"asin", pole<::asin>, 1, 1},
    {"acos", pole<::acos>, 1, 1},
    {"atan", pole<::atan>, 1, 1},
    {"atan2", real2<::atan2>, 2, 2},
    {"sinh", overflow<::sinh>, 1, 1},
    {"cosh", overflow<::cosh>, 1, 1},
    {"tanh", pole<::tanh>, 1, 1},
    {"asinh", pole<::asinh>, 1, 1},
    {"acosh", pole<::acosh>, 1, 1},
    {"atanh", pole<::atanh>, 1, 1},
    {"exp", overflow<::exp>, 1, 1},
    {"exp2", overflow<::exp2>, 1, 1},
    {"expm1", overflow<::expm1>, 1, 1},
    {"log", log, 1, 2},
    {"log2", log_of_base<::log2>, 1, 1},
    {"log10", log_of_base<::log10>, 1, 1},
    {"log1p", pole<::log1p>, 1, 1},
    {"sqrt", pole<::sqrt>, 1, 1},
    {"cbrt", pole<::cbrt>, 1, 1},
    {"erf", pole<::erf>, 1, 1},
    {"erfc", pole<::erfc>, 1, 1},
    {"gamma", gamma, 1, 1},
    {"lgamma", lgamma, 1, 1},
    {"degrees", degrees, 1, 1},
    {"radians", radians, 1, 1},
    {"floor", whole<::floor>, 1, 1},
    {"ceil", whole<::ceil>, 1, 1},
    {"trunc", whole<::trunc>, 1, 1},
    {"fabs", pole<::fabs>, 1, 1},
    {"fmod", fmod, 2, 2},
    {"remainder", remainder, 2, 2},
    {"modf", modf, 1, 1},
    {"frexp", frexp, 1, 1},
    {"ldexp", ldexp, 2, 2},
    {"copysign", real2<::copysign>, 2, 2},
    {"nextafter", nextafter, 2, 2},
    {"ulp", pole<unit_in_last_place>, 1, 1},
    {"hypot", hypot, 0, kAny},
    {"dist", dist, 2, 2},
    {"fsum", fsum, 1, 1},
    {"sumprod", sumprod, 2, 2},
    {"prod", prod, 1, 2, "- start"},
    {"fma", fma, 3, 3},
    {"isclose", isclose, 2, 4, "a b rel_tol abs_tol"},
    {"isfinite", test<finite>, 1, 1},
    {"isinf", test<infinite>, 1, 1},
    {"isnan", test<not_a_number>, 1, 1},
    {"factorial", factorial, 1, 1},
    {"comb", comb, 2, 2},
    {"perm", perm, 1, 2},
    {"gcd", gcd, 0, kAny},
    {"lcm", lcm, 0, kAny},
    {"isqrt", isqrt, 1, 1},
};

}  // namespace

std::span<const Function> math_functions() { return kFunctions; }

}  // namespace reverie::expressions
