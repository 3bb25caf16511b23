#include "shapes.h"

#include <algorithm>
#include <cstdint>

namespace reverie::train_depth {
namespace {

constexpr float kTerrainEnd = 25;  // distance up to which terrain is looked for

Hit facing(float distance, Vector normal, const Ray& ray) {
  return {distance, dot(normal, ray.direction) > 0 ? -normal : normal};
}

/// The roots of a x^2 + 2 b x + c, the lower first.
std::optional<std::pair<float, float>> roots(float a, float b, float c) {
  const float discriminant = b * b - a * c;
  if (discriminant < 0 || a == 0) return std::nullopt;
  // Without the difference of nearly equal numbers.
  const float q = -(b + std::copysign(std::sqrt(discriminant), b));
  const float one = q / a, other = q == 0 ? one : c / q;
  return std::minmax(one, other);
}

std::optional<Hit> meet(const Sphere& it, const Ray& ray, float after) {
  const Vector from = ray.origin - it.centre;
  const auto both = roots(dot(ray.direction, ray.direction), dot(from, ray.direction),
                          dot(from, from) - it.radius * it.radius);
  if (!both || both->second <= after) return std::nullopt;
  const float distance = both->first > after ? both->first : both->second;
  return facing(distance, (ray.at(distance) - it.centre) * (1 / it.radius), ray);
}

std::optional<Hit> meet(const Plane& it, const Ray& ray, float after) {
  const float slope = dot(it.normal, ray.direction);
  if (slope == 0) return std::nullopt;
  const float distance = (it.offset - dot(it.normal, ray.origin)) / slope;
  if (distance <= after) return std::nullopt;
  return facing(distance, it.normal, ray);
}

/// Intersection of slabs, as Kay & Kajiya (1986) do.
std::optional<Hit> meet(const Box& it, const Ray& ray, float after) {
  const auto turned = [&](Vector v) {
    return Vector{it.cosine * v.x + it.sine * v.z, v.y, it.cosine * v.z - it.sine * v.x};
  };
  const Vector from = turned(ray.origin - it.centre), along = turned(ray.direction);
  const float origins[] = {from.x, from.y, from.z}, steps[] = {along.x, along.y, along.z},
              halves[] = {it.half.x, it.half.y, it.half.z};
  float in = -INFINITY, out = INFINITY;
  int in_axis = 0, out_axis = 0;
  for (int i = 0; i < 3; ++i) {
    if (steps[i] == 0) {
      if (std::abs(origins[i]) > halves[i]) return std::nullopt;
      continue;
    }
    const float a = (-halves[i] - origins[i]) / steps[i], b = (halves[i] - origins[i]) / steps[i];
    if (std::min(a, b) > in) in = std::min(a, b), in_axis = i;
    if (std::max(a, b) < out) out = std::max(a, b), out_axis = i;
  }
  if (in > out || out <= after) return std::nullopt;
  const int axis = in > after ? in_axis : out_axis;
  const Vector normal = axis == 0   ? Vector{it.cosine, 0, it.sine}
                        : axis == 1 ? Vector{0, 1, 0}
                                    : Vector{-it.sine, 0, it.cosine};
  return facing(in > after ? in : out, normal, ray);
}

std::optional<Hit> meet(const Frustum& it, const Ray& ray, float after) {
  const Vector from = ray.origin - it.base, along = ray.direction;
  std::optional<Hit> nearest;
  const auto consider = [&](float distance, Vector normal) {
    if (distance > after && (!nearest || distance < nearest->distance))
      nearest = facing(distance, normal, ray);
  };
  // The mantle is where x^2 + z^2 = (lower + slope y)^2.
  const float slope = (it.upper - it.lower) / it.height, radius = it.lower + slope * from.y;
  if (const auto both = roots(along.x * along.x + along.z * along.z - slope * slope * along.y * along.y,
                              from.x * along.x + from.z * along.z - slope * radius * along.y,
                              from.x * from.x + from.z * from.z - radius * radius))
    for (const float distance : {both->first, both->second}) {
      const Vector p = from + along * distance;
      const float there = it.lower + slope * p.y;
      if (p.y >= 0 && p.y <= it.height && there > 0) consider(distance, unit({p.x, -slope * there, p.z}));
    }
  if (along.y != 0)
    for (const auto& [y, end] : {std::pair{0.0f, it.lower}, {it.height, it.upper}}) {
      const float distance = (y - from.y) / along.y;
      const Vector p = from + along * distance;
      if (p.x * p.x + p.z * p.z <= end * end) consider(distance, {0, 1, 0});
    }
  return nearest;
}

/// Steps that grow with the distance, then halving.
std::optional<Hit> meet(const Terrain& it, const Ray& ray, float after) {
  const auto below = [&](float distance) {
    const Vector p = ray.at(distance);
    return p.y < it.height(p.x, p.z);
  };
  float last = after;
  if (ray.origin.y > it.highest) {
    if (ray.direction.y >= 0) return std::nullopt;
    last = std::max(last, (it.highest - ray.origin.y) / ray.direction.y);
  }
  if (below(last)) return std::nullopt;  // beneath the surface nothing is to be seen
  for (float next = last; last < kTerrainEnd; last = next) {
    next += 0.03f + 0.02f * last;
    if (ray.at(last).y > it.highest && ray.direction.y >= 0) return std::nullopt;
    if (!below(next)) continue;
    for (int i = 0; i < 16; ++i) {
      const float middle = (last + next) / 2;
      (below(middle) ? next : last) = middle;
    }
    const Vector p = ray.at(next);
    const float e = it.spacing / 2;
    return facing(next,
                  unit({it.height(p.x - e, p.z) - it.height(p.x + e, p.z), 2 * e,
                        it.height(p.x, p.z - e) - it.height(p.x, p.z + e)}),
                  ray);
  }
  return std::nullopt;
}

}  // namespace

float Terrain::height(float x, float z) const {
  const auto place = [&](float coordinate) {
    return std::clamp(coordinate / spacing + float(side - 1) / 2, 0.0f, float(side) - 1.001f);
  };
  const float column = place(x), row = place(z);
  const auto j = static_cast<std::int64_t>(column), i = static_cast<std::int64_t>(row);
  const float right = column - float(j), down = row - float(i);
  const float* at = heights->data() + i * side + j;
  return (at[0] * (1 - right) + at[1] * right) * (1 - down) +
         (at[side] * (1 - right) + at[side + 1] * right) * down;
}

std::optional<Hit> intersect(const Shape& shape, const Ray& ray, float after) {
  return std::visit([&](const auto& it) { return meet(it, ray, after); }, shape);
}

}  // namespace reverie::train_depth
