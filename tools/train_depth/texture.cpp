#include "texture.h"

#include <algorithm>

namespace reverie::train_depth {
namespace {

float smooth(float x) { return x * x * (3 - 2 * x); }

float lattice(std::int32_t x, std::int32_t y, std::int32_t z) {
  auto h = static_cast<std::uint32_t>(x) * 0x8da6b343u ^ static_cast<std::uint32_t>(y) * 0xd8163841u ^
           static_cast<std::uint32_t>(z) * 0xcb1ab31fu;
  h ^= h >> 15;
  h *= 0x2c1b3c6du;
  h ^= h >> 12;
  h *= 0x297a2d39u;
  h ^= h >> 15;
  return static_cast<float>(h >> 8) * (1.0f / 16777216);
}

std::int32_t whole(float x) { return static_cast<std::int32_t>(std::floor(x)); }
float part(float x) { return x - std::floor(x); }

/// How much of the second colour there is, 0..1.
float share(Texture::Pattern pattern, Vector p) {
  switch (pattern) {
    case Texture::Pattern::plain:
      return 0;
    case Texture::Pattern::checks:
      return float((whole(p.x + 0.01f) + whole(p.y + 0.01f) + whole(p.z + 0.01f)) & 1);
    case Texture::Pattern::stripes:
      return 0.5f + 0.5f * std::sin(6.2831853f * (0.8f * p.x + 0.5f * p.y + 0.33f * p.z));
    case Texture::Pattern::clouds:
      return smooth(std::clamp(fractal_noise(p, 4) * 2.4f - 0.7f, 0.0f, 1.0f));
    case Texture::Pattern::marble:
      return 0.5f + 0.5f * std::sin(6.2831853f * (p.x + 0.4f * p.y + 2 * fractal_noise(p, 3)));
    case Texture::Pattern::spots: {
      const Vector from = {part(p.x) - 0.5f, part(p.y) - 0.5f, part(p.z) - 0.5f};
      const float radius = 0.25f + 0.3f * lattice(whole(p.x), whole(p.y), whole(p.z));
      return dot(from, from) < radius * radius ? 1 : 0;
    }
    case Texture::Pattern::bricks: {
      const float row = std::floor(2 * p.y), along = p.x + p.z + (whole(row) & 1 ? 0.5f : 0);
      return part(2 * p.y) < 0.12f || part(along) < 0.06f ? 1 : 0.25f * lattice(whole(along), whole(row), 7);
    }
  }
  return 0;
}

}  // namespace

float noise(Vector p) {
  const std::int32_t x = whole(p.x), y = whole(p.y), z = whole(p.z);
  const float fx = smooth(part(p.x)), fy = smooth(part(p.y)), fz = smooth(part(p.z));
  const auto row = [&](std::int32_t i, std::int32_t j) {
    const float left = lattice(x, y + i, z + j);
    return left + (lattice(x + 1, y + i, z + j) - left) * fx;
  };
  const float front = row(0, 0) + (row(1, 0) - row(0, 0)) * fy,
              back = row(0, 1) + (row(1, 1) - row(0, 1)) * fy;
  return front + (back - front) * fz;
}

float fractal_noise(Vector p, int octaves) {
  float sum = 0, weights = 0, weight = 1;
  for (int i = 0; i < octaves; ++i, weight /= 2) {
    sum += weight * noise(p);
    weights += weight;
    p = p * 2.03f + Vector{17.3f, 9.1f, 4.7f};
  }
  return sum / weights;
}

Vector colour_at(const Texture& texture, Vector p) {
  const Vector place = p * texture.frequency + texture.shift;
  const Vector colour = mix(texture.first, texture.second, share(texture.pattern, place));
  if (texture.grain == 0) return colour;
  return colour * (1 + texture.grain * (2 * fractal_noise(place * 5.3f, 2) - 1));
}

}  // namespace reverie::train_depth
