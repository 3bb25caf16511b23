/// Cells: the picture consists of hexagons, triangles, diamonds or bricks, each of one colour.
///
/// Red, green and blue of each cell are parameters, limited to 0..1 with a gradient that is kept where it
/// leads back into range. A pixel at a border has the mean of the cells that its four quarters lie in, so
/// that lines are smooth. Along an axis that joins itself the cells are stretched a little, so that a whole
/// number of them fits, and one that is cut by an edge goes on at the opposite one.

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "reverie/image_model.h"
#include "reverie/ops.h"
#include "reverie/plugin.h"
#include "reverie/resize.h"
#include "reverie/state.h"
#include "reverie/tiling.h"

namespace reverie {
namespace {

constexpr ParamSpec kParams[] = {
    choice("cell_shape", "hexagon", "hexagon|triangle|diamond|brick")
        .help("hexagon and triangle are regular, a diamond is a square on its corner, a brick is twice as "
              "wide as high"),
    number("cell_size", 12)
        .range(1, 1024)
        .unit("pixels")
        .fixed("what the image model optimises has this shape")
        .help("width of a cell"),
    kTile,
};

using Cell =
    std::pair<std::int64_t, std::int64_t>;  ///< its place in a row and its row, or how they are counted

std::int64_t floor_of(double x) { return static_cast<std::int64_t>(std::floor(x)); }

/// Pointy-topped hexagons of width 1: the nearest of their middles, which lie in rows half a width apart.
Cell hexagon_at(double x, double y) {
  const double row_height = std::sqrt(3) / 2;
  const std::int64_t above = floor_of(y / row_height);
  Cell nearest;
  double least = 1e9;
  for (const std::int64_t row : {above, above + 1}) {
    const double shift = row % 2 ? 0.5 : 0;
    const std::int64_t column = std::llround(x - shift);
    const double square = std::pow(x - shift - static_cast<double>(column), 2) +
                          std::pow(y - static_cast<double>(row) * row_height, 2);
    if (square < least) {
      least = square;
      nearest = {column, row};
    }
  }
  return nearest;
}

/// Regular triangles of side 1 in rows, in turn upright and upside down: by how many lines of each of the
/// three directions lie before a place.
Cell triangle_at(double x, double y) {
  const double row_height = std::sqrt(3) / 2, v = y / row_height;
  const std::int64_t row = floor_of(v), rising = floor_of(x - v / 2), falling = floor_of(x + v / 2);
  return {rising + falling, row};
}

/// Squares on their corners, of width 1: the sum and the difference of how many lines of both directions lie
/// before a place.
Cell diamond_at(double x, double y) {
  const std::int64_t falling = floor_of(x + y), rising = floor_of(x - y);
  return {falling + rising, falling - rising};
}

/// Twice as wide as high, each row moved by half a brick.
Cell brick_at(double x, double y) {
  const std::int64_t row = floor_of(y * 2);
  return {floor_of(x - (row % 2 ? 0.5 : 0)), row};
}

/// A way to cut the plane into cells, which is the same again 1 to the right, and `height` below.
struct Pattern {
  Cell (*at)(double x, double y);
  double height;
  Cell period;  ///< by how much a cell's numbers are higher there: the first 1 to the right, the second below
};
Pattern pattern_of(const std::string& shape) {
  if (shape == "hexagon") return {hexagon_at, std::sqrt(3), {1, 2}};
  if (shape == "triangle") return {triangle_at, std::sqrt(3), {2, 2}};
  if (shape == "diamond") return {diamond_at, 1, {2, 2}};
  return {brick_at, 1, {1, 2}};
}

/// One axis of the picture in a pattern's unit.
struct Axis {
  double scale;             ///< of a pixel
  std::int64_t around = 0;  ///< where the numbers of the cells begin again; 0: nowhere

