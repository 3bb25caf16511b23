#pragma once
// Patterns in space, for the surfaces of scenes.

#include <cstdint>

#include "geometry.h"

namespace reverie::train_depth {

/// Smooth noise of values 0..1, a value for each point of the integer grid and cubics between.
float noise(Vector p);
/// The mean of `octaves` noises, each twice as fine and half as strong as the one before; 0..1.
float fractal_noise(Vector p, int octaves);

struct Texture {
  enum class Pattern { plain, checks, stripes, clouds, marble, spots, bricks };
  Pattern pattern = Pattern::plain;
  Vector first, second;  ///< colours, 0..1
  float frequency = 1;   ///< repetitions in a unit of length
  Vector shift;          ///< where the pattern begins
  float grain = 0;       ///< how much finer noise changes the brightness
};

Vector colour_at(const Texture& texture, Vector p);

}  // namespace reverie::train_depth
