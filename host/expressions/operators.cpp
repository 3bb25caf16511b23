#include "expressions/operators.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "expressions/arithmetic.h"
#include "expressions/elementwise.h"
#include "expressions/integers.h"

namespace reverie::expressions {
namespace {

Value repeat(Context& context, const Sequence& sequence, std::int64_t times) {
  const std::size_t length = sequence.items.size();
  if (times <= 0 || length == 0) return make_sequence(context, sequence.kind, {});
  if (static_cast<std::uint64_t>(times) > kLongestList) context.make_list(kLongestList + 1);
  context.make_list(length * static_cast<std::size_t>(times));
  Values result;
  result.reserve(length * static_cast<std::size_t>(times));
  for (std::int64_t i = 0; i < times; ++i)
    result.insert(result.end(), sequence.items.begin(), sequence.items.end());
  return make_sequence(context, sequence.kind, std::move(result));
}

/// -1, 0, 1, or 2 where nan is involved.
int order(const Context& context, const Value& left, const Value& right) {
  if (is_integer(left) && is_integer(right)) {
    const std::int64_t a = integer(context, left), b = integer(context, right);
    return a < b ? -1 : a > b ? 1 : 0;
  }
  if (is_real(left) && is_real(right)) {
    const double a = std::get<double>(left), b = std::get<double>(right);
    return a < b ? -1 : a > b ? 1 : a == b ? 0 : 2;
  }
  if (is_real(left)) {
    const int reversed = order(context, right, left);
    return reversed == 2 ? 2 : -reversed;
  }
  const double b = std::get<double>(right);
  return std::isnan(b) ? 2 : compare_exactly(integer(context, left), b);
}

bool holds(Operator op, int order) {
  switch (op) {
    case Operator::less:
      return order == -1;
    case Operator::less_equal:
      return order == -1 || order == 0;
    case Operator::greater:
      return order == 1;
    case Operator::greater_equal:
      return order == 1 || order == 0;
    case Operator::equal:
      return order == 0;
    default:
      return order != 0;
  }
}

bool scalar_compare(Context& context, Operator op, const Value& left, const Value& right) {
  context.spend(1);
  if (op == Operator::equal) return equal(context, left, right);
  if (op == Operator::not_equal) return !equal(context, left, right);
  if (is_number(left) && is_number(right)) return holds(op, order(context, left, right));
  const Sequence *a = as_sequence(left), *b = as_sequence(right);
  if (!a || !b || a->kind != b->kind)
    context.fail(std::string("'") + symbol(op) + "' does not work on " + describe(left) + " and " +
                 describe(right));
  const std::size_t shorter = std::min(a->items.size(), b->items.size());
  for (std::size_t i = 0; i < shorter; ++i)
    if (!equal(context, a->items[i], b->items[i]))
      return scalar_compare(context, op, a->items[i], b->items[i]);
  const auto n = static_cast<std::int64_t>(a->items.size()), m = static_cast<std::int64_t>(b->items.size());
  return holds(op, n < m ? -1 : n > m ? 1 : 0);
}

}  // namespace

const char* symbol(Operator op) {
  static constexpr const char* kSymbols[] = {
      "+", "-",  "*", "/",  "//", "%",  "**", "&",      "|", "^", "<<", ">>",
      "<", "<=", ">", ">=", "==", "!=", "in", "not in", "+", "-", "~"};
  return kSymbols[static_cast<std::size_t>(op)];
}

Value binary(Context& context, Operator op, const Value& left, const Value& right) {
  const Sequence *a = as_sequence(left), *b = as_sequence(right);
  if (!a && !b) return arithmetic(context, op, left, right);
  if (is_array(left) || is_array(right))
    return elementwise(context, std::array{left, right},
                       [&](Arguments x) { return array_arithmetic(context, op, x[0], x[1]); });
  if (op == Operator::add && a && b && a->kind == b->kind) {
    context.make_list(a->items.size() + b->items.size());
    Values both = a->items;
    both.insert(both.end(), b->items.begin(), b->items.end());
    return make_sequence(context, a->kind, std::move(both));
  }
  if (op == Operator::multiply && a && is_integer(right)) return repeat(context, *a, integer(context, right));
  if (op == Operator::multiply && b && is_integer(left)) return repeat(context, *b, integer(context, left));
  no_operator(context, op, left, right);
}

Value unary(Context& context, Operator op, const Value& value) {
  if (is_array(value))
    return elementwise(context, Arguments(&value, 1),
                       [&](Arguments x) { return array_unary(context, op, x[0]); });
  if (!is_number(value) || (op == Operator::invert && is_real(value)))
    context.fail(std::string("'") + symbol(op) + "' does not work on " + describe(value));
  if (is_real(value)) return op == Operator::minus ? -std::get<double>(value) : std::get<double>(value);
  const std::int64_t number = integer(context, value);
  return op == Operator::minus ? subtract(context, 0, number) : op == Operator::invert ? ~number : number;
}

bool equal(Context& context, const Value& left, const Value& right) {
  context.spend(1);
  if (is_number(left) && is_number(right)) return order(context, left, right) == 0;
  const Sequence *a = as_sequence(left), *b = as_sequence(right);
  if (a && b) {
    if (a->kind != b->kind || a->items.size() != b->items.size()) return false;
    for (std::size_t i = 0; i < a->items.size(); ++i)
      if (!equal(context, a->items[i], b->items[i])) return false;
    return true;
  }
  if (const auto* function = std::get_if<const Function*>(&left)) {
    const auto* other = std::get_if<const Function*>(&right);
    return other && *other == *function;
  }
  return is_none(left) && is_none(right);
}

bool less(Context& context, const Value& left, const Value& right) {
  return scalar_compare(context, Operator::less, left, right);
}

Value compare(Context& context, Operator op, const Value& left, const Value& right) {
  if (op == Operator::in || op == Operator::not_in) {
    const Values& all = items(context, right);
    const bool found =
        std::any_of(all.begin(), all.end(), [&](const Value& item) { return equal(context, left, item); });
    return found == (op == Operator::in);
  }
  if (is_array(left) || is_array(right))
    return elementwise(context, std::array{left, right},
                       [&](Arguments x) -> Value { return scalar_compare(context, op, x[0], x[1]); });
  return scalar_compare(context, op, left, right);
}

Value subscript(Context& context, const Value& from, const Value& index) {
  const Sequence* sequence = as_sequence(from);
  if (!sequence) context.fail("only lists have elements, not " + describe(from));
  if (!is_integer(index)) context.fail("the place in a list is a whole number, not " + describe(index));
  const auto length = static_cast<std::int64_t>(sequence->items.size());
  const std::int64_t wanted = integer(context, index);
  if (wanted >= length || wanted < -length)
    context.fail("there is no element " + std::to_string(wanted) + " in " + describe(from));
  return sequence->items[static_cast<std::size_t>(wanted < 0 ? wanted + length : wanted)];
}

Value slice(Context& context, const Value& from, const Value& start, const Value& stop, const Value& step) {
  const Sequence* sequence = as_sequence(from);
  if (!sequence) context.fail("only lists have elements, not " + describe(from));
  const auto length = static_cast<std::int64_t>(sequence->items.size());
  const std::int64_t by = is_none(step) ? 1 : integer(context, step);
  if (by == 0) context.fail("the step of a slice cannot be zero");
  // Going backwards, the places are -1 to length - 1, else 0 to length.
  const std::int64_t lowest = by < 0 ? -1 : 0, highest = by < 0 ? length - 1 : length;
  const auto place = [&](const Value& bound, std::int64_t otherwise) {
    if (is_none(bound)) return otherwise;
    const std::int64_t wanted = integer(context, bound);
    return std::clamp(wanted < 0 ? wanted + length : wanted, lowest, highest);
  };
  const std::int64_t first = place(start, by < 0 ? highest : lowest),
                     last = place(stop, by < 0 ? lowest : highest);
  context.make_list(sequence->items.size());
  Values result;
  const std::int64_t distance = by < 0 ? first - last : last - first;  // by may be huge: it is never added up
  const std::uint64_t stride = by < 0 ? -static_cast<std::uint64_t>(by) : static_cast<std::uint64_t>(by);
  for (std::uint64_t i = 0; distance > 0 && i < static_cast<std::uint64_t>(distance); i += stride) {
    result.push_back(sequence->items[static_cast<std::size_t>(
        by < 0 ? first - static_cast<std::int64_t>(i) : first + static_cast<std::int64_t>(i))]);
    if (stride > static_cast<std::uint64_t>(distance)) break;
  }
  return make_sequence(context, sequence->kind, std::move(result));
}

}  // namespace reverie::expressions
