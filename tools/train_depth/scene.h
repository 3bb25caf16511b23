#pragma once
// Random scenes, and pictures of them together with the depth of each pixel.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "shapes.h"
#include "texture.h"

namespace reverie::train_depth {

constexpr float kFarthestDepth = 10;  // of the sky, and of whatever is farther

struct Object {
  Shape shape;
  Texture texture;
  float shine = 0;  ///< strength of the highlight
};

struct Light {
  Vector place;  ///< a point, or for the sun the direction towards it, of length 1
  bool sun = true;
  Vector colour{1, 1, 1};
};

struct Sky {
  Vector horizon, zenith, clouds;
  float cover = 0;  ///< 0 none .. 1
  float frequency = 1;
  Vector shift;
};

struct Fog {
  Vector colour;
  float density = 0;  ///< for each unit of length
};

/// Looks along `forward`; all three directions have the length 1 and are at right angles.
struct Camera {
  Vector place, right{1, 0, 0}, up{0, 1, 0}, forward{0, 0, 1};
  float slope = 0.5f;  ///< half the picture's height by the distance
};

struct Scene {
  std::vector<Object> objects;
  Light light;
  Vector ambient{0.3f, 0.3f, 0.3f};
  Sky sky;
  Fog fog;
  Camera camera;
};

/// Landscapes with things on the ground, streets, rooms, terrain, and things before a wall or in the air.
/// The camera is about one unit above the ground. The same for the same seed.
Scene random_scene(std::uint64_t seed);

struct View {
  at::Tensor picture;  ///< float [3, H, W], 0..1, four rays a pixel
  at::Tensor depth;    ///< float [1, H, W], of the pixels' centres, along the camera's forward direction
};
View render(const Scene& scene, std::int64_t width, std::int64_t height);

}  // namespace reverie::train_depth
