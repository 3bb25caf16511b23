#pragma once
// Where a window of correlations begins: for the CPU's kernels and a card's. Only templates over Set may
// stand here: kernels.cpp is compiled once for each instruction set, with a Set of its own.

#include <cstdint>

#include "reverie/device.h"

namespace reverie::raft {

/// Where a window of values begins, and how far between them.
template <typename Set>
struct WindowPlace {
  std::int64_t first;
  float fraction;

  /// Of 2 * radius + 1 values around a centre in a row of `size`. Windows that lie outside as a whole are not
  /// distinguished; NaN is one of them.
  REVERIE_DEVICE WindowPlace(float centre, int radius, std::int64_t size) {
    const float reach = static_cast<float>(2 * radius + 4);
    const float low = -reach, high = static_cast<float>(size) + reach;
    if (!(centre > low)) centre = low;
    if (centre > high) centre = high;
    auto whole = static_cast<std::int64_t>(centre);
    whole -= static_cast<float>(whole) > centre;
    first = whole - radius;
    fraction = centre - static_cast<float>(whole);
  }
};

}  // namespace reverie::raft
