#include "expressions/reals.h"

#include <locale.h>
#include <stdlib.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace reverie::expressions {
namespace {

/// `x` > 0 with `digits` decimals or, if they are negative, rounded to a multiple of 10^-digits.
std::string rounded_text(double x, std::int64_t digits) {
  const auto text = [x](std::chars_format format, std::int64_t precision) {
    char buffer[800];
    return std::string(buffer,
                       std::to_chars(buffer, std::end(buffer), x, format, static_cast<int>(precision)).ptr);
  };
  if (digits >= 0) return text(std::chars_format::fixed, digits);
  // How many significant digits stay follows from the decimal exponent, read where no rounding can change it.
  const std::string scientific = text(std::chars_format::scientific, 40);
  const int exponent = std::stoi(scientific.substr(scientific.find('e') + 1));
  const std::int64_t kept = exponent + 1 + digits;
  if (kept > 0) return text(std::chars_format::scientific, kept - 1);
  // Nothing stays, unless it rounds up to the unit itself: above 5·10^(-digits - 1).
  const std::string below = scientific.substr(2, scientific.find('e') - 2);
  const bool more =
      scientific[0] > '5' || (scientific[0] == '5' && below.find_first_not_of('0') != std::string::npos);
  return kept == 0 && more ? "1e" + std::to_string(-digits) : "0";
}

}  // namespace

double modulo(double a, double b) {
  const double rest = std::fmod(a, b);
  if (rest == 0) return std::copysign(0.0, b);
  return (rest < 0) != (b < 0) ? rest + b : rest;
}

double floor_divide(double a, double b) {
  // From the remainder, which is exact: a / b may have been rounded up to the next whole number.
  const double rest = std::fmod(a, b);
  double quotient = (a - rest) / b;
  if (rest != 0 && (rest < 0) != (b < 0)) quotient -= 1;
  if (quotient == 0) return std::copysign(0.0, a / b);
  const double floor = std::floor(quotient);
  return quotient - floor > 0.5 ? floor + 1 : floor;
}

double power(const Context& context, double a, double b) {
  if (context.numpy) return std::pow(a, b);
  if (a == 0 && b < 0 && std::isfinite(b)) context.fail("division by zero: 0 to a negative power");
  const double result = std::pow(a, b);
  if (std::isnan(result) && !std::isnan(a) && !std::isnan(b))
    context.fail("a negative number to a fractional power is not a real number");
  if (std::isinf(result) && std::isfinite(a) && std::isfinite(b)) context.fail("the result is too large");
  return result;
}

double round_decimals(const Context& context, double x, std::int64_t digits) {
  if (!std::isfinite(x) || x == 0 || digits > 323) return x;
  if (digits < -308) return std::copysign(0.0, x);
  const double result = parse_real(rounded_text(std::abs(x), digits));
  if (std::isinf(result) && !context.numpy) context.fail("the result is too large");
  return std::copysign(result, x);
}

double exact_sum(const Context& context, const std::vector<double>& terms) {
  // Shewchuk's: numbers that do not overlap, smallest first, whose sum is exact.
  std::vector<double> parts;
  double infinities = 0, nans = 0;
  for (double term : terms) {
    if (!std::isfinite(term)) {
      (std::isnan(term) ? nans : infinities) += term;
      continue;
    }
    std::size_t kept = 0;
    for (double part : parts) {
      if (std::abs(term) < std::abs(part)) std::swap(term, part);
      const double high = term + part;
      if (std::isinf(high)) {
        if (context.numpy) return high;
        context.fail("the sum is too large");
      }
      const double low = part - (high - term);
      if (low != 0) parts[kept++] = low;
      term = high;
    }
    parts.resize(kept);
    if (term != 0) parts.push_back(term);
  }
  if (std::isnan(infinities) && !context.numpy) context.fail("infinity minus infinity has no value");
  if (infinities != 0 || nans != 0) return infinities + nans;
  if (parts.empty()) return 0;
  double sum = parts.back(), rest = 0;
  std::size_t i = parts.size() - 1;
  while (i > 0 && rest == 0) {
    const double part = parts[--i], high = sum + part;
    rest = part - (high - sum);
    sum = high;
  }
  // Halfway cases go the way of what lies below.
  if (i > 0 && ((rest < 0 && parts[i - 1] < 0) || (rest > 0 && parts[i - 1] > 0))) {
    const double twice = rest * 2, other = sum + twice;
    if (other - sum == twice) return other;
  }
  return sum;
}

double norm(const std::vector<double>& values) {
  double largest = 0;
  for (const double value : values)
    if (std::isinf(value)) return std::numeric_limits<double>::infinity();
  for (const double value : values) {
    if (std::isnan(value)) return value;
    largest = std::max(largest, std::abs(value));
  }
  if (largest == 0) return 0;
  const int exponent = std::ilogb(largest);
  long double sum = 0;  // each value scaled by a power of two, which is exact
  for (const double value : values) {
    const long double scaled = std::scalbn(static_cast<long double>(value), -exponent);
    sum += scaled * scaled;
  }
  return static_cast<double>(std::scalbn(std::sqrt(sum), exponent));
}

double parse_real(const std::string& digits) {
  static const locale_t plain = newlocale(LC_ALL_MASK, "C", nullptr);
  return strtod_l(digits.c_str(), nullptr, plain);
}

}  // namespace reverie::expressions
