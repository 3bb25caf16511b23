#include "settings/curve_points.h"

#include <charconv>
#include <cmath>

#include "base/texts.h"

namespace reverie {

std::string shortest(double value) {
  char buffer[32];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  return std::string(buffer, error == std::errc() ? end : buffer);
}

std::optional<double> number_of(const std::string& text) {
  const std::string word = trimmed(text);
  double number = 0;
  const char* end = word.data() + word.size();
  const auto [rest, error] = std::from_chars(word.data() + (word.starts_with('+') ? 1 : 0), end, number);
  if (error != std::errc() || rest != end || !std::isfinite(number)) return std::nullopt;
  return number;
}

RawValue CurvePoints::value() const {
  std::string text;
  for (std::size_t i = 0; i < points_.size(); ++i) {
    const bool inner = i > 0 && i + 1 < points_.size();
    if (inner && points_[i].values == points_[i - 1].values && points_[i].values == points_[i + 1].values)
      continue;
    text += (text.empty() ? "" : ", ") + shortest(points_[i].place) + ": ";
    std::string list;
    for (const double number : points_[i].values) list += (list.empty() ? "" : ", ") + shortest(number);
    text += points_[i].values.size() == 1 ? list : "[" + list + "]";
  }
  return RawValue::scalar(text, true);
}

}  // namespace reverie
