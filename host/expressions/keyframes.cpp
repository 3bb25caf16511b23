#include "expressions/keyframes.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>
#include <tuple>
#include <utility>

namespace reverie::expressions {
namespace {

using Family = Ease::Family;
using Side = Ease::Side;

constexpr std::pair<std::string_view, Family> kPlain[] = {
    {"bezier", Family::bezier}, {"cubic", Family::cubic}, {"linear", Family::linear}, {"step", Family::step}};
constexpr std::pair<std::string_view, Family> kSided[] = {
    {"sine", Family::sine},    {"quad", Family::quad},   {"cubic", Family::cube},
    {"quart", Family::quart},  {"quint", Family::quint}, {"expo", Family::expo},
    {"circ", Family::circ},    {"back", Family::back},   {"elastic", Family::elastic},
    {"bounce", Family::bounce}};
constexpr std::pair<std::string_view, Side> kSides[] = {
    {"in_out_", Side::in_out}, {"in_", Side::in}, {"out_", Side::out}};

double out_bounce(double u) {
  constexpr double kHeight = 7.5625, kPart = 2.75;
  if (u < 1 / kPart) return kHeight * u * u;
  for (const auto& [until, middle, rest] :
       {std::tuple{2.0, 1.5, 0.75}, {2.5, 2.25, 0.9375}, {kPart, 2.625, 0.984375}})
    if (u < until / kPart || until == kPart)
      return kHeight * (u - middle / kPart) * (u - middle / kPart) + rest;
  return 1;
}

/// From slow to fast; the other sides are its reflections. `overshoot` and `period` of those that have them.
double slow_start(Family family, double u, double overshoot, double period) {
  switch (family) {
    case Family::sine:
      return 1 - std::cos(u * std::numbers::pi / 2);
    case Family::quad:
      return u * u;
    case Family::cube:
      return u * u * u;
    case Family::quart:
      return u * u * u * u;
    case Family::quint:
      return u * u * u * u * u;
    case Family::expo:
      return u <= 0 ? 0 : std::exp2(10 * u - 10);
    case Family::circ:
      return 1 - std::sqrt(std::max(0.0, 1 - u * u));
    case Family::back:
      return (overshoot + 1) * u * u * u - overshoot * u * u;
    case Family::elastic:
      if (u <= 0 || u >= 1) return u;
      return -std::exp2(10 * u - 10) * std::sin((u - 1 - period / 4) * 2 * std::numbers::pi / period);
    case Family::bounce:
      return 1 - out_bounce(1 - u);
    default:
      return u;
  }
}

double on_bezier(const double (&points)[4], double x) {
  const auto along = [](double s, double a, double b) {
    return 3 * (1 - s) * (1 - s) * s * a + 3 * (1 - s) * s * s * b + s * s * s;
  };
  double low = 0, high = 1;
  for (int i = 0; i < 60; ++i) {  // x grows with s, so this finds it whatever the points are
    const double middle = (low + high) / 2;
    (along(middle, points[0], points[2]) < x ? low : high) = middle;
  }
  return along((low + high) / 2, points[1], points[3]);
}

}  // namespace

std::optional<Ease> find_ease(std::string_view name) {
  for (const auto& [plain, family] : kPlain)
    if (name == plain) return Ease{family};
  for (const auto& [prefix, side] : kSides)
    for (const auto& [sided, family] : kSided)
      if (name.starts_with(prefix) && name.substr(prefix.size()) == sided) return Ease{family, side};
  return std::nullopt;
}

std::vector<std::string_view> ease_names() {
  static const std::vector<std::string> all = [] {
    std::vector<std::string> result;
    for (const auto& [name, family] : kPlain) result.emplace_back(name);
    for (const auto& [prefix, side] : kSides)
      for (const auto& [name, family] : kSided) result.push_back(std::string(prefix) + std::string(name));
    std::sort(result.begin(), result.end());
    return result;
  }();
  return {all.begin(), all.end()};
}

double eased(const Ease& ease, double u) {
  if (ease.family == Family::step) return u < 1 ? 0 : 1;
  if (ease.family == Family::linear) return u;
  if (ease.family == Family::bezier) return u <= 0 ? 0 : u >= 1 ? 1 : on_bezier(ease.points, u);
  const bool both = ease.side == Side::in_out;
  const double overshoot = both ? 1.70158 * 1.525 : 1.70158, period = both ? 0.45 : 0.3;
  const auto slow = [&](double x) { return slow_start(ease.family, x, overshoot, period); };
  if (both) return u < 0.5 ? slow(2 * u) / 2 : 1 - slow(2 - 2 * u) / 2;
  return ease.side == Side::in ? slow(u) : 1 - slow(1 - u);
}

double monotone_cubic(std::span<const double, 4> places, std::span<const double, 4> values, double x) {
  const double width = places[2] - places[1], slope = (values[2] - values[1]) / width;
  const bool before = !std::isnan(places[0]), after = !std::isnan(places[3]);
  // Of two neighbouring parts: how steep the curve is between them.
  const auto between = [](double width0, double slope0, double width1, double slope1) {
    if (slope0 * slope1 <= 0) return 0.0;
    const double w0 = 2 * width1 + width0, w1 = width1 + 2 * width0;
    return (w0 + w1) / (w0 / slope0 + w1 / slope1);
  };
  // At an end, by the nearest three; it neither turns nor overshoots.
  const auto at_end = [](double width0, double slope0, double width1, double slope1) {
    const double steep = ((2 * width0 + width1) * slope0 - width0 * slope1) / (width0 + width1);
    if (steep * slope0 <= 0) return 0.0;
    return slope0 * slope1 <= 0 && std::abs(steep) > 3 * std::abs(slope0) ? 3 * slope0 : steep;
  };
  const double width0 = places[1] - places[0], slope0 = (values[1] - values[0]) / width0;
  const double width2 = places[3] - places[2], slope2 = (values[3] - values[2]) / width2;
  const double first = before  ? between(width0, slope0, width, slope)
                       : after ? at_end(width, slope, width2, slope2)
                               : slope;
  const double last = after    ? between(width, slope, width2, slope2)
                      : before ? at_end(width, slope, width0, slope0)
                               : slope;
  const double u = (x - places[1]) / width;
  const double h = u * u * (3 - 2 * u);
  return values[1] + (values[2] - values[1]) * h + width * u * (1 - u) * ((1 - u) * first - u * last);
}

}  // namespace reverie::expressions
