#pragma once
// Python's operators.

#include <cstdint>

#include "expressions/value.h"

namespace reverie::expressions {

enum class Operator : std::uint8_t {
  add,
  subtract,
  multiply,
  divide,
  floor_divide,
  modulo,
  power,
  bit_and,
  bit_or,
  bit_xor,
  shift_left,
  shift_right,
  less,
  less_equal,
  greater,
  greater_equal,
  equal,
  not_equal,
  in,
  not_in,
  plus,
  minus,
  invert,
};

/// As it is written.
const char* symbol(Operator op);

/// Of arrays: element by element, where a number goes with each. Fails where Python does, where it would give
/// a complex number, and where a whole number does not fit 64 bits.
Value binary(Context& context, Operator op, const Value& left, const Value& right);
Value unary(Context& context, Operator op, const Value& value);
/// A bool, or an array of them.
Value compare(Context& context, Operator op, const Value& left, const Value& right);
/// `==` and `<`, for single values and lists.
bool equal(Context& context, const Value& left, const Value& right);
bool less(Context& context, const Value& left, const Value& right);

/// a[index] and a[start:stop:step], where each may be None.
Value subscript(Context& context, const Value& from, const Value& index);
Value slice(Context& context, const Value& from, const Value& start, const Value& stop, const Value& step);

}  // namespace reverie::expressions
