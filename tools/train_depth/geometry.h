#pragma once
// Points and directions: x to the right, y upwards, z away from the viewer.

#include <cmath>

namespace reverie::train_depth {

struct Vector {
  float x = 0, y = 0, z = 0;
};

inline Vector operator+(Vector a, Vector b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
inline Vector operator-(Vector a, Vector b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
inline Vector operator-(Vector a) { return {-a.x, -a.y, -a.z}; }
inline Vector operator*(Vector a, float s) { return {a.x * s, a.y * s, a.z * s}; }
inline Vector operator*(Vector a, Vector b) { return {a.x * b.x, a.y * b.y, a.z * b.z}; }
inline float dot(Vector a, Vector b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
inline Vector cross(Vector a, Vector b) {
  return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}
inline float length(Vector a) { return std::sqrt(dot(a, a)); }
inline Vector unit(Vector a) { return a * (1 / length(a)); }
inline Vector mix(Vector a, Vector b, float share) { return a + (b - a) * share; }

/// The direction need not have the length 1: distances along a ray are multiples of it.
struct Ray {
  Vector origin, direction;
  Vector at(float distance) const { return origin + direction * distance; }
};

}  // namespace reverie::train_depth
