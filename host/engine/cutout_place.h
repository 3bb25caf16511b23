#pragma once
// Where a cutout lies, in terms that do not depend on the picture's size.

#include <vector>

#include "engine/cutouts.h"

namespace reverie {

/// In fractions of the picture's width and height. A place may reach beyond 0..1.
struct CutoutPlace {
  double x, y;           ///< centre
  double width, height;  ///< of the cutout
};

inline CutoutPlace place_of(const Cutout& cutout, std::int64_t width, std::int64_t height) {
  const auto w = static_cast<double>(width), h = static_cast<double>(height);
  const auto cw = static_cast<double>(cutout.width), ch = static_cast<double>(cutout.height);
  return {(static_cast<double>(cutout.x) + cw / 2) / w, (static_cast<double>(cutout.y) + ch / 2) / h, cw / w,
          ch / h};
}

inline std::vector<CutoutPlace> places_of(const std::vector<Cutout>& cutouts, std::int64_t width,
                                          std::int64_t height) {
  std::vector<CutoutPlace> result;
  for (const Cutout& cutout : cutouts) result.push_back(place_of(cutout, width, height));
  return result;
}

}  // namespace reverie
