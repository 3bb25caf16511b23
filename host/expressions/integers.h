#pragma once
// Whole numbers of 64 bits that never wrap: where Python's would grow beyond, these fail.

#include <cstdint>

#include "expressions/value.h"

namespace reverie::expressions {

[[noreturn]] void too_large(const Context& context);

std::int64_t add(const Context& context, std::int64_t a, std::int64_t b);
std::int64_t subtract(const Context& context, std::int64_t a, std::int64_t b);
std::int64_t multiply(const Context& context, std::int64_t a, std::int64_t b);
/// Rounds towards minus infinity; the remainder has the divisor's sign. `b` is not 0.
std::int64_t floor_divide(const Context& context, std::int64_t a, std::int64_t b);
std::int64_t modulo(std::int64_t a, std::int64_t b);
/// a / b rounded once, as Python does it. `b` is not 0.
double true_divide(std::int64_t a, std::int64_t b);
/// `exponent` is not negative.
std::int64_t power(const Context& context, std::int64_t base, std::int64_t exponent);
bool power_fits(std::int64_t base, std::int64_t exponent, std::int64_t& result);
/// `count` is not negative.
std::int64_t shift_left(const Context& context, std::int64_t a, std::int64_t count);
/// Rounds to a multiple of 10^digits, to even in the middle. `digits` is not negative.
std::int64_t round_to_power_of_ten(const Context& context, std::int64_t a, std::int64_t digits);
/// The whole number that `x` is; fails for infinities, nan and what does not fit.
std::int64_t from_real(const Context& context, double x);
/// The same as a value; by NumPy's rules, what fits no whole number stays as it is.
Value whole_number(const Context& context, double x);
/// a < 0, 0 or > 0 as `a` is below, equal to or above `b`, exactly; `b` is not nan.
int compare_exactly(std::int64_t a, double b);

/// Of no negative numbers, except gcd and lcm.
std::int64_t factorial(const Context& context, std::int64_t n);
std::int64_t combinations(const Context& context, std::int64_t n, std::int64_t k);
std::int64_t permutations(const Context& context, std::int64_t n, std::int64_t k);
std::int64_t square_root(std::int64_t n);
std::int64_t greatest_common_divisor(const Context& context, std::int64_t a, std::int64_t b);
std::int64_t least_common_multiple(const Context& context, std::int64_t a, std::int64_t b);

}  // namespace reverie::expressions
