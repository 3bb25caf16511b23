#pragma once
// Limits that more than one place must know.

#include <cstdint>

namespace reverie {

/// Of a picture, in the image model's pixels.
inline constexpr std::int64_t kLargestSide = 16384;

}  // namespace reverie
