#include "scene.h"

#include <algorithm>
#include <random>

namespace reverie::train_depth {
namespace {

class Maker {
 public:
  explicit Maker(std::uint64_t seed) : random_(seed) {}
  Scene scene();

 private:
  float uniform(float low, float high) { return std::uniform_real_distribution<float>(low, high)(random_); }
  float logarithmic(float low, float high) { return std::exp(uniform(std::log(low), std::log(high))); }
  bool chance(float p) { return uniform(0, 1) < p; }
  std::int64_t whole(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random_);
  }

  Vector colour();
  Vector near(Vector colour, float distance);
  Texture texture(float coarsest, float finest);
  void look_ahead(float height, float lowest_pitch, float highest_pitch);
  void daylight();
  void add(Shape shape, const Texture& texture);
  void add(Shape shape) { add(std::move(shape), texture(0.7f, 8)); }
  void thing(Vector foot, float size);
  void tree(Vector foot, float size);
  void house(Vector foot, float size);
  void things_on_ground(std::int64_t count, const Terrain* ground = nullptr);
  void ground();

  void landscape();
  void street();
  void room();
  void terrain();
  void in_the_air();

  std::mt19937_64 random_;
  Scene scene_;
};

Vector Maker::colour() {
  const float grey = uniform(0.05f, 1), vivid = uniform(0, 1);
  const float red = uniform(0, 1), green = uniform(0, 1), blue = uniform(0, 1);
  return mix({grey, grey, grey}, {red, green, blue}, vivid);
}

Vector Maker::near(Vector colour, float distance) {
  const auto moved = [&](float value) {
    return std::clamp(value + uniform(-distance, distance), 0.0f, 1.0f);
  };
  const float red = moved(colour.x), green = moved(colour.y), blue = moved(colour.z);
  return {red, green, blue};
}

Texture Maker::texture(float coarsest, float finest) {
  Texture it;
  it.pattern = static_cast<Texture::Pattern>(chance(0.3f) ? 0 : whole(1, 6));
  it.first = colour();
  it.second = chance(0.5f) ? colour() : near(it.first, 0.3f);
  it.frequency = logarithmic(coarsest, finest);
  it.shift.x = uniform(0, 50), it.shift.y = uniform(0, 50), it.shift.z = uniform(0, 50);
  it.grain = chance(0.5f) ? uniform(0, 0.6f) : 0;
  return it;
}

void Maker::add(Shape shape, const Texture& texture) {
  scene_.objects.push_back({std::move(shape), texture, chance(0.3f) ? uniform(0.1f, 0.8f) : 0});
}

/// `height` above the origin; positive pitch looks down.
void Maker::look_ahead(float height, float lowest_pitch, float highest_pitch) {
  const float pitch = uniform(lowest_pitch, highest_pitch), roll = 0.06f * (uniform(-1, 1) + uniform(-1, 1));
  const Vector right{1, 0, 0}, up{0, std::cos(pitch), std::sin(pitch)};
  Camera& it = scene_.camera;
  it.place = {0, height, 0};
  it.forward = {0, -std::sin(pitch), std::cos(pitch)};
  it.right = right * std::cos(roll) + up * std::sin(roll);
  it.up = up * std::cos(roll) - right * std::sin(roll);
  it.slope = std::tan(uniform(40, 75) * 0.5f * 0.0174533f);
}

void Maker::daylight() {
  const float height = uniform(0.15f, 1.4f), turn = uniform(0, 6.2831853f);
  scene_.light.place = {std::cos(height) * std::cos(turn), std::sin(height),
                        std::cos(height) * std::sin(turn)};
  scene_.light.colour = near({1, 0.95f, 0.9f}, 0.2f) * uniform(0.3f, 1);
  const float ambient = uniform(0.15f, 0.6f);
  scene_.ambient = near({ambient, ambient, ambient}, 0.1f);
  Sky& sky = scene_.sky;
  sky.zenith = chance(0.6f) ? near({0.25f, 0.45f, 0.85f}, 0.25f) : colour();
  sky.horizon = chance(0.7f) ? mix(sky.zenith, {1, 1, 1}, uniform(0.1f, 0.9f)) : colour();
  sky.clouds = chance(0.8f) ? Vector{1, 1, 1} * uniform(0.6f, 1) : colour();
  sky.cover = chance(0.6f) ? uniform(0.2f, 1) : 0;
  sky.frequency = logarithmic(0.4f, 2.5f);
  sky.shift.x = uniform(0, 50), sky.shift.z = uniform(0, 50);
  if (chance(0.4f)) scene_.fog = {chance(0.8f) ? sky.horizon : colour(), logarithmic(0.02f, 0.3f)};
}

/// A ball, a box, a cylinder or a cone that stands at `foot`, about as high as `size`.
void Maker::thing(Vector foot, float size) {
  const float wide = size * uniform(0.25f, 0.6f);
  switch (whole(0, 3)) {
    case 0:
      return add(Sphere{foot + Vector{0, size / 2, 0}, size / 2});
    case 1: {
      const float turn = uniform(0, 1.5707963f), deep = size * uniform(0.2f, 0.6f);
      return add(Box{foot + Vector{0, size / 2, 0}, {wide, size / 2, deep}, std::cos(turn), std::sin(turn)});
    }
    case 2:
      return add(Frustum{foot, size, wide, wide});
    default:
      return add(Frustum{foot, size, wide, chance(0.6f) ? 0 : wide * uniform(0.1f, 1.5f)});
  }
}

void Maker::tree(Vector foot, float size) {
  const float trunk = size * uniform(0.2f, 0.45f), thick = size * uniform(0.03f, 0.08f);
  add(Frustum{foot, trunk * 1.2f, thick, thick * 0.8f});
  Texture leaves = texture(2, 12);
  if (chance(0.7f)) leaves.first = near({0.2f, 0.5f, 0.2f}, 0.2f), leaves.second = near(leaves.first, 0.2f);
  const Vector crown = foot + Vector{0, trunk, 0};
  const float rest = size - trunk;
  if (chance(0.5f)) return add(Sphere{crown + Vector{0, rest / 2, 0}, rest / 2}, leaves);
  for (int i = 0; i < 3; ++i)
    add(Frustum{crown + Vector{0, rest * 0.25f * float(i), 0}, rest * 0.5f, rest * (0.4f - 0.09f * float(i)),
                0},
        leaves);
}

void Maker::house(Vector foot, float size) {
  const float turn = uniform(0, 1.5707963f), wide = size * uniform(0.4f, 0.8f),
              deep = size * uniform(0.4f, 0.8f);
  add(Box{foot + Vector{0, size * 0.35f, 0}, {wide, size * 0.35f, deep}, std::cos(turn), std::sin(turn)});
  add(Frustum{foot + Vector{0, size * 0.7f, 0}, size * 0.4f, std::max(wide, deep) * 1.2f, 0});
}

void Maker::things_on_ground(std::int64_t count, const Terrain* ground) {
  for (std::int64_t i = 0; i < count; ++i) {
    const float z = logarithmic(1.5f, 9);
    Vector foot{uniform(-0.8f, 0.8f) * z, 0, z};
    if (ground) foot.y = ground->height(foot.x, foot.z);
    // Nothing stands around the camera.
    const float size = std::min(logarithmic(0.3f, 2.2f), 0.5f * z), kind = uniform(0, 1);
    if (kind < 0.6f)
      thing(foot, size);
    else if (kind < 0.8f)
      tree(foot, size * 1.4f);
    else if (kind < 0.9f)
      house(foot, size * 1.4f);
    else
      add(Sphere{foot + Vector{0, uniform(0.5f, 3), 0}, size * 0.4f});
  }
}

void Maker::ground() {
  Texture it = texture(0.3f, 4);
  if (chance(0.3f)) it.first = near({0.3f, 0.5f, 0.25f}, 0.2f), it.second = near(it.first, 0.2f);
  add(Plane{{0, 1, 0}, 0}, it);
  scene_.objects.back().shine = 0;
}

void Maker::landscape() {
  daylight();
  look_ahead(logarithmic(0.6f, 1.7f), -0.1f, 0.4f);
  ground();
  things_on_ground(whole(0, 10));
  if (chance(0.4f)) {  // mountains
    const Texture rock = texture(0.4f, 3);
    for (std::int64_t i = whole(2, 6); i > 0; --i)
      add(
          Frustum{
              {uniform(-9, 9), -0.01f, uniform(6.5f, 10)}, uniform(1, 4), uniform(1.5f, 4), uniform(0, 0.3f)},
          rock);
  }
}

void Maker::street() {
  daylight();
  look_ahead(logarithmic(0.7f, 1.5f), -0.15f, 0.2f);
  const float turn = uniform(-0.25f, 0.25f), half = uniform(1.2f, 2.5f);
  ground();
  for (const float side : {-1.0f, 1.0f}) {
    for (float z = uniform(0.5f, 2); z < 13;) {
      const float deep = uniform(0.6f, 1.6f), wide = uniform(0.6f, 1.5f), high = uniform(0.7f, 3);
      const float x = side * (half + wide + uniform(0, 0.4f)), away = z + deep;
      const Vector place{x * std::cos(turn) + away * std::sin(turn), high,
                         away * std::cos(turn) - x * std::sin(turn)};
      if (chance(0.9f)) add(Box{place, {wide, high, deep}, std::cos(turn), -std::sin(turn)});
      z += 2 * deep + (chance(0.5f) ? uniform(0, 1) : 0);
    }
  }
  for (std::int64_t i = whole(0, 5); i > 0; --i) {
    const float z = logarithmic(1.5f, 8);
    thing({z * std::sin(turn) + uniform(-half, half) * 0.8f, 0, z}, logarithmic(0.3f, 1.2f));
  }
}

void Maker::room() {
  const float wide = uniform(1.2f, 4), deep = logarithmic(2.5f, 9), high = uniform(1.7f, 3.5f);
  look_ahead(std::min(high - 0.3f, logarithmic(0.7f, 1.8f)), -0.2f, 0.35f);
  const float turn = uniform(-0.6f, 0.6f), aside = uniform(-0.6f, 0.6f) * wide;
  const Vector along{std::sin(turn), 0, std::cos(turn)}, across{std::cos(turn), 0, -std::sin(turn)};
  add(Plane{{0, 1, 0}, 0}, texture(0.5f, 5));
  add(Plane{{0, 1, 0}, high}, texture(0.5f, 5));
  const Texture walls = texture(0.5f, 5);
  const auto wall = [&] { return chance(0.6f) ? walls : texture(0.5f, 5); };
  add(Plane{along, deep}, wall());
  add(Plane{along, -0.5f}, wall());
  add(Plane{across, aside - wide}, wall());
  add(Plane{across, aside + wide}, wall());
  scene_.light = {
      along * uniform(0.3f, 0.8f) * deep + across * aside + Vector{0, high * uniform(0.6f, 0.95f), 0}, false,
      near({1, 0.95f, 0.85f}, 0.2f) * uniform(0.4f, 1)};
  const float ambient = uniform(0.15f, 0.6f);
  scene_.ambient = near({ambient, ambient, ambient}, 0.1f);
  for (std::int64_t i = whole(0, 8); i > 0; --i) {
    const float z = uniform(1.2f, std::max(1.3f, deep - 0.3f)),
                size = std::min(logarithmic(0.25f, 1.6f), 0.6f * z);
    const float reach = std::max(0.0f, wide - size / 2);
    thing(along * z + across * (aside + uniform(-reach, reach)), std::min(size, high * 0.95f));
  }
}

void Maker::terrain() {
  daylight();
  Terrain it{160, 0.25f, nullptr, 0};
  const float coarse = logarithmic(0.12f, 0.4f), strong = logarithmic(1, 5), rise = uniform(0, 0.25f);
  const int octaves = static_cast<int>(whole(2, 5));
  const Vector shift{uniform(0, 90), uniform(0, 90), uniform(0, 90)};
  std::vector<float> heights;
  for (std::int64_t i = 0; i < it.side; ++i)
    for (std::int64_t j = 0; j < it.side; ++j) {
      const float x = (float(j) - float(it.side - 1) / 2) * it.spacing,
                  z = (float(i) - float(it.side - 1) / 2) * it.spacing;
      heights.push_back(strong * (fractal_noise(Vector{x * coarse, 0, z * coarse} + shift, octaves) - 0.5f) +
                        rise * std::max(0.0f, z));
    }
  it.highest = *std::max_element(heights.begin(), heights.end());
  it.heights = std::make_shared<const std::vector<float>>(std::move(heights));
  look_ahead(it.height(0, 0) + logarithmic(0.6f, 1.8f), -0.15f, 0.35f);
  Texture cover = texture(0.4f, 4);
  cover.pattern = chance(0.5f) ? Texture::Pattern::clouds : cover.pattern;
  add(it, cover);
  if (chance(0.3f)) add(Plane{{0, 1, 0}, it.height(0, 0) - uniform(0.1f, 0.6f)}, texture(0.3f, 2));  // water
  if (chance(0.6f)) things_on_ground(whole(1, 6), &it);
}

void Maker::in_the_air() {
  daylight();
  look_ahead(0, -0.5f, 0.5f);
  const Camera& camera = scene_.camera;
  if (chance(0.7f)) {  // a wall behind
    const Vector normal =
        unit(camera.forward + camera.right * uniform(-0.6f, 0.6f) + camera.up * uniform(-0.6f, 0.6f));
    add(Plane{normal, dot(normal, camera.forward * logarithmic(2.5f, 9))}, texture(0.3f, 4));
  }
  for (std::int64_t i = whole(1, 12); i > 0; --i) {
    const float z = logarithmic(1, 8), reach = 1.2f * camera.slope * z;
    thing(camera.forward * z + camera.right * uniform(-reach, reach) + camera.up * uniform(-reach, reach),
          logarithmic(0.15f, 0.5f) * z);
  }
}

Scene Maker::scene() {
  const float kind = uniform(0, 1);
  if (kind < 0.34f)
    landscape();
  else if (kind < 0.46f)
    street();
  else if (kind < 0.68f)
    room();
  else if (kind < 0.82f)
    terrain();
  else
    in_the_air();
  return std::move(scene_);
}

}  // namespace

Scene random_scene(std::uint64_t seed) { return Maker(seed).scene(); }

}  // namespace reverie::train_depth
