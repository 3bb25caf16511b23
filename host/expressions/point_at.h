#pragma once
// Shows a place in a text.

#include <cstddef>
#include <string>
#include <string_view>

namespace reverie {

/// Two lines without a line break at the end: the text, of which a long one keeps the surroundings of the
/// place, and a caret below. `column` is an offset in bytes, as in ExpressionError; one beyond the end points
/// behind it. Line breaks, control characters and bytes that are not UTF-8 are shown as spaces and question
/// marks.
///
///     10*sin(t/0)
///             ^
std::string point_at(std::string_view text, std::size_t column);

}  // namespace reverie
