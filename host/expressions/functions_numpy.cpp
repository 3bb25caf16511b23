// NumPy's functions of numbers and of lists with one dimension. Where NumPy warns and goes on with infinity
// or nan, so do these; arithmetic on their results is Python's.

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "expressions/arithmetic.h"
#include "expressions/elementwise.h"
#include "expressions/functions.h"
#include "expressions/integers.h"
#include "expressions/numpy_arrays.h"
#include "expressions/operators.h"
#include "expressions/reals.h"

namespace reverie::expressions {
namespace {

/// A function of floats, of each element.
template <double (*F)(double)>
Value each(Context& context, Arguments args) {
  return elementwise(context, args, [&](Arguments x) -> Value { return F(real(context, x[0])); });
}

template <double (*F)(double, double)>
Value each_pair(Context& context, Arguments args) {
  return elementwise(context, args,
                     [&](Arguments x) -> Value { return F(real(context, x[0]), real(context, x[1])); });
}

template <bool (*F)(double)>
Value each_test(Context& context, Arguments args) {
  return elementwise(context, args, [&](Arguments x) -> Value { return F(real(context, x[0])); });
}

/// A function of one or two numbers that has whole numbers of whole numbers.
template <Value (*Whole)(Context&, std::int64_t, std::int64_t), double (*Real)(double, double)>
Value each_number(Context& context, Arguments args) {
  return elementwise(context, args, [&](Arguments x) -> Value {
    const Value& last = x.back();
    if (is_integer(x[0]) && is_integer(last))
      return Whole(context, integer(context, x[0]), integer(context, last));
    return Real(real(context, x[0]), real(context, last));
  });
}

template <Operator op>
Value each_operator(Context& context, Arguments args) {
  return elementwise(context, args, [&](Arguments x) { return array_arithmetic(context, op, x[0], x[1]); });
}

template <Operator op>
Value each_comparison(Context& context, Arguments args) {
  return elementwise(context, args, [&](Arguments x) { return compare(context, op, x[0], x[1]); });
}

Value invert(Context& context, Arguments args) {
  return elementwise(context, args,
                     [&](Arguments x) { return array_unary(context, Operator::invert, x[0]); });
}

template <bool (*F)(bool, bool)>
Value each_truth(Context& context, Arguments args) {
  return elementwise(context, args,
                     [&](Arguments x) -> Value { return F(truth(context, x[0]), truth(context, x.back())); });
}

bool both(bool a, bool b) { return a && b; }
bool either(bool a, bool b) { return a || b; }
bool one(bool a, bool b) { return a != b; }
bool neither(bool a, bool) { return !a; }

bool finite(double x) { return std::isfinite(x); }
bool infinite(double x) { return std::isinf(x); }
bool not_a_number(double x) { return std::isnan(x); }
bool has_sign(double x) { return std::signbit(x); }

double to_radians(double x) { return x * (std::numbers::pi / 180); }
double to_degrees(double x) { return x * (180 / std::numbers::pi); }
double sinc(double x) {
  const double y = std::numbers::pi * (x == 0 ? 1e-20 : x);
  return std::sin(y) / y;
}
/// log(exp(x) + exp(y)) of a base of which `one` is the logarithm of e.
double log_of_sum(double x, double y, double two, double one) {
  if (x == y) return x + two;  // infinities too
  const double distance = std::abs(x - y);
  return std::max(x, y) + std::log1p(std::exp(-distance / one)) * one;
}
double logaddexp(double x, double y) {
  return std::isnan(x + y) && x != y ? x + y : log_of_sum(x, y, std::numbers::ln2, 1);
}
double logaddexp2(double x, double y) {
  return std::isnan(x + y) && x != y ? x + y : log_of_sum(x, y, 1, std::numbers::log2e);
}
double heaviside(double x, double at_zero) {
  return std::isnan(x) ? x : x == 0 ? at_zero : x < 0 ? 0.0 : 1.0;
}

Value abs_whole(Context& context, std::int64_t x, std::int64_t) {
  return x < 0 ? subtract(context, 0, x) : x;
}
double abs_real(double x, double) { return std::abs(x); }
Value sign_whole(Context&, std::int64_t x, std::int64_t) { return std::int64_t{x > 0} - std::int64_t{x < 0}; }
double sign_real(double x, double) { return x > 0 ? 1.0 : x < 0 ? -1.0 : x == 0 ? 0.0 : x; }
Value square_whole(Context& context, std::int64_t x, std::int64_t) { return multiply(context, x, x); }
double square_real(double x, double) { return x * x; }
Value same_whole(Context&, std::int64_t x, std::int64_t) { return x; }
double same_real(double x, double) { return x; }
Value reciprocal_whole(Context& context, std::int64_t x, std::int64_t) {
  if (x == 0) context.fail("division by zero: 0 has no reciprocal");
  return x == 1 || x == -1 ? x : std::int64_t{0};
}
double reciprocal_real(double x, double) { return 1 / x; }
Value negative_whole(Context& context, std::int64_t x, std::int64_t) { return subtract(context, 0, x); }
double negative_real(double x, double) { return -x; }

Value most_whole(Context&, std::int64_t x, std::int64_t y) { return std::max(x, y); }
double most_real(double x, double y) { return std::isnan(x) || x >= y ? x : y; }
Value least_whole(Context&, std::int64_t x, std::int64_t y) { return std::min(x, y); }
double least_real(double x, double y) { return std::isnan(x) || x <= y ? x : y; }

Value fmod_whole(Context&, std::int64_t x, std::int64_t y) { return y == 0 || y == -1 ? 0 : x % y; }
double fmod_real(double x, double y) { return std::fmod(x, y); }

Value gcd(Context& context, Arguments args) {
  return elementwise(context, args, [&](Arguments x) -> Value {
    return greatest_common_divisor(context, integer(context, x[0]), integer(context, x[1]));
  });
}
Value lcm(Context& context, Arguments args) {
  return elementwise(context, args, [&](Arguments x) -> Value {
    return least_common_multiple(context, integer(context, x[0]), integer(context, x[1]));
  });
}

Value round(Context& context, Arguments args) {
  const std::int64_t decimals = is_set(args[1]) ? integer(context, args[1]) : 0;
  const double scale = std::pow(10.0, std::abs(static_cast<double>(decimals)));
  return elementwise(context, args.first(1), [&](Arguments x) -> Value {
    if (is_integer(x[0]) && decimals >= 0) return integer(context, x[0]);
    const double number = real(context, x[0]);
    const double rounded =
        decimals >= 0 ? std::nearbyint(number * scale) / scale : std::nearbyint(number / scale) * scale;
    return is_integer(x[0]) ? Value(from_real(context, rounded)) : Value(rounded);
  });
}

/// The number in the type that both have.
Value promoted(const Context& context, const Value& number, const Value& other) {
  if (is_real(other)) return real(context, number);
  return std::holds_alternative<std::int64_t>(other) && !is_real(number) ? integer(context, number) : number;
}

Value where(Context& context, Arguments args) {
  return elementwise(context, args, [&](Arguments x) {
    return truth(context, x[0]) ? promoted(context, x[1], x[2]) : promoted(context, x[2], x[1]);
  });
}

Value clip(Context& context, Arguments args) {
  return elementwise(context, args, [&](Arguments x) {
    Value result = x[0];
    for (std::size_t i : {1, 2}) {
      if (!is_set(x[i]) || is_none(x[i])) continue;
      if (is_integer(result) && is_integer(x[i])) {
        const std::int64_t a = integer(context, result), b = integer(context, x[i]);
        result = i == 1 ? std::max(a, b) : std::min(a, b);
      } else {
        const double a = real(context, result), b = real(context, x[i]);
        result = i == 1 ? most_real(a, b) : least_real(a, b);
      }
    }
    return result;
  });
}

Value nan_to_num(Context& context, Arguments args) {
  constexpr double kMost = std::numeric_limits<double>::max();
  const auto given = [&](std::size_t i, double otherwise) {
    return is_set(args[i]) && !is_none(args[i]) ? real(context, args[i]) : otherwise;
  };
  const double nan = given(2, 0), most = given(3, kMost), least = given(4, -kMost);
  return elementwise(context, args.first(1), [&](Arguments x) -> Value {
    if (is_integer(x[0])) return x[0];
    const double number = real(context, x[0]);
    return std::isnan(number) ? nan : std::isfinite(number) ? number : number > 0 ? most : least;
  });
}

constexpr Function kFunctions[] = {
    {"np.sin", each<::sin>, 1, 1},
    {"np.cos", each<::cos>, 1, 1},
    {"np.tan", each<::tan>, 1, 1},
    {"np.arcsin", each<::asin>, 1, 1},
    {"np.arccos", each<::acos>, 1, 1},
    {"np.arctan", each<::atan>, 1, 1},
    {"np.arctan2", each_pair<::atan2>, 2, 2},
    {"np.sinh", each<::sinh>, 1, 1},
    {"np.cosh", each<::cosh>, 1, 1},
    {"np.tanh", each<::tanh>, 1, 1},
    {"np.arcsinh", each<::asinh>, 1, 1},
    {"np.arccosh", each<::acosh>, 1, 1},
    {"np.arctanh", each<::atanh>, 1, 1},
    {"np.exp", each<::exp>, 1, 1},
    {"np.exp2", each<::exp2>, 1, 1},
    {"np.expm1", each<::expm1>, 1, 1},
    {"np.log", each<::log>, 1, 1},
    {"np.log2", each<::log2>, 1, 1},
    {"np.log10", each<::log10>, 1, 1},
    {"np.log1p", each<::log1p>, 1, 1},
    {"np.logaddexp", each_pair<logaddexp>, 2, 2},
    {"np.logaddexp2", each_pair<logaddexp2>, 2, 2},
    {"np.sqrt", each<::sqrt>, 1, 1},
    {"np.cbrt", each<::cbrt>, 1, 1},
    {"np.deg2rad", each<to_radians>, 1, 1},
    {"np.radians", each<to_radians>, 1, 1},
    {"np.rad2deg", each<to_degrees>, 1, 1},
    {"np.degrees", each<to_degrees>, 1, 1},
    {"np.floor", each<::floor>, 1, 1},
    {"np.ceil", each<::ceil>, 1, 1},
    {"np.trunc", each<::trunc>, 1, 1},
    {"np.fix", each<::trunc>, 1, 1},
    {"np.rint", each<::nearbyint>, 1, 1},
    {"np.round", round, 1, 2, "a decimals"},
    {"np.around", round, 1, 2, "a decimals"},
    {"np.fabs", each<::fabs>, 1, 1},
    {"np.sinc", each<sinc>, 1, 1},
    {"np.heaviside", each_pair<heaviside>, 2, 2},
    {"np.hypot", each_pair<::hypot>, 2, 2},
    {"np.copysign", each_pair<::copysign>, 2, 2},
    {"np.signbit", each_test<has_sign>, 1, 1},
    {"np.abs", each_number<abs_whole, abs_real>, 1, 1},
    {"np.absolute", each_number<abs_whole, abs_real>, 1, 1},
    {"np.sign", each_number<sign_whole, sign_real>, 1, 1},
    {"np.square", each_number<square_whole, square_real>, 1, 1},
    {"np.negative", each_number<negative_whole, negative_real>, 1, 1},
    {"np.positive", each_number<same_whole, same_real>, 1, 1},
    {"np.reciprocal", each_number<reciprocal_whole, reciprocal_real>, 1, 1},
    {"np.maximum", each_number<most_whole, most_real>, 2, 2},
    {"np.minimum", each_number<least_whole, least_real>, 2, 2},
    {"np.fmax", each_number<most_whole, ::fmax>, 2, 2},
    {"np.fmin", each_number<least_whole, ::fmin>, 2, 2},
    {"np.add", each_operator<Operator::add>, 2, 2},
    {"np.subtract", each_operator<Operator::subtract>, 2, 2},
    {"np.multiply", each_operator<Operator::multiply>, 2, 2},
    {"np.divide", each_operator<Operator::divide>, 2, 2},
    {"np.true_divide", each_operator<Operator::divide>, 2, 2},
    {"np.floor_divide", each_operator<Operator::floor_divide>, 2, 2},
    {"np.mod", each_operator<Operator::modulo>, 2, 2},
    {"np.remainder", each_operator<Operator::modulo>, 2, 2},
    {"np.fmod", each_number<fmod_whole, fmod_real>, 2, 2},
    {"np.power", each_operator<Operator::power>, 2, 2},
    {"np.float_power", each_pair<::pow>, 2, 2},
    {"np.bitwise_and", each_operator<Operator::bit_and>, 2, 2},
    {"np.bitwise_or", each_operator<Operator::bit_or>, 2, 2},
    {"np.bitwise_xor", each_operator<Operator::bit_xor>, 2, 2},
    {"np.left_shift", each_operator<Operator::shift_left>, 2, 2},
    {"np.right_shift", each_operator<Operator::shift_right>, 2, 2},
    {"np.invert", invert, 1, 1},
    {"np.bitwise_not", invert, 1, 1},
    {"np.less", each_comparison<Operator::less>, 2, 2},
    {"np.less_equal", each_comparison<Operator::less_equal>, 2, 2},
    {"np.greater", each_comparison<Operator::greater>, 2, 2},
    {"np.greater_equal", each_comparison<Operator::greater_equal>, 2, 2},
    {"np.equal", each_comparison<Operator::equal>, 2, 2},
    {"np.not_equal", each_comparison<Operator::not_equal>, 2, 2},
    {"np.gcd", gcd, 2, 2},
    {"np.lcm", lcm, 2, 2},
    {"np.isfinite", each_test<finite>, 1, 1},
    {"np.isinf", each_test<infinite>, 1, 1},
    {"np.isnan", each_test<not_a_number>, 1, 1},
    {"np.logical_and", each_truth<both>, 2, 2},
    {"np.logical_or", each_truth<either>, 2, 2},
    {"np.logical_xor", each_truth<one>, 2, 2},
    {"np.logical_not", each_truth<neither>, 1, 1},
    {"np.nan_to_num", nan_to_num, 1, 5, "x copy nan posinf neginf"},
    {"np.where", where, 3, 3},
    {"np.clip", clip, 3, 3, "a a_min a_max"},
    {"np.interp", numpy::interp, 3, 5, "x xp fp left right"},
    {"np.array", numpy::array, 1, 1},
    {"np.asarray", numpy::array, 1, 1},
    {"np.linspace", numpy::linspace, 2, 4, "start stop num endpoint"},
    {"np.arange", numpy::arange, 1, 3},
    {"np.zeros", numpy::zeros, 1, 1},
    {"np.ones", numpy::ones, 1, 1},
    {"np.full", numpy::full, 2, 2, "shape fill_value"},
    {"np.logspace", numpy::logspace, 2, 5, "start stop num endpoint base"},
    {"np.geomspace", numpy::geomspace, 2, 4, "start stop num endpoint"},
    {"np.sum", numpy::sum, 1, 1},
    {"np.prod", numpy::prod, 1, 1},
    {"np.mean", numpy::mean, 1, 1},
    {"np.average", numpy::average, 1, 2, "a weights"},
    {"np.median", numpy::median, 1, 1},
    {"np.percentile", numpy::percentile, 2, 2, "a q"},
    {"np.quantile", numpy::quantile, 2, 2, "a q"},
    {"np.var", numpy::var, 1, 1},
    {"np.std", numpy::deviation, 1, 1},
    {"np.max", numpy::max, 1, 1},
    {"np.amax", numpy::max, 1, 1},
    {"np.min", numpy::min, 1, 1},
    {"np.amin", numpy::min, 1, 1},
    {"np.ptp", numpy::ptp, 1, 1},
    {"np.argmax", numpy::argmax, 1, 1},
    {"np.argmin", numpy::argmin, 1, 1},
    {"np.any", numpy::any, 1, 1},
    {"np.all", numpy::all, 1, 1},
    {"np.count_nonzero", numpy::count_nonzero, 1, 1},
    {"np.cumsum", numpy::cumsum, 1, 1},
    {"np.cumprod", numpy::cumprod, 1, 1},
    {"np.diff", numpy::diff, 1, 1},
    {"np.sort", numpy::sort, 1, 1},
    {"np.flip", numpy::flip, 1, 1},
    {"np.roll", numpy::roll, 2, 2, "a shift"},
    {"np.repeat", numpy::repeat, 2, 2, "a repeats"},
    {"np.tile", numpy::tile, 2, 2, "A reps"},
    {"np.concatenate", numpy::concatenate, 1, 1},
    {"np.dot", numpy::dot, 2, 2},
    {"np.inner", numpy::dot, 2, 2},
    {"np.cross", numpy::cross, 2, 2},
    {"np.polyval", numpy::polyval, 2, 2, "p x"},
    {"np.linalg.norm", numpy::norm, 1, 1},
};

}  // namespace

std::span<const Function> numpy_functions() { return kFunctions; }

}  // namespace reverie::expressions
