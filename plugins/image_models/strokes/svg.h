#pragma once
// A drawing as a document of Scalable Vector Graphics.

#include <string>

#include "raster.h"

namespace reverie::strokes {

/// What paint() shows at width x height pixels, as SVG 1.1 of that size; it may be shown at any other.
/// Colours are rounded to 8 bits.
std::string svg_of(const Drawing<float>& drawing, std::int64_t width, std::int64_t height);

}  // namespace reverie::strokes
