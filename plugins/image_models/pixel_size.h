#pragma once
// The parameter that image models of pixels share.

#include "reverie/params.h"

namespace reverie {

inline constexpr ParamSpec kPixelSize = integer("pixel_size", 1)
                                            .range(1, 64)
                                            .unit("pixels")
                                            .fixed("what the image model optimises has this shape")
                                            .help("output pixels per optimised pixel");

}  // namespace reverie
