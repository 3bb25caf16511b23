#pragma once
// Tiling: pictures whose left edge continues their right one, or their upper edge their lower one.
//
// An image model or animation mode that declares kTile says that it can do it: along the axes that the
// setting names, it treats the picture as a ring. The host refuses `tile` where the image model does not
// declare it.

#include <ATen/ATen.h>

#include <string>

#include "reverie/params.h"

namespace reverie {

inline constexpr ParamSpec kTile =
    choice("tile", "off", "off|x|y|xy").of_host().help("along which axes the picture joins itself");

struct Tiling {
  bool x = false, y = false;

  Tiling() = default;
  explicit Tiling(const std::string& setting)
      : x(setting == "x" || setting == "xy"), y(setting == "y" || setting == "xy") {}
  /// What kTile was set to.
  explicit Tiling(const Params& params) : Tiling(params.get<std::string>(kTile.name)) {}

  explicit operator bool() const { return x || y; }
};

/// `picture` [N, C, H, W] with `across` more columns at its left and at its right, and `down` more rows above
/// and below, which are those of the opposite edge. Any number, also more than there are. Differentiable.
inline at::Tensor joined_around(const at::Tensor& picture, std::int64_t across, std::int64_t down) {
  at::Tensor result = picture;
  for (const auto& [axis, more] : {std::pair{std::int64_t{3}, across}, {std::int64_t{2}, down}}) {
    if (more == 0) continue;
    const std::int64_t size = picture.size(axis);
    const at::Tensor index =
        at::arange(-more, size + more, at::TensorOptions(picture.device()).dtype(at::kLong)).remainder(size);
    result = result.index_select(axis, index);
  }
  return result;
}

}  // namespace reverie
