// NumPy's functions that look for elements and put them in another order.

#include <algorithm>
#include <cmath>

#include "expressions/arithmetic.h"
#include "expressions/numpy_arrays.h"

namespace reverie::expressions::numpy {
namespace {

bool is_nan(const Value& value) { return is_real(value) && std::isnan(std::get<double>(value)); }

/// nan comes last.
bool before(const Value& a, const Value& b) {
  if (const auto* x = std::get_if<double>(&a)) {
    const double y = std::get<double>(b);
    return *x < y || (std::isnan(y) && !std::isnan(*x));
  }
  return integer({}, a) < integer({}, b);  // arrays are of one type
}

Values some_elements(Context& context, const Value& value) {
  Values all = elements(context, value);
  if (all.empty()) context.fail("there is nothing to choose from in an empty list");
  return all;
}

/// The place of the first nan, else of the first that is `better` than all others.
template <typename Better>
std::int64_t place(const Values& all, const Better& better) {
  const auto nan = std::find_if(all.begin(), all.end(), is_nan);
  return (nan != all.end() ? nan : std::min_element(all.begin(), all.end(), better)) - all.begin();
}

bool after(const Value& a, const Value& b) { return before(b, a); }

/// At `q` of the way through the sorted numbers, from 0 to 1.
double at_fraction(const Context& context, const Values& sorted, double q) {
  if (!(q >= 0 && q <= 1)) context.fail("math domain error: the share lies outside of the list");
  if (is_nan(sorted.back())) return real(context, sorted.back());
  const double position = q * static_cast<double>(sorted.size() - 1),
               weight = position - std::floor(position);
  const auto i = static_cast<std::size_t>(position);
  const double low = real(context, sorted[i]),
               high = real(context, sorted[std::min(i + 1, sorted.size() - 1)]);
  return weight < 0.5 ? low + (high - low) * weight : high - (high - low) * (1 - weight);
}

Value fractions(Context& context, Arguments args, double whole) {
  Values sorted = some_elements(context, args[0]);
  std::stable_sort(sorted.begin(), sorted.end(), before);
  if (!as_sequence(args[1])) return at_fraction(context, sorted, real(context, args[1]) / whole);
  Values result;
  for (const double q : reals(context, args[1])) result.emplace_back(at_fraction(context, sorted, q / whole));
  return make_array(context, std::move(result));
}

std::size_t count(Context& context, const Value& value) {
  const std::int64_t result = integer(context, value);
  if (result < 0) context.fail("a list cannot be repeated a negative number of times");
  return std::min(static_cast<std::size_t>(result), kLongestList + 1);
}

}  // namespace

Value percentile(Context& context, Arguments args) { return fractions(context, args, 100); }
Value quantile(Context& context, Arguments args) { return fractions(context, args, 1); }

Value argmax(Context& context, Arguments args) { return place(some_elements(context, args[0]), after); }
Value argmin(Context& context, Arguments args) { return place(some_elements(context, args[0]), before); }

Value ptp(Context& context, Arguments args) {
  return array_arithmetic(context, Operator::subtract, max(context, args), min(context, args));
}

Value any(Context& context, Arguments args) {
  const Values all = elements(context, args[0]);
  return std::any_of(all.begin(), all.end(), [&](const Value& value) { return truth(context, value); });
}

Value all(Context& context, Arguments args) {
  const Values all = elements(context, args[0]);
  return std::all_of(all.begin(), all.end(), [&](const Value& value) { return truth(context, value); });
}

Value count_nonzero(Context& context, Arguments args) {
  const Values all = elements(context, args[0]);
  return std::int64_t{
      std::count_if(all.begin(), all.end(), [&](const Value& value) { return truth(context, value); })};
}

Value sort(Context& context, Arguments args) {
  Values all = elements(context, args[0]);
  std::stable_sort(all.begin(), all.end(), before);
  return make_array(context, std::move(all));
}

Value flip(Context& context, Arguments args) {
  Values all = elements(context, args[0]);
  std::reverse(all.begin(), all.end());
  return make_array(context, std::move(all));
}

Value roll(Context& context, Arguments args) {
  Values all = elements(context, args[0]);
  const std::int64_t shift = integer(context, args[1]);
  if (all.empty()) return make_array(context, std::move(all));
  const auto length = static_cast<std::int64_t>(all.size());
  const std::int64_t first = (length - shift % length) % length;  // what comes to the front
  std::rotate(all.begin(), all.begin() + first, all.end());
  return make_array(context, std::move(all));
}

Value repeat(Context& context, Arguments args) {
  const Values all = elements(context, args[0]);
  const std::size_t times = count(context, args[1]);
  context.make_list(all.size() * times);
  Values result;
  for (const Value& value : all) result.insert(result.end(), times, value);
  return make_array(context, std::move(result));
}

Value tile(Context& context, Arguments args) {
  const Values all = elements(context, args[0]);
  const std::size_t times = count(context, args[1]);
  context.make_list(all.size() * times);
  Values result;
  for (std::size_t i = 0; i < times; ++i) result.insert(result.end(), all.begin(), all.end());
  return make_array(context, std::move(result));
}

Value concatenate(Context& context, Arguments args) {
  const Values& lists = items(context, args[0]);
  if (lists.empty()) context.fail("there is nothing to join in an empty list");
  Values result;
  bool floats = false;  // as empty lists are in NumPy
  for (const Value& list : lists) {
    const Values part = items(context, make_array(context, items(context, list)));
    floats |= part.empty();
    context.make_list(result.size() + part.size());
    result.insert(result.end(), part.begin(), part.end());
  }
  if (floats)
    for (Value& value : result) value = real(context, value);
  return make_array(context, std::move(result));
}

}  // namespace reverie::expressions::numpy
