#include "expressions/arithmetic.h"

#include <algorithm>
#include <cmath>

#include "expressions/integers.h"
#include "expressions/reals.h"

namespace reverie::expressions {
namespace {

bool is_bool(const Value& value) { return std::holds_alternative<bool>(value); }

Value integer_binary(const Context& context, Operator op, std::int64_t a, std::int64_t b) {
  const bool divides = op == Operator::divide || op == Operator::floor_divide || op == Operator::modulo;
  if (divides && b == 0) {
    if (!context.numpy) context.fail("division by zero");
    if (op == Operator::divide) return static_cast<double>(a) / 0.0;
    return std::int64_t{0};
  }
  if ((op == Operator::shift_left || op == Operator::shift_right) && b < 0)
    context.fail("a negative shift count");
  switch (op) {
    case Operator::add:
      return add(context, a, b);
    case Operator::subtract:
      return subtract(context, a, b);
    case Operator::multiply:
      return multiply(context, a, b);
    case Operator::divide:
      return true_divide(a, b);
    case Operator::floor_divide:
      return floor_divide(context, a, b);
    case Operator::modulo:
      return modulo(a, b);
    case Operator::power:
      if (b < 0) return power(context, static_cast<double>(a), static_cast<double>(b));
      return power(context, a, b);
    case Operator::bit_and:
      return a & b;
    case Operator::bit_or:
      return a | b;
    case Operator::bit_xor:
      return a ^ b;
    case Operator::shift_left:
      return shift_left(context, a, b);
    default:
      return a >> std::min<std::int64_t>(b, 63);
  }
}

/// NumPy's floats.
double numpy_reals(Operator op, double a, double b) {
  switch (op) {
    case Operator::add:
      return a + b;
    case Operator::subtract:
      return a - b;
    case Operator::multiply:
      return a * b;
    case Operator::divide:
      return a / b;
    case Operator::floor_divide:
      return b == 0 ? a / b : floor_divide(a, b);
    case Operator::modulo:
      return b == 0 ? std::fmod(a, b) : modulo(a, b);
    default:
      return b == 0.5 ? std::sqrt(a) : std::pow(a, b);
  }
}

/// Python's.
double real_binary(const Context& context, Operator op, double a, double b) {
  if (context.numpy) return numpy_reals(op, a, b);
  const bool divides = op == Operator::divide || op == Operator::floor_divide || op == Operator::modulo;
  if (divides && b == 0) context.fail("division by zero");
  return op == Operator::power ? power(context, a, b) : numpy_reals(op, a, b);
}

bool is_bitwise(Operator op) { return op >= Operator::bit_and && op <= Operator::shift_right; }

Value array_truths(const Context& context, Operator op, bool a, bool b) {
  switch (op) {
    case Operator::add:
      return a || b;
    case Operator::multiply:
      return a && b;
    case Operator::subtract:
      no_operator(context, op, a, b);
    default:
      return arithmetic(context, op, a, b);
  }
}

}  // namespace

void no_operator(const Context& context, Operator op, const Value& left, const Value& right) {
  std::string message =
      std::string("'") + symbol(op) + "' does not work on " + describe(left) + " and " + describe(right);
  if (op == Operator::bit_xor) message += "; a power is written **";
  if (as_sequence(left) || as_sequence(right)) message += "; it does on np.array([...])";
  context.fail(message);
}

Value arithmetic(const Context& context, Operator op, const Value& left, const Value& right) {
  if (!is_number(left) || !is_number(right)) no_operator(context, op, left, right);
  if (is_integer(left) && is_integer(right)) {
    const Value result = integer_binary(context, op, integer(context, left), integer(context, right));
    const bool truths = is_bool(left) && is_bool(right) && op >= Operator::bit_and && op <= Operator::bit_xor;
    return truths ? Value(std::get<std::int64_t>(result) != 0) : result;
  }
  if (is_bitwise(op)) no_operator(context, op, left, right);
  return real_binary(context, op, real(context, left), real(context, right));
}

Value array_arithmetic(const Context& context, Operator op, const Value& left, const Value& right) {
  if (!is_number(left) || !is_number(right)) no_operator(context, op, left, right);
  if (op == Operator::divide) return real(context, left) / real(context, right);
  if (!is_integer(left) || !is_integer(right)) {
    if (is_bitwise(op)) no_operator(context, op, left, right);
    return numpy_reals(op, real(context, left), real(context, right));
  }
  const std::int64_t divisor = integer(context, right);
  if ((op == Operator::floor_divide || op == Operator::modulo) && divisor == 0) return std::int64_t{0};
  if (op == Operator::power && divisor < 0)
    context.fail("whole numbers in NumPy take no negative exponent; write 2.0 instead of 2");
  if (is_bool(left) && is_bool(right))
    return array_truths(context, op, std::get<bool>(left), std::get<bool>(right));
  return arithmetic(context, op, left, right);
}

Value array_unary(Context& context, Operator op, const Value& value) {
  if (!is_bool(value)) return unary(context, op, value);
  if (op == Operator::plus) return value;
  if (op == Operator::minus) context.fail("'-' does not work on the truths of an array");
  return !std::get<bool>(value);
}

}  // namespace reverie::expressions
