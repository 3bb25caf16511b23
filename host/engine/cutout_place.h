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
  const auto size = static_cast<double>(cutout.size);
  return {(static_cast<double>(cutout.x) + size / 2) / w, (static_cast<double>(cutout.y) + size / 2) / h,
          size / w, size / h};
}

inline std::vector<CutoutPlace> places_of(const std::vector<Cutout>& cutouts, std::int64_t width,
                                          std::int64_t height) {
  std::vector<CutoutPlace> result;
  for (const Cutout& cutout : cutouts) result.push_back(place_of(cutout, width, height));
  return result;
}

}  // namespace reverie
