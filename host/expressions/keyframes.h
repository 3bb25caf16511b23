#pragma once
// Values between keyframes.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace reverie::expressions {

/// How a value goes from one keyframe to the next. Those from `in_sine` on are the easing functions of
/// R. Penner, "Motion, Tweening, and Easing" (2002), under the names that CSS and animation programs have.
struct Ease {
  enum class Family : std::uint8_t {
    automatic,  ///< linear from a number, step from a formula
    step,       ///< stays until the next keyframe
    linear,
    cubic,   ///< through the keyframes without overshooting (F. N. Fritsch, R. E. Carlson, SIAM J. Numer.
             ///< Anal. 17, 1980)
    bezier,  ///< `points`
    sine,
    quad,
    cube,
    quart,
    quint,
    expo,
    circ,
    back,
    elastic,
    bounce,
  };
  enum class Side : std::uint8_t { in, out, in_out };
  Family family = Family::automatic;
  Side side = Side::in;
  /// x1, y1, x2, y2 of a cubic Bezier curve from (0, 0) to (1, 1), as CSS's cubic-bezier().
  double points[4] = {0, 0, 1, 1};
};

/// Nothing if there is none of that name; "bezier" is one.
std::optional<Ease> find_ease(std::string_view name);
/// In alphabetical order, for messages.
std::vector<std::string_view> ease_names();

/// How far the value is at `u`, 0..1, of the way in time; for all families but `cubic` and `automatic`.
double eased(const Ease& ease, double u);

/// The value at `x` between places[1] and places[2], by a monotone cubic through the four; the first or last
/// of them may be nan where there is no such keyframe.
double monotone_cubic(std::span<const double, 4> places, std::span<const double, 4> values, double x);

}  // namespace reverie::expressions
