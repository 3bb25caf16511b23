#include "expressions/numpy_arrays.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "expressions/arithmetic.h"
#include "expressions/integers.h"
#include "expressions/operators.h"
#include "expressions/reals.h"

namespace reverie::expressions::numpy {

Values elements(Context& context, const Value& value) {
  if (!as_sequence(value)) {
    real(context, value);
    return {value};
  }
  context.make_list(items(context, value).size());
  return items(context, make_array(context, items(context, value)));
}

std::vector<double> reals(Context& context, const Value& value) {
  std::vector<double> result;
  for (const Value& element : elements(context, value)) result.push_back(real(context, element));
  return result;
}

namespace {

std::vector<double> some_reals(Context& context, const Value& value) {
  std::vector<double> result = reals(context, value);
  if (result.empty()) context.fail("there is nothing to compute from in an empty list");
  return result;
}

double total(const std::vector<double>& values) {
  double result = 0;
  for (const double value : values) result += value;
  return result;
}

double mean_of(const std::vector<double>& values) {
  return total(values) / static_cast<double>(values.size());
}

double variance(const std::vector<double>& values) {
  const double mean = mean_of(values);
  double result = 0;
  for (const double value : values) result += (value - mean) * (value - mean);
  return result / static_cast<double>(values.size());
}

/// All elements in turn, starting with a whole number.
Value fold(Context& context, const Value& value, Operator op, std::int64_t start) {
  const Values all = elements(context, value);
  if (all.empty()) return static_cast<double>(start);
  Value result = start;
  for (const Value& element : all) result = binary(context, op, result, element);
  return result;
}

/// nan if there is one, else the greatest or least element.
Value extreme(Context& context, const Value& value, Operator better) {
  const Values all = elements(context, value);
  if (all.empty()) context.fail("there is nothing to choose from in an empty list");
  Value best = all[0];
  for (const Value& element : all) {
    if (std::isnan(real(context, element))) return element;
    if (truth(context, compare(context, better, element, best))) best = element;
  }
  return best;
}

Value filled(Context& context, const Value& count, const Value& value) {
  const std::int64_t length = integer(context, count);
  if (length < 0) context.fail("a list cannot have a negative length");
  context.make_list(static_cast<std::size_t>(length));
  return make_array(context, Values(static_cast<std::size_t>(length), value));
}

}  // namespace

Value array(Context& context, Arguments args) {
  if (!as_sequence(args[0])) return elements(context, args[0])[0];
  return make_array(context, elements(context, args[0]));
}

namespace {

/// np.linspace's numbers.
Values spaced(Context& context, Arguments args) {
  const double start = real(context, args[0]), stop = real(context, args[1]);
  const std::int64_t count = is_set(args[2]) ? integer(context, args[2]) : 50;
  const bool with_end = !is_set(args[3]) || truth(context, args[3]);
  if (count < 0) context.fail("a list cannot have a negative length");
  context.make_list(static_cast<std::size_t>(count));
  const double step = (stop - start) / static_cast<double>(with_end ? count - 1 : count);
  Values result;
  for (std::int64_t i = 0; i < count; ++i)
    result.emplace_back(i == 0 ? 0 * (stop - start) + start : static_cast<double>(i) * step + start);
  if (with_end && count > 1) result.back() = stop;
  return result;
}

}  // namespace

Value linspace(Context& context, Arguments args) { return make_array(context, spaced(context, args)); }

Value logspace(Context& context, Arguments args) {
  const double base = is_set(args[4]) ? real(context, args[4]) : 10;
  Values result = spaced(context, args.first(4));
  for (Value& value : result) value = std::pow(base, real(context, value));
  return make_array(context, std::move(result));
}

Value geomspace(Context& context, Arguments args) {
  const double start = real(context, args[0]), stop = real(context, args[1]);
  if (start == 0 || stop == 0) context.fail("np.geomspace() wants ends that are not zero");
  const double sign = start < 0 && stop < 0 ? -1 : 1;
  Values result = spaced(
      context, std::array<Value, 4>{std::log10(sign * start), std::log10(sign * stop), args[2], args[3]});
  for (Value& value : result) value = sign * std::pow(10.0, real(context, value));
  if (!result.empty()) result.front() = start;
  if (result.size() > 1 && (!is_set(args[3]) || truth(context, args[3]))) result.back() = stop;
  return make_array(context, std::move(result));
}

Value arange(Context& context, Arguments args) {
  const bool from_zero = !is_set(args[1]);
  const Value start = from_zero ? std::int64_t{0} : args[0], stop = args[from_zero ? 0 : 1];
  const Value step = is_set(args[2]) ? args[2] : std::int64_t{1};
  if (real(context, step) == 0) context.fail("division by zero: the step of np.arange() is 0");
  const bool whole = is_integer(start) && is_integer(stop) && is_integer(step);
  const double length = std::ceil(real(
      context, binary(context, Operator::divide, binary(context, Operator::subtract, stop, start), step)));
  if (std::isnan(length)) context.fail("nan is not a length of a list");
  const auto count = static_cast<std::size_t>(std::clamp(length, 0.0, static_cast<double>(kLongestList + 1)));
  context.make_list(count);
  const double first = real(context, start), stride = first + real(context, step) - first;
  Values result;
  for (std::size_t i = 0; i < count; ++i)
    if (whole)
      result.emplace_back(add(context, integer(context, start),
                              multiply(context, static_cast<std::int64_t>(i), integer(context, step))));
    else
      result.emplace_back(i == 1 ? first + real(context, step) : first + static_cast<double>(i) * stride);
  return make_array(context, std::move(result));
}

Value zeros(Context& context, Arguments args) { return filled(context, args[0], 0.0); }
Value ones(Context& context, Arguments args) { return filled(context, args[0], 1.0); }
Value full(Context& context, Arguments args) { return filled(context, args[0], args[1]); }

Value interp(Context& context, Arguments args) {
  const std::vector<double> xp = some_reals(context, args[1]), fp = reals(context, args[2]);
  if (xp.size() != fp.size()) context.fail("np.interp() wants as many values as places");
  if (!std::is_sorted(xp.begin(), xp.end())) context.fail("np.interp() wants places that increase");
  const double left = is_set(args[3]) && !is_none(args[3]) ? real(context, args[3]) : fp.front();
  const double right = is_set(args[4]) && !is_none(args[4]) ? real(context, args[4]) : fp.back();
  const auto at = [&](double x) {
    if (std::isnan(x)) return x;
    if (x < xp.front()) return left;
    if (x > xp.back()) return right;
    const auto i = static_cast<std::size_t>(std::upper_bound(xp.begin(), xp.end(), x) - xp.begin() - 1);
    if (i + 1 == xp.size() || x == xp[i]) return fp[i];
    const double slope = (fp[i + 1] - fp[i]) / (xp[i + 1] - xp[i]);
    const double value = slope * (x - xp[i]) + fp[i];
    if (!std::isnan(value)) return value;  // else there is infinity on the left
    return fp[i] == fp[i + 1] ? fp[i] : slope * (x - xp[i + 1]) + fp[i + 1];
  };
  if (!as_sequence(args[0])) return at(real(context, args[0]));
  Values result;
  for (const double x : reals(context, args[0])) result.emplace_back(at(x));
  return make_array(context, std::move(result));
}

Value sum(Context& context, Arguments args) { return fold(context, args[0], Operator::add, 0); }
Value prod(Context& context, Arguments args) { return fold(context, args[0], Operator::multiply, 1); }
Value mean(Context& context, Arguments args) { return mean_of(some_reals(context, args[0])); }
Value var(Context& context, Arguments args) { return variance(some_reals(context, args[0])); }
Value deviation(Context& context, Arguments args) {
  return std::sqrt(variance(some_reals(context, args[0])));
}
Value max(Context& context, Arguments args) { return extreme(context, args[0], Operator::greater); }
Value min(Context& context, Arguments args) { return extreme(context, args[0], Operator::less); }

Value average(Context& context, Arguments args) {
  std::vector<double> values = some_reals(context, args[0]);
  if (!is_set(args[1]) || is_none(args[1])) return mean_of(values);
  const std::vector<double> weights = reals(context, args[1]);
  if (weights.size() != values.size()) context.fail("np.average() wants as many weights as values");
  const double weight = total(weights);
  if (weight == 0 && !context.numpy) context.fail("division by zero: the weights add up to 0");
  for (std::size_t i = 0; i < values.size(); ++i) values[i] *= weights[i];
  return total(values) / weight;
}

Value median(Context& context, Arguments args) {
  std::vector<double> values = some_reals(context, args[0]);
  for (const double value : values)
    if (std::isnan(value)) return value;
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : mean_of({values[middle - 1], values[middle]});
}

namespace {

/// What fold() has after each element.
Value running(Context& context, const Value& value, Operator op, std::int64_t start) {
  Values result = elements(context, value);
  for (std::size_t i = 0; i < result.size(); ++i)
    result[i] = binary(context, op, i == 0 ? Value(start) : result[i - 1], result[i]);
  return make_array(context, std::move(result));
}

}  // namespace

Value cumsum(Context& context, Arguments args) { return running(context, args[0], Operator::add, 0); }
Value cumprod(Context& context, Arguments args) { return running(context, args[0], Operator::multiply, 1); }

Value diff(Context& context, Arguments args) {
  const Values all = elements(context, args[0]);
  Values result;
  for (std::size_t i = 1; i < all.size(); ++i)
    result.push_back(binary(context, Operator::subtract, all[i], all[i - 1]));
  return make_array(context, std::move(result));
}

Value dot(Context& context, Arguments args) {
  return fold(
      context,
      binary(context, Operator::multiply, array(context, args.first(1)), array(context, args.last(1))),
      Operator::add, 0);
}

Value cross(Context& context, Arguments args) {
  const Values a = elements(context, args[0]), b = elements(context, args[1]);
  if (a.size() != 3 || b.size() != 3) context.fail("np.cross() wants two lists of 3 dimensions");
  const auto product = [&](std::size_t i, std::size_t k) {
    return array_arithmetic(context, Operator::multiply, a[i], b[k]);
  };
  Values result;
  for (const auto& [i, k] : {std::pair{1, 2}, {2, 0}, {0, 1}})
    result.push_back(array_arithmetic(context, Operator::subtract, product(i, k), product(k, i)));
  return make_array(context, std::move(result));
}

Value polyval(Context& context, Arguments args) {
  const Value x = array(context, args.last(1));
  Value result = std::int64_t{0};
  for (const Value& coefficient : elements(context, args[0]))
    result = binary(context, Operator::add, binary(context, Operator::multiply, result, x), coefficient);
  return result;
}

Value norm(Context& context, Arguments args) { return expressions::norm(reals(context, args[0])); }

}  // namespace reverie::expressions::numpy
