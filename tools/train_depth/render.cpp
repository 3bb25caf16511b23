#include <ATen/ATen.h>

#include <algorithm>

#include "scene.h"

namespace reverie::train_depth {
namespace {

constexpr float kClear = 2e-3f;  // how far a shadow's ray begins from its surface

struct Seen {
  const Object* object = nullptr;
  Hit hit{};
};

Seen nearest(const Scene& scene, const Ray& ray) {
  Seen seen;
  for (const Object& object : scene.objects)
    if (const auto hit = intersect(object.shape, ray, 1e-3f))
      if (!seen.object || hit->distance < seen.hit.distance) seen = {&object, *hit};
  return seen;
}

/// Terrain is left out: its shadows would take longer than all else.
bool blocked(const Scene& scene, const Ray& ray, float up_to) {
  return std::any_of(scene.objects.begin(), scene.objects.end(), [&](const Object& object) {
    if (std::holds_alternative<Terrain>(object.shape)) return false;
    const auto hit = intersect(object.shape, ray);
    return hit && hit->distance < up_to;
  });
}

Vector sky_colour(const Sky& sky, Vector direction) {
  const Vector d = unit(direction);
  const float height = std::max(d.y, 0.0f);
  const Vector plain = mix(sky.horizon, sky.zenith, std::sqrt(height));
  if (sky.cover == 0 || d.y <= 0.01f) return plain;
  // Clouds lie in a plane above.
  const Vector place = Vector{d.x / (d.y + 0.15f), 0, d.z / (d.y + 0.15f)} * sky.frequency + sky.shift;
  const float much = std::clamp((fractal_noise(place, 4) - 0.75f + 0.5f * sky.cover) * 4, 0.0f, 1.0f);
  return mix(plain, sky.clouds, much * std::min(1.0f, height * 6));
}

Vector shaded(const Scene& scene, const Ray& ray, const Seen& seen) {
  const Vector p = ray.at(seen.hit.distance), normal = seen.hit.normal;
  const Vector to_light = scene.light.sun ? scene.light.place : scene.light.place - p;
  const float reach = scene.light.sun ? INFINITY : 1 - kClear;
  const float far_off = length(to_light);
  const float facing = dot(normal, to_light) / far_off;
  Vector light = scene.ambient * (0.75f + 0.25f * normal.y);
  float highlight = 0;
  if (facing > 0 && !blocked(scene, {p + normal * kClear, to_light}, reach)) {
    const float fading = scene.light.sun ? 1 : 1 / (0.6f + 0.1f * far_off * far_off);
    light = light + scene.light.colour * (facing * fading);
    // Blinn (1977).
    const Vector between = unit(to_light * (1 / far_off) - unit(ray.direction));
    highlight = seen.object->shine * std::pow(std::max(0.0f, dot(normal, between)), 40.0f) * fading;
  }
  return colour_at(seen.object->texture, p) * light + scene.light.colour * highlight;
}

Vector colour_along(const Scene& scene, const Ray& ray) {
  const Seen seen = nearest(scene, ray);
  if (!seen.object) return sky_colour(scene.sky, ray.direction);
  const Vector colour = shaded(scene, ray, seen);
  if (scene.fog.density == 0) return colour;
  const float far_off = seen.hit.distance * length(ray.direction);
  return mix(scene.fog.colour, colour, std::exp(-scene.fog.density * far_off));
}

}  // namespace

View render(const Scene& scene, std::int64_t width, std::int64_t height) {
  const Camera& camera = scene.camera;
  const float across = camera.slope * float(width) / float(height);
  // One unit along `forward`, so that distances along the ray are depths.
  const auto ray = [&](float column, float row) {
    return Ray{camera.place, camera.forward + camera.right * ((2 * column / float(width) - 1) * across) +
                                 camera.up * ((1 - 2 * row / float(height)) * camera.slope)};
  };
  View view{at::empty({3, height, width}), at::empty({1, height, width})};
  float* colours = view.picture.mutable_data_ptr<float>();
  float* depths = view.depth.mutable_data_ptr<float>();
  const std::int64_t pixels = width * height;
  for (std::int64_t i = 0; i < height; ++i)
    for (std::int64_t j = 0; j < width; ++j) {
      const auto x = float(j), y = float(i);
      Vector sum;
      for (const auto& [dx, dy] :
           {std::pair{0.375f, 0.125f}, {0.875f, 0.375f}, {0.125f, 0.625f}, {0.625f, 0.875f}})
        sum = sum + colour_along(scene, ray(x + dx, y + dy));
      const std::int64_t at = i * width + j;
      colours[at] = std::clamp(sum.x / 4, 0.0f, 1.0f);
      colours[at + pixels] = std::clamp(sum.y / 4, 0.0f, 1.0f);
      colours[at + 2 * pixels] = std::clamp(sum.z / 4, 0.0f, 1.0f);
      const Seen seen = nearest(scene, ray(x + 0.5f, y + 0.5f));
      depths[at] = seen.object ? std::min(seen.hit.distance, kFarthestDepth) : kFarthestDepth;
    }
  return view;
}

}  // namespace reverie::train_depth
