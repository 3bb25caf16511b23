#pragma once
// Looking up correlations on a card: elements (see reverie/device.h) that do what look_up and
// look_up_backward of kernels.h do. A row belongs to one place of the first picture: [pictures, rows].

#include "kernels.h"
#include "window.h"

namespace reverie::raft {

/// What both directions know.
struct LookUpShape {
  std::int64_t rows, stride;  // places of a picture, and floats in a row of the volume
  int radius;
  Level levels[kLevels];
  const float* places;  // [pictures, 2, rows], x, then y

  REVERIE_DEVICE int side() const { return 2 * radius + 1; }
  REVERIE_DEVICE WindowPlace<void> place(std::int64_t row, int axis, std::int64_t level) const {
    const float centre = places[(row / rows * 2 + axis) * rows + row % rows];
    return {centre / static_cast<float>(1 << level), radius,
            axis == 0 ? levels[level].width : levels[level].height};
  }
};

/// [pictures * rows * kLevels * side^2]: one value of the result.
struct LookUpElement {
  LookUpShape shape;
  const float* volume;
  float* result;

  REVERIE_DEVICE float value(std::int64_t row, const Level& level, std::int64_t y, std::int64_t x) const {
    if (y < 0 || x < 0 || y >= level.height || x >= level.width) return 0;
    return volume[row * shape.stride + level.offset + y * level.width + x];
  }
  REVERIE_DEVICE void operator()(std::int64_t index) const {
    const int side = shape.side(), window = side * side;
    const std::int64_t row = index / (kLevels * window);
    const int rest = static_cast<int>(index - row * kLevels * window), number = rest / window;
    const int step_x = (rest - number * window) / side, step_y = rest - number * window - step_x * side;
    const Level& level = shape.levels[number];
    const WindowPlace<void> x = shape.place(row, 0, number), y = shape.place(row, 1, number);
    const std::int64_t left = x.first + step_x, top = y.first + step_y;
    const float upper =
        value(row, level, top, left) * (1 - x.fraction) + value(row, level, top, left + 1) * x.fraction;
    const float lower = value(row, level, top + 1, left) * (1 - x.fraction) +
                        value(row, level, top + 1, left + 1) * x.fraction;
    result[index] = upper * (1 - y.fraction) + lower * y.fraction;
  }
};

/// [pictures * rows * kLevels * (side + 1)^2]: adds to one value of the volume's gradient what the window
/// around its row's place gives it. No two indexes have the same value, so no addition is atomic.
struct LookUpBackwardElement {
  LookUpShape shape;
  const float* given;  // [pictures, rows, kLevels * side^2]
  float* gradient;     // like the volume

  REVERIE_DEVICE void operator()(std::int64_t index) const {
    const int side = shape.side(), wide = side + 1;
    const std::int64_t row = index / (kLevels * wide * wide);
    const int rest = static_cast<int>(index - row * kLevels * wide * wide), number = rest / (wide * wide);
    const int i = (rest - number * wide * wide) / wide, j = rest - number * wide * wide - i * wide;
    const Level& level = shape.levels[number];
    const WindowPlace<void> x = shape.place(row, 0, number), y = shape.place(row, 1, number);
    const std::int64_t column = x.first + i, line = y.first + j;
    if (column < 0 || line < 0 || column >= level.width || line >= level.height) return;
    const float* from = given + (row * kLevels + number) * side * side;
    float sum = 0;
    for (int a = i > 0 ? i - 1 : 0; a <= i && a < side; ++a)
      for (int b = j > 0 ? j - 1 : 0; b <= j && b < side; ++b)
        sum += from[a * side + b] * (a == i ? 1 - x.fraction : x.fraction) *
               (b == j ? 1 - y.fraction : y.fraction);
    gradient[row * shape.stride + level.offset + line * level.width + column] += sum;
  }
};

}  // namespace reverie::raft
