#include "sphere.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <numbers>

#include "reverie/tiling.h"

namespace reverie::animation {
namespace {

constexpr double kPi = std::numbers::pi;
constexpr int kRounds = 4;  // in which the depth of where a pixel comes from is looked up
/// Places are whole multiples of this: a turn by whole pixels takes pixels as they are, whatever sines round
/// to.
constexpr double kFinest = 1.0 / 65536;

/// Points or directions: x to the right, y downwards, z against the line of sight, each [h, w].
struct Points {
  at::Tensor x, y, z;
};

Points directions(std::int64_t height, std::int64_t width, const at::TensorOptions& options) {
  const auto turns = [&](std::int64_t size) {
    return (at::arange(size, options) + 0.5) / static_cast<double>(size) - 0.5;
  };
  const at::Tensor longitude = (turns(width) * (2 * kPi)).view({1, width}),
                   down = (turns(height) * kPi).view({height, 1});
  return {down.cos() * longitude.sin(), down.sin().expand({height, width}),
          down.cos() * longitude.cos().neg()};
}

/// Of points at any distance, [1, 2, h, w].
at::Tensor places_of(const Points& points) {
  const auto height = static_cast<double>(points.x.size(0)), width = static_cast<double>(points.x.size(1));
  const at::Tensor longitude = at::atan2(points.x, points.z.neg()),
                   down = at::atan2(points.y, at::hypot(points.x, points.z));
  const at::Tensor places =
      at::stack({(longitude / (2 * kPi) + 0.5) * width - 0.5, (down / kPi + 0.5) * height - 0.5});
  return ((places / kFinest).round() * kFinest).unsqueeze(0);
}

Points turned(const Points& points, const Matrix& by) {
  const auto row = [&](std::size_t axis) {
    return points.x * by[axis][0] + points.y * by[axis][1] + points.z * by[axis][2];
  };
  return {row(0), row(1), row(2)};
}

/// A rotation's inverse.
Matrix transposed(const Matrix& matrix) {
  Matrix result;
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t k = 0; k < 3; ++k) result[i][k] = matrix[k][i];
  return result;
}

/// Rows beyond a pole: those of the same latitude, half a turn away.
at::Tensor half_turn(const at::Tensor& rows) {
  const std::int64_t width = rows.size(3), half = width / 2;
  const at::Tensor there = rows.roll(half, 3);
  return width % 2 == 0 ? there : (there + rows.roll(half + 1, 3)) / 2;
}

}  // namespace

at::Tensor resampled_on_sphere(const at::Tensor& picture, const at::Tensor& places, Sampling sampling) {
  const std::int64_t height = picture.size(2), width = picture.size(3);
  constexpr std::int64_t kReach = 3;  // pixels that bicubic sampling mixes lie nearer than that
  const std::int64_t down = std::min(kReach, height);
  const at::Tensor whole = at::cat({half_turn(picture.narrow(2, 0, down).flip(2)), picture,
                                    half_turn(picture.narrow(2, height - down, down).flip(2))},
                                   2);
  const at::Tensor x = places.narrow(1, 0, 1).remainder(width) + kReach,
                   y = places.narrow(1, 1, 1).clamp(-0.5, static_cast<double>(height) - 0.5) + down;
  return warp(joined_around(whole, kReach, 0), at::cat({x, y}, 1), sampling, Infill::smear);
}

at::Tensor sphere_places(const at::Tensor& depth, const CameraStep& step) {
  const at::Tensor known = depth.to(at::kFloat).clamp_min(1);
  const Points seen = turned(directions(depth.size(2), depth.size(3), depth.options().dtype(at::kDouble)),
                             transposed(rotation_matrix(step.rotation)));
  at::Tensor places = places_of(seen).to(at::kFloat);
  const double x = step.x, y = -step.y, z = step.z, squares = x * x + y * y + z * z;
  if (squares == 0) return places;
  // A point that is seen there now, at an unknown distance r, was at r * seen - (x, y, z), at a known
  // distance.
  const at::Tensor along = seen.x * x + seen.y * y + seen.z * z;
  for (int round = 0; round < kRounds; ++round) {
    const at::Tensor before =
        resampled_on_sphere(known, places, Sampling::bilinear).to(at::kDouble).squeeze(0).squeeze(0);
    const at::Tensor r =
        (along + (along.square() - squares + before.square()).clamp_min(0).sqrt()).clamp_min(1);
    places = places_of({seen.x * r - x, seen.y * r - y, seen.z * r - z}).to(at::kFloat);
  }
  return places;
}

at::Tensor sphere_flow(const at::Tensor& depth, const CameraStep& step) {
  const std::int64_t height = depth.size(2), width = depth.size(3);
  const Points seen = directions(height, width, depth.options().dtype(at::kDouble));
  const at::Tensor distance = depth.view({height, width}).to(at::kDouble).clamp_min(1);
  const Points after =
      turned({seen.x * distance + step.x, seen.y * distance - step.y, seen.z * distance + step.z},
             rotation_matrix(step.rotation));
  at::Tensor flow = places_of(after) - places_of(seen);
  const double half = static_cast<double>(width) / 2;
  flow.select(1, 0).add_(half).remainder_(width).sub_(half);  // around the nearer way
  return flow.to(at::kFloat);
}

}  // namespace reverie::animation
