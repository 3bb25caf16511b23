#pragma once
// The part of a file that a Range header asks for.

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>

namespace reverie::web {

struct Part {
  std::uint64_t first, size;
};

/// The part that "bytes=first-last", "bytes=first-" or "bytes=-size" asks of a file. Nothing for all of it:
/// servers may take no notice of ranges they do not like.
inline std::optional<Part> asked_part(const std::string& range, std::uint64_t size) {
  const std::string unit = "bytes=";
  if (range.compare(0, unit.size(), unit) != 0 || size == 0) return std::nullopt;
  const std::size_t dash = range.find('-', unit.size());
  if (dash == std::string::npos) return std::nullopt;
  const auto number = [&](std::size_t start, std::size_t end) -> std::optional<std::uint64_t> {
    std::uint64_t value = 0;
    const auto [stop, error] = std::from_chars(range.data() + start, range.data() + end, value);
    return error == std::errc() && stop == range.data() + end ? std::optional(value) : std::nullopt;
  };
  const auto first = number(unit.size(), dash), last = number(dash + 1, range.size());
  if (first) {
    if (*first >= size || (!last && dash + 1 != range.size())) return std::nullopt;
    const std::uint64_t end = last ? std::min(*last, size - 1) : size - 1;
    if (end < *first) return std::nullopt;
    return Part{*first, end - *first + 1};
  }
  if (!last || *last == 0 || dash != unit.size()) return std::nullopt;
  const std::uint64_t count = std::min(*last, size);
  return Part{size - count, count};
}

}  // namespace reverie::web
