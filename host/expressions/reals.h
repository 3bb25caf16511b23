#pragma once
// Floating-point arithmetic with Python's rules.

#include <cstdint>
#include <string>
#include <vector>

#include "expressions/value.h"

namespace reverie::expressions {

/// Rounds towards minus infinity; the remainder has the divisor's sign. A divisor of 0 gives nan.
double floor_divide(double a, double b);
double modulo(double a, double b);
/// a ** b. Fails where the result is not a real number, divides by zero or overflows.
double power(const Context& context, double a, double b);
/// Rounds correctly to so many decimal places, which may be negative; to even where it is exactly in the
/// middle.
double round_decimals(const Context& context, double x, std::int64_t digits);
/// The sum, rounded once.
double exact_sum(const Context& context, const std::vector<double>& terms);
/// sqrt(sum of squares) without overflow on the way.
double norm(const std::vector<double>& values);
/// Of digits with optional point and exponent; may give infinity or 0. Does not depend on the locale.
double parse_real(const std::string& digits);

}  // namespace reverie::expressions
