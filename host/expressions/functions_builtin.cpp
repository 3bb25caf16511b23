// Python's built-in functions.

#include <algorithm>
#include <cmath>
#include <iterator>

#include "expressions/elementwise.h"
#include "expressions/functions.h"
#include "expressions/integers.h"
#include "expressions/operators.h"
#include "expressions/reals.h"

namespace reverie::expressions {
namespace {

__extension__ using Wide = __int128;

Value abs(Context& context, Arguments args) {
  if (is_array(args[0]))
    return elementwise(context, args, [&](Arguments x) {
      return std::holds_alternative<bool>(x[0]) ? x[0] : abs(context, x);
    });
  if (!is_integer(args[0])) return std::abs(real(context, args[0]));
  const std::int64_t number = integer(context, args[0]);
  return number < 0 ? subtract(context, 0, number) : number;
}

/// The first of the greatest, or least, of several arguments or of one list.
Value extreme(Context& context, Arguments args, bool greatest) {
  const Arguments all = args.size() == 1 ? Arguments(items(context, args[0])) : args;
  if (all.empty()) context.fail("there is nothing to choose from in an empty list");
  const Value* best = &all[0];
  for (const Value& candidate : all.subspan(1))
    if (truth(context, compare(context, greatest ? Operator::greater : Operator::less, candidate, *best)))
      best = &candidate;
  return *best;
}

Value max(Context& context, Arguments args) { return extreme(context, args, true); }
Value min(Context& context, Arguments args) { return extreme(context, args, false); }

std::int64_t modular_power(Context& context, std::int64_t base, std::int64_t exponent, std::int64_t modulus) {
  if (modulus == 0) context.fail("division by zero: the third argument of pow() is 0");
  if (exponent < 0) context.fail("with a third argument, pow() takes no negative exponent");
  Wide result = 1, square = modulo(base, modulus);
  for (; exponent > 0; exponent /= 2) {
    if (exponent % 2 != 0) result = result * square % modulus;
    square = square * square % modulus;
  }
  return modulo(static_cast<std::int64_t>(result % modulus), modulus);
}

/// Where Python has math's pow() under this name, large whole numbers become floats.
Value pow(Context& context, Arguments args) {
  if (is_set(args[2]) && !is_none(args[2]))
    return modular_power(context, integer(context, args[0]), integer(context, args[1]),
                         integer(context, args[2]));
  if (is_integer(args[0]) && is_integer(args[1])) {
    const std::int64_t base = integer(context, args[0]), exponent = integer(context, args[1]);
    std::int64_t result;
    if (exponent >= 0 && !power_fits(base, exponent, result))
      return power(context, static_cast<double>(base), static_cast<double>(exponent));
  }
  return binary(context, Operator::power, args[0], args[1]);
}

Value round(Context& context, Arguments args) {
  const bool whole = !is_set(args[1]) || is_none(args[1]);
  const std::int64_t digits = whole ? 0 : integer(context, args[1]);
  if (is_integer(args[0])) {
    const std::int64_t number = integer(context, args[0]);
    return digits >= 0 ? number : round_to_power_of_ten(context, number, digits < -19 ? 20 : -digits);
  }
  const double number = real(context, args[0]);
  if (whole) return whole_number(context, std::nearbyint(number));
  return round_decimals(context, number, digits);
}

Value sum(Context& context, Arguments args) {
  Value result = is_set(args[1]) ? args[1] : std::int64_t{0};
  for (const Value& item : items(context, args[0])) {
    context.spend(1);
    result = binary(context, Operator::add, result, item);
  }
  return result;
}

Value len(Context& context, Arguments args) {
  return static_cast<std::int64_t>(items(context, args[0]).size());
}

Value range(Context& context, Arguments args) {
  const bool from_zero = !is_set(args[1]);
  const std::int64_t start = from_zero ? 0 : integer(context, args[0]);
  const std::int64_t stop = integer(context, args[from_zero ? 0 : 1]);
  const std::int64_t step = is_set(args[2]) ? integer(context, args[2]) : 1;
  if (step == 0) context.fail("the step of range() cannot be zero");
  const Wide distance = step > 0 ? Wide{stop} - start : Wide{start} - stop;
  const Wide stride = step > 0 ? Wide{step} : -Wide{step};
  const Wide count = distance <= 0 ? 0 : (distance + stride - 1) / stride;
  context.make_list(static_cast<std::size_t>(std::min<Wide>(count, kLongestList + 1)));
  Values result;
  result.reserve(static_cast<std::size_t>(count));
  for (Wide i = 0; i < count; ++i) result.emplace_back(static_cast<std::int64_t>(start + i * step));
  return make_list(context, std::move(result));
}

Value to_int(Context& context, Arguments args) {
  if (!is_set(args[0])) return std::int64_t{0};
  if (is_integer(args[0])) return integer(context, args[0]);
  return whole_number(context, real(context, args[0]));
}

Value to_float(Context& context, Arguments args) { return is_set(args[0]) ? real(context, args[0]) : 0.0; }
Value to_bool(Context& context, Arguments args) { return is_set(args[0]) && truth(context, args[0]); }

Value copy(Context& context, Arguments args, SequenceKind kind) {
  if (!is_set(args[0])) return make_sequence(context, kind, {});
  const Values& from = items(context, args[0]);
  context.make_list(from.size());
  return make_sequence(context, kind, from);
}
Value to_list(Context& context, Arguments args) { return copy(context, args, SequenceKind::list); }
Value to_tuple(Context& context, Arguments args) { return copy(context, args, SequenceKind::tuple); }

/// A merge sort, which keeps the order of equals and ends whatever nan does to comparisons.
void sort(Context& context, Values::iterator begin, Values::iterator end) {
  if (end - begin < 2) return;
  const auto middle = begin + (end - begin) / 2;
  sort(context, begin, middle);
  sort(context, middle, end);
  Values merged;
  merged.reserve(static_cast<std::size_t>(end - begin));
  std::merge(begin, middle, middle, end, std::back_inserter(merged),
             [&](const Value& a, const Value& b) { return less(context, a, b); });
  std::move(merged.begin(), merged.end(), begin);
}

Value sorted(Context& context, Arguments args) {
  Values result = items(context, args[0]);
  context.make_list(result.size());
  const bool descending = is_set(args[1]) && integer(context, args[1]) != 0;
  if (descending) std::reverse(result.begin(), result.end());
  sort(context, result.begin(), result.end());
  if (descending) std::reverse(result.begin(), result.end());
  return make_list(context, std::move(result));
}

Value zip(Context& context, Arguments args) {
  std::size_t length = args.empty() ? 0 : kLongestList;
  for (const Value& arg : args) length = std::min(length, items(context, arg).size());
  context.make_list(length);
  Values result;
  result.reserve(length);
  for (std::size_t i = 0; i < length; ++i) {
    context.spend(args.size());
    Values row;
    for (const Value& arg : args) row.push_back(items(context, arg)[i]);
    result.push_back(make_sequence(context, SequenceKind::tuple, std::move(row)));
  }
  return make_list(context, std::move(result));
}

Value enumerate(Context& context, Arguments args) {
  std::int64_t index = is_set(args[1]) ? integer(context, args[1]) : 0;
  const Values& from = items(context, args[0]);
  context.make_list(from.size());
  context.spend(from.size());
  Values result;
  for (const Value& item : from) {
    result.push_back(make_sequence(context, SequenceKind::tuple, {index, item}));
    if (&item != &from.back()) index = add(context, index, 1);
  }
  return make_list(context, std::move(result));
}

constexpr Function kFunctions[] = {
    {"abs", abs, 1, 1},
    {"max", max, 1, Function::kAny},
    {"min", min, 1, Function::kAny},
    {"pow", pow, 2, 3, "base exp mod"},
    {"round", round, 1, 2, "number ndigits"},
    {"sum", sum, 1, 2, "- start"},
    {"len", len, 1, 1},
    {"range", range, 1, 3},
    {"int", to_int, 0, 1},
    {"float", to_float, 0, 1},
    {"bool", to_bool, 0, 1},
    {"list", to_list, 0, 1},
    {"tuple", to_tuple, 0, 1},
    {"sorted", sorted, 1, 2, "- reverse"},
    {"zip", zip, 0, Function::kAny},
    {"enumerate", enumerate, 1, 2, "iterable start"},
};

}  // namespace

std::span<const Function> builtin_functions() { return kFunctions; }

}  // namespace reverie::expressions
