#pragma once
// Rotations as quaternions {r, x, y, z}.

#include <array>
#include <cmath>
#include <numbers>

namespace reverie {

using Vector = std::array<double, 3>;
using Quaternion = std::array<double, 4>;

inline Quaternion product(const Quaternion& a, const Quaternion& b) {
  return {a[0] * b[0] - a[1] * b[1] - a[2] * b[2] - a[3] * b[3],
          a[0] * b[1] + a[1] * b[0] + a[2] * b[3] - a[3] * b[2],
          a[0] * b[2] - a[1] * b[3] + a[2] * b[0] + a[3] * b[1],
          a[0] * b[3] + a[1] * b[2] - a[2] * b[1] + a[3] * b[0]};
}

/// By half the angle, in degrees, about the axis 1, 2 or 3.
inline Quaternion about(std::size_t axis, double degrees) {
  const double half = degrees * std::numbers::pi / 360;
  Quaternion result = {std::cos(half), 0, 0, 0};
  result[axis] = std::sin(half);
  return result;
}

/// `vector` turned back.
inline Vector unturned(const Quaternion& by, const Vector& vector) {
  const Quaternion back = {by[0], -by[1], -by[2], -by[3]};
  const Quaternion turned = product(product(back, {0, vector[0], vector[1], vector[2]}), by);
  return {turned[1], turned[2], turned[3]};
}

}  // namespace reverie