  Axis(std::int64_t pixels, double size, double period, std::int64_t cells, bool joined) : scale(1 / size) {
    if (!joined) return;
    const auto times = std::max<std::int64_t>(1, std::llround(static_cast<double>(pixels) / size / period));
    scale = static_cast<double>(times) * period / static_cast<double>(pixels);
    around = times * cells;
  }
  std::int64_t wrapped(std::int64_t number) const {
    return around == 0 ? number : (number % around + around) % around;
  }
};

constexpr std::int64_t kQuarters = 2;  ///< of a pixel, in each direction

class Cells final : public ImageModel {
 public:
  Cells(Host& host, const Params& params, const Setup& setup)
      : host_(host), width_(setup.width), height_(setup.height) {
    const Pattern pattern = pattern_of(params.get<std::string>("cell_shape"));
    const double size = params.get<double>("cell_size");
    const Tiling tiling(params);
    const Axis across(width_, size, 1, pattern.period.first, tiling.x),
        down(height_, size, pattern.height, pattern.period.second, tiling.y);
    std::map<Cell, std::int64_t> numbers;
    std::vector<std::int64_t> cells;
    for (std::int64_t y = 0; y < height_ * kQuarters; ++y)
      for (std::int64_t x = 0; x < width_ * kQuarters; ++x) {
        const auto middle = [](std::int64_t at) {
          return (static_cast<double>(at) + 0.5) / static_cast<double>(kQuarters);
        };
        const Cell cell = pattern.at(middle(x) * across.scale, middle(y) * down.scale);
        const auto count = static_cast<std::int64_t>(numbers.size());
        cells.push_back(numbers.try_emplace({across.wrapped(cell.first), down.wrapped(cell.second)}, count)
                            .first->second);
      }
    cells_ = at::tensor(cells, at::kLong).to(host.device());
    const at::TensorOptions options(host.device());
    const auto count = static_cast<std::int64_t>(numbers.size());
    quarters_ = at::zeros({count}, options).index_add_(0, cells_, at::ones({cells_.size(0)}, options));
    colours_ = at::zeros({count, 3}, options).set_requires_grad(true);
    randomise();
  }

  void randomise() override {
    assign(at::rand(colours_.sizes(), host_.generator(), colours_.detach().options()));
  }

  void encode(const at::Tensor& image) override {
    const at::NoGradGuard no_grad;
    const at::Tensor pixels = resize_to_pixels(image.to(colours_.device(), at::kFloat), height_, width_);
    const at::Tensor quarters = upscale_nearest(pixels, kQuarters)[0].flatten(1).t().contiguous();
    // The gradient of a look-up is the sum over what each cell was looked up for.
    const at::Tensor sums = at::embedding_dense_backward(quarters, cells_, colours_.size(0), -1, false);
    assign(sums / quarters_.unsqueeze(1));
  }

  std::vector<at::Tensor> parameters() override { return {colours_}; }
  double learning_rate() const override { return 0.02; }

  at::Tensor decode() override {
    const at::Tensor quarters = at::embedding(clamp_with_gradient(colours_, 0, 1), cells_);
    return at::avg_pool2d(quarters.t().reshape({1, 3, height_ * kQuarters, width_ * kQuarters}), kQuarters);
  }
  at::Tensor decode_final() override {
    const at::NoGradGuard no_grad;
    return decode();
  }

  std::map<std::string, at::Tensor> state() const override {
    return {{"colours", colours_.detach().clone()}};
  }
  void load_state(const std::map<std::string, at::Tensor>& state) override {
    load_tensors({{"colours", colours_}}, state, "the image model cells'");
  }

 private:
  void assign(const at::Tensor& values) {
    const at::NoGradGuard no_grad;
    colours_.copy_(values);
  }

  Host& host_;
  std::int64_t width_, height_;
  at::Tensor cells_;     // [2 * height * 2 * width]: the cell that each quarter of a pixel lies in
  at::Tensor quarters_;  // [cells]: how many of them are the cell's
  at::Tensor colours_;   // [cells, 3]
};

}  // namespace

REVERIE_EXPORT_PLUGIN(Cells, ImageModel, "cells", "1.0",
                      "hexagons, triangles, diamonds or bricks of one colour each", kParams);

}  // namespace reverie
