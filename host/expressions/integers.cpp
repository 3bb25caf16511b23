#include "expressions/integers.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace reverie::expressions {
namespace {

__extension__ using Wide = __int128;
__extension__ using UnsignedWide = unsigned __int128;

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();

std::uint64_t magnitude(std::int64_t a) {
  return a < 0 ? -static_cast<std::uint64_t>(a) : static_cast<std::uint64_t>(a);
}

std::int64_t narrow(const Context& context, Wide value) {
  if (value > kMost || value < kLeast) too_large(context);
  return static_cast<std::int64_t>(value);
}

}  // namespace

void too_large(const Context& context) {
  context.fail(
      "integer too large: whole numbers end at 2**63 - 1; with a decimal point, as in 10.0**20, they do not");
}

std::int64_t add(const Context& context, std::int64_t a, std::int64_t b) {
  return narrow(context, Wide{a} + b);
}

std::int64_t subtract(const Context& context, std::int64_t a, std::int64_t b) {
  return narrow(context, Wide{a} - b);
}

std::int64_t multiply(const Context& context, std::int64_t a, std::int64_t b) {
  return narrow(context, Wide{a} * b);
}

std::int64_t floor_divide(const Context& context, std::int64_t a, std::int64_t b) {
  if (b == -1) return subtract(context, 0, a);
  return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}

std::int64_t modulo(std::int64_t a, std::int64_t b) {
  if (b == -1) return 0;
  const std::int64_t rest = a % b;
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

double true_divide(std::int64_t a, std::int64_t b) {
  constexpr std::uint64_t kExact = std::uint64_t{1} << 53;
  if (magnitude(a) <= kExact && magnitude(b) <= kExact)
    return static_cast<double>(a) / static_cast<double>(b);
  // A quotient of at least 63 bits with a last bit that stands for all below: rounding it is rounding the
  // true one.
  const int shift = 63;
  const UnsignedWide dividend = static_cast<UnsignedWide>(magnitude(a)) << shift;
  UnsignedWide quotient = dividend / magnitude(b);
  int exponent = -shift;
  if (quotient >> 56 == 0) {  // small enough to shift the rest in
    const UnsignedWide rest = dividend % magnitude(b);
    const UnsignedWide more = rest << 63;
    quotient = (quotient << 63) + more / magnitude(b);
    quotient |= more % magnitude(b) != 0 ? 1 : 0;
    exponent -= 63;
  } else {
    quotient |= dividend % magnitude(b) != 0 ? 1 : 0;
  }
  const double result = std::ldexp(static_cast<double>(quotient), exponent);
  return (a < 0) != (b < 0) ? -result : result;
}

bool power_fits(std::int64_t base, std::int64_t exponent, std::int64_t& result) {
  result = 1;
  if (base == 0 || base == 1 || exponent == 0) {
    result = exponent == 0 ? 1 : base;
    return true;
  }
  if (base == -1) {
    result = exponent % 2 == 0 ? 1 : -1;
    return true;
  }
  if (exponent > 63) return false;
  for (std::int64_t i = 0; i < exponent; ++i) {
    const Wide next = Wide{result} * base;
    if (next > kMost || next < kLeast) return false;
    result = static_cast<std::int64_t>(next);
  }
  return true;
}

std::int64_t power(const Context& context, std::int64_t base, std::int64_t exponent) {
  std::int64_t result;
  if (!power_fits(base, exponent, result)) too_large(context);
  return result;
}

std::int64_t shift_left(const Context& context, std::int64_t a, std::int64_t count) {
  if (a == 0) return 0;
  if (count > 63) too_large(context);
  return narrow(context, Wide{a} * (Wide{1} << count));
}

std::int64_t round_to_power_of_ten(const Context& context, std::int64_t a, std::int64_t digits) {
  if (digits > 19) return 0;
  Wide unit = 1;
  for (std::int64_t i = 0; i < digits; ++i) unit *= 10;
  Wide quotient = a / unit, rest = a % unit;
  if (rest < 0) {
    rest += unit;
    --quotient;
  }
  if (rest * 2 > unit || (rest * 2 == unit && quotient % 2 != 0)) ++quotient;
  return narrow(context, quotient * unit);
}

std::int64_t from_real(const Context& context, double x) {
  if (std::isnan(x)) context.fail("nan is not a whole number");
  if (std::isinf(x)) context.fail("infinity is not a whole number");
  if (x < -0x1p63 || x >= 0x1p63) too_large(context);
  return static_cast<std::int64_t>(x);
}

Value whole_number(const Context& context, double x) {
  if (context.numpy && !(x >= -0x1p63 && x < 0x1p63)) return x;
  return from_real(context, x);
}

int compare_exactly(std::int64_t a, double b) {
  if (b >= 0x1p63) return -1;
  if (b < -0x1p63) return 1;
  const auto whole = static_cast<std::int64_t>(b);
  if (a != whole) return a < whole ? -1 : 1;
  const double fraction = b - static_cast<double>(whole);
  return fraction > 0 ? -1 : fraction < 0 ? 1 : 0;
}

std::int64_t factorial(const Context& context, std::int64_t n) {
  std::int64_t result = 1;
  for (std::int64_t i = 2; i <= n; ++i) result = multiply(context, result, i);  // too large before long
  return result;
}

std::int64_t combinations(const Context& context, std::int64_t n, std::int64_t k) {
  if (k > n) return 0;
  k = std::min(k, n - k);
  Wide result = 1;  // C(n, i), which grows with i up to n / 2
  for (std::int64_t i = 0; i < k; ++i) result = narrow(context, result * (n - i) / (i + 1));
  return static_cast<std::int64_t>(result);
}

std::int64_t permutations(const Context& context, std::int64_t n, std::int64_t k) {
  if (k > n) return 0;
  std::int64_t result = 1;
  for (std::int64_t i = 0; i < k; ++i) result = multiply(context, result, n - i);
  return result;
}

std::int64_t square_root(std::int64_t n) {
  auto root = static_cast<std::int64_t>(std::sqrt(static_cast<double>(n)));
  while (Wide{root} * root > n) --root;
  while (Wide{root + 1} * (root + 1) <= n) ++root;
  return root;
}

std::int64_t greatest_common_divisor(const Context& context, std::int64_t a, std::int64_t b) {
  std::uint64_t x = magnitude(a), y = magnitude(b);
  while (y != 0) {
    const std::uint64_t rest = x % y;
    x = y;
    y = rest;
  }
  return narrow(context, static_cast<Wide>(x));
}

std::int64_t least_common_multiple(const Context& context, std::int64_t a, std::int64_t b) {
  if (a == 0 || b == 0) return 0;
  const std::int64_t divisor = greatest_common_divisor(context, a, b);
  return narrow(context, static_cast<Wide>(magnitude(a / divisor)) * static_cast<Wide>(magnitude(b)));
}

}  // namespace reverie::expressions
