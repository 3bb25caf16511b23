#include "app/room.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

namespace reverie::app {
namespace {

/// The eye is at the origin, the picture's upper and lower edges are where the ceiling and the floor are 1
/// away, and its other edges where the side walls are.
constexpr double kFarWall = 3;
constexpr double kTilesPerUnit = 2;
constexpr double kHalfLine = 0.05;                       // of a tile
constexpr double kDarkOfLine = 0.3, kDarkOfTile = 0.85;  // of every other tile
constexpr double kDarkOfFar = 0.55;                      // of the far wall

/// Fine enough for smooth lines without much work.
constexpr std::int64_t kFineSide = 2048, kFinest = 8;

at::Tensor colour(double red, double green, double blue) {
  return at::tensor({red, green, blue}).to(at::kFloat).view({1, 3, 1, 1});
}

at::Tensor off_whole(const at::Tensor& places) { return (places - places.round()).abs(); }

}  // namespace

at::Tensor tiled_room(std::int64_t width, std::int64_t height) {
  const std::int64_t fine = std::clamp<std::int64_t>(kFineSide / std::max(width, height), 1, kFinest);
  width *= fine;
  height *= fine;
  const double aspect = static_cast<double>(width) / static_cast<double>(height);
  const auto centres = [](std::int64_t count) {
    return (at::arange(count, at::kFloat) + 0.5) * (2.0 / static_cast<double>(count)) - 1;
  };
  const at::Tensor x = centres(width).view({1, 1, 1, width}) * aspect;
  const at::Tensor y = -centres(height).view({1, 1, height, 1});
  constexpr double kLeast = 1e-6;
  const at::Tensor to_side = aspect / x.abs().clamp_min(kLeast), to_floor = 1 / y.abs().clamp_min(kLeast);
  const at::Tensor distance = at::minimum(to_side, to_floor).clamp_max(kFarWall);
  const at::Tensor far = distance == kFarWall, side = ~far & (to_side < to_floor);

  // Tiles begin at the edges of walls.
  const double across = std::max(1.0, std::round(2 * aspect * kTilesPerUnit));
  const at::Tensor deep = (distance - 1) * kTilesPerUnit;
  const at::Tensor u = at::where(side, deep, (x * distance / aspect + 1) * (across / 2));
  const at::Tensor v = at::where(side | far, (y * distance + 1) * kTilesPerUnit, deep);
  const at::Tensor line = at::minimum(off_whole(u), off_whole(v)) < kHalfLine;
  const at::Tensor other = (u.floor() + v.floor()).remainder(2) == 1;

  const at::Tensor left_or_right = at::where(x < 0, colour(0.88, 0.36, 0.30), colour(0.26, 0.58, 0.80));
  const at::Tensor up_or_down = at::where(y > 0, colour(0.86, 0.88, 0.92), colour(0.42, 0.66, 0.34));
  const at::Tensor walls =
      at::where(far, colour(0.98, 0.84, 0.42), at::where(side, left_or_right, up_or_down));
  const at::Tensor light = (1 - (distance - 1) * ((1 - kDarkOfFar) / (kFarWall - 1))) *
                           at::where(line, kDarkOfLine, at::where(other, kDarkOfTile, 1.0));
  return (walls * light).to(at::kFloat);
}

}  // namespace reverie::app
