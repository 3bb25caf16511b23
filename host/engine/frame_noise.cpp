#include "engine/frame_noise.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <cmath>
#include <numbers>

namespace reverie::engine {
namespace {

/// SplitMix64 (Steele, Lea & Flood, 2014): neighbouring frames get unrelated seeds.
std::uint64_t mixed(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

at::Generator generator_of(std::uint64_t key, std::int64_t frame) {
  return at::make_generator<at::CPUGeneratorImpl>(mixed(mixed(key) ^ static_cast<std::uint64_t>(frame)));
}

/// A side's pixels on a lattice of `cells` that joins itself: the cell before each, the one after, and how
/// far it is between them.
struct Lattice {
  at::Tensor before, after, way;
  Lattice(std::int64_t pixels, std::int64_t cells) {
    const at::Tensor place =
        at::arange(pixels, at::kDouble) * (static_cast<double>(cells) / static_cast<double>(pixels));
    const at::Tensor floor = place.floor();
    before = floor.to(at::kLong).remainder(cells);
    after = (before + 1).remainder(cells);
    way = (place - floor).to(at::kFloat);
  }
};

std::int64_t cells_of(std::int64_t pixels, double size) {
  return std::max<std::int64_t>(1, std::llround(static_cast<double>(pixels) / size));
}

}  // namespace

at::Tensor white_noise(std::uint64_t key, std::int64_t frame, std::int64_t height, std::int64_t width) {
  return at::randn({1, 3, height, width}, generator_of(key, frame), at::TensorOptions(at::kFloat));
}

at::Tensor perlin_noise(std::uint64_t key, std::int64_t frame, std::int64_t height, std::int64_t width,
                        double size) {
  const std::int64_t rows = cells_of(height, size), columns = cells_of(width, size);
  const Lattice down(height, rows), across(width, columns);
  const at::Tensor angle =
      at::rand({3, rows, columns}, generator_of(key, frame), at::TensorOptions(at::kFloat)) *
      (2 * std::numbers::pi);
  const at::Tensor slope_x = angle.cos(), slope_y = angle.sin();
  const at::Tensor x = across.way.view({1, width}), y = down.way.view({height, 1});
  const auto corner = [&](const at::Tensor& row, const at::Tensor& column, double at_x, double at_y) {
    const auto pick = [&](const at::Tensor& slopes) {
      return slopes.index_select(1, row).index_select(2, column);
    };
    return pick(slope_x) * (x - at_x) + pick(slope_y) * (y - at_y);
  };
  const auto fade = [](const at::Tensor& t) { return t * t * t * (t * (t * 6 - 15) + 10); };
  const at::Tensor above = at::lerp(corner(down.before, across.before, 0, 0),
                                    corner(down.before, across.after, 1, 0), fade(x)),
                   below = at::lerp(corner(down.after, across.before, 0, 1),
                                    corner(down.after, across.after, 1, 1), fade(x));
  const at::Tensor noise = at::lerp(above, below, fade(y)).unsqueeze(0);
  const auto [deviation, mean] = at::std_mean(noise, {1, 2, 3}, /*correction=*/0, true);
  return (noise - mean) / deviation.clamp_min(1e-6);
}

}  // namespace reverie::engine
