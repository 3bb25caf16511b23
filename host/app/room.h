#pragma once
// A picture in which every motion shows.

#include <ATen/core/Tensor.h>

namespace reverie::app {

/// A look into a tiled room, [1, 3, n height, n width] 0..1 with a small n >= 1, to be averaged down: its
/// lines show turns and zooms, its sides, each of a colour of its own, which way is up, and its far end
/// depth.
at::Tensor tiled_room(std::int64_t width, std::int64_t height);

}  // namespace reverie::app
