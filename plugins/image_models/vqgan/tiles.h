#pragma once
// Networks over pictures that are larger than the memory: tile by tile.

#include <ATen/core/Tensor.h>

#include <functional>

namespace reverie::vqgan {

/// Codes by which a tile reaches over its edge on each side: what a network makes of a code hardly depends on
/// codes that are farther away.
inline constexpr std::int64_t kReach = 4;

/// Tiles have at least so many codes a side: fewer would reach over their neighbours to the next ones.
inline constexpr std::int64_t kLeastTile = 4 * kReach;

/// What a code is in a picture or latent: so many pixels or entries a side, before and after `work`.
struct TileScale {
  std::int64_t before = 1, after = 1;
};

/// `work(whole)`, [N, C, h, w] each, put together from tiles of at most `tile` codes a side, and up to kReach
/// more on each: `work` gets up to `tile` + 2 kReach. Tiles are equally large, and each goes over into the
/// next one evenly, over 2 kReach codes. One tile that is enough is the whole, bit for bit.
///
/// Differentiable: on the way back, each tile is computed once more, so that no more than one is in the
/// memory at any time. `work` must not depend on anything else that needs a gradient.
at::Tensor in_tiles(const at::Tensor& whole, std::int64_t tile, TileScale scale,
                    const std::function<at::Tensor(const at::Tensor&)>& work);

}  // namespace reverie::vqgan
