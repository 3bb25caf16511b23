// Functions that Python does not have: oscillators, noise, and what maps values to others.

#include <cmath>
#include <cstdint>
#include <numbers>

#include "expressions/elementwise.h"
#include "expressions/functions.h"

namespace reverie::expressions {
namespace {

double or_else(Context& context, const Value& value, double otherwise) {
  return is_set(value) ? real(context, value) : otherwise;
}

double fraction(double x) { return x - std::floor(x); }

/// Arguments: x, period, phase, amplitude and, for those that have one, duty.
template <typename Wave>
Value oscillator(Context& context, Arguments args, const Wave& wave) {
  if (is_array(args[0]))
    return elementwise(context, args.first(1), [&](Arguments x) {
      Values all(args.begin(), args.end());
      all[0] = x[0];
      return oscillator(context, all, wave);
    });
  const double period = or_else(context, args[1], 1), phase = or_else(context, args[2], 0);
  if (period == 0) context.fail("a period of 0 has no value");
  const double duty = args.size() > 4 ? or_else(context, args[4], 0.5) : 0.5;
  return or_else(context, args[3], 1) * wave(real(context, args[0]) / period + phase, duty);
}

Value sine(Context& context, Arguments args) {
  return oscillator(context, args, [](double u, double) { return std::sin(2 * std::numbers::pi * u); });
}
Value triangle(Context& context, Arguments args) {
  return oscillator(context, args,
                    [](double u, double) { return 4 * std::abs(fraction(u - 0.25) - 0.5) - 1; });
}
Value sawtooth(Context& context, Arguments args) {
  return oscillator(context, args, [](double u, double) { return 2 * fraction(u) - 1; });
}
Value square(Context& context, Arguments args) {
  return oscillator(context, args, [](double u, double duty) { return fraction(u) < duty ? 1.0 : -1.0; });
}
Value pulse(Context& context, Arguments args) {
  return oscillator(context, args, [](double u, double duty) { return fraction(u) < duty ? 1.0 : 0.0; });
}

/// -1..1, by S. Vigna's splitmix64 (2015).
double random_at(std::int64_t place, std::uint64_t seed) {
  std::uint64_t z =
      static_cast<std::uint64_t>(place) * 0x9E3779B97F4A7C15u + (seed + 1) * 0xD1B54A32D192ED03u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  z ^= z >> 31;
  return static_cast<double>(z >> 11) * 0x1p-52 - 1;
}

Value noise(Context& context, Arguments args) {
  if (is_array(args[0]))
    return elementwise(context, args.first(1), [&](Arguments x) {
      return noise(context, Values{x[0], args[1]});
    });
  const double x = real(context, args[0]);
  const auto seed = static_cast<std::uint64_t>(is_set(args[1]) ? integer(context, args[1]) : 0);
  constexpr double kFarthest = 0x1p52;  // beyond it, numbers have no fractions
  if (!(std::abs(x) < kFarthest)) context.fail("noise() takes numbers that are not so large");
  const double below = std::floor(x), u = x - below;
  const double fade = u * u * u * (u * (6 * u - 15) + 10);  // K. Perlin, "Improving noise" (2002)
  const auto place = static_cast<std::int64_t>(below);
  return random_at(place, seed) * (1 - fade) + random_at(place + 1, seed) * fade;
}

Value clamp(Context& context, Arguments args) {
  if (is_array(args[0]))
    return elementwise(context, args.first(1), [&](Arguments x) {
      return clamp(context, Values{x[0], args[1], args[2]});
    });
  const double low = real(context, args[1]), high = real(context, args[2]);
  if (!(low <= high)) context.fail("the lower limit is above the higher one");
  return std::min(std::max(real(context, args[0]), low), high);
}

Value remap(Context& context, Arguments args) {
  const double from = real(context, args[1]), until = real(context, args[2]);
  const double low = real(context, args[3]), high = real(context, args[4]);
  if (from == until) context.fail("the two ends that are mapped from are the same");
  const auto map = [&](const Value& x) {
    return low + (real(context, x) - from) / (until - from) * (high - low);
  };
  if (is_array(args[0]))
    return elementwise(context, args.first(1), [&](Arguments x) -> Value { return map(x[0]); });
  return map(args[0]);
}

Value smoothstep(Context& context, Arguments args) {
  const double low = or_else(context, args[1], 0), high = or_else(context, args[2], 1);
  if (low == high) context.fail("the two ends are the same");
  const auto map = [&](const Value& x) {
    const double u = std::min(std::max((real(context, x) - low) / (high - low), 0.0), 1.0);
    return u * u * (3 - 2 * u);
  };
  if (is_array(args[0]))
    return elementwise(context, args.first(1), [&](Arguments x) -> Value { return map(x[0]); });
  return map(args[0]);
}

constexpr Function kFunctions[] = {
    {"sine", sine, 1, 4, "x period phase amplitude"},
    {"triangle", triangle, 1, 4, "x period phase amplitude"},
    {"sawtooth", sawtooth, 1, 4, "x period phase amplitude"},
    {"square", square, 1, 5, "x period phase amplitude duty"},
    {"pulse", pulse, 1, 5, "x period phase amplitude duty"},
    {"noise", noise, 1, 2, "x seed"},
    {"clamp", clamp, 3, 3, "x low high"},
    {"remap", remap, 5, 5, "x from_low from_high to_low to_high"},
    {"smoothstep", smoothstep, 1, 3, "x low high"},
};

}  // namespace

std::span<const Function> motion_functions() { return kFunctions; }

}  // namespace reverie::expressions
