#pragma once
// What scenes are made of, and where rays meet it.

#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "geometry.h"

namespace reverie::train_depth {

struct Sphere {
  Vector centre;
  float radius;
};
/// The points p with dot(normal, p) = offset.
struct Plane {
  Vector normal;  ///< of length 1
  float offset;
};
/// Turned about the vertical by an angle whose cosine and sine are given.
struct Box {
  Vector centre, half;
  float cosine = 1, sine = 0;
};
/// A cone without its tip, or with it, or a cylinder: upright, closed at both ends.
struct Frustum {
  Vector base;                 ///< the centre of the lower end
  float height, lower, upper;  ///< radii of the ends
};
/// Heights over a square grid of x and z around the origin.
struct Terrain {
  std::int64_t side;  ///< heights in a row
  float spacing;
  std::shared_ptr<const std::vector<float>> heights;  ///< rows of equal z
  float highest;

  float height(float x, float z) const;  ///< of the bilinear surface; beyond the grid, its border's
};
using Shape = std::variant<Sphere, Plane, Box, Frustum, Terrain>;

struct Hit {
  float distance;
  Vector normal;  ///< of length 1, towards the ray's origin
};

/// The first crossing of a surface at a distance above `after`.
std::optional<Hit> intersect(const Shape& shape, const Ray& ray, float after = 0);

}  // namespace reverie::train_depth
