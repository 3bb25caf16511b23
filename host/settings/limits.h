#pragma once
// Limits that more than one place must know.

#include <cstddef>
#include <cstdint>

namespace reverie {

/// Of a picture, in the image model's pixels.
inline constexpr std::int64_t kLargestSide = 16384;

/// Of a settings file, which is a page or two. They are checked while the text is read, before anything large
/// is made of it: few bytes can stand for many values, and deep nesting can exhaust the stack.
inline constexpr std::size_t kMostSettingsBytes = 16 * 1024 * 1024;
inline constexpr std::size_t kMostValues = 200'000;
inline constexpr std::size_t kDeepestNesting = 32;

}  // namespace reverie
