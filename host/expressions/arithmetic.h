#pragma once
// Operators between two numbers.

#include "expressions/operators.h"
#include "expressions/value.h"

namespace reverie::expressions {

/// Says that the operator is not for such values.
[[noreturn]] void no_operator(const Context& context, Operator op, const Value& left, const Value& right);

/// Fails where Python does, where it would give a complex number, and where a whole number does not fit 64
/// bits.
Value arithmetic(const Context& context, Operator op, const Value& left, const Value& right);

/// The same between elements of arrays: by NumPy's rules, where floats go on with infinity and nan, a whole
/// number divided by 0 leaves 0, and + and * of truths are `or` and `and`.
Value array_arithmetic(const Context& context, Operator op, const Value& left, const Value& right);
Value array_unary(Context& context, Operator op, const Value& value);

}  // namespace reverie::expressions
