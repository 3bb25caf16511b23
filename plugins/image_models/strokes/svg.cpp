#include "svg.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace reverie::strokes {
namespace {

/// In every language's locale with a point.
std::string number(double value) {
  std::array<char, 64> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed, 3);
  return {text.data(), end.ptr};
}

std::string place(double x, double y) { return number(x) + "," + number(y); }

std::string colour(const float* rgb) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text = "#";
  for (int c = 0; c < 3; ++c) {
    const auto level = static_cast<unsigned>(std::lround(std::clamp(rgb[c], 0.0f, 1.0f) * 255));
    text += {kDigits[level / 16], kDigits[level % 16]};
  }
  return text;
}

/// The commands of a path along one stroke's points.
std::string path(Kind kind, const float* points) {
  const auto point = [&](std::int64_t i) { return place(points[2 * i], points[2 * i + 1]); };
  if (kind == Kind::filled) {
    const std::int64_t count = points_of(kind);
    const auto middle = [&](std::int64_t i) {
      const float *a = points + 2 * (i % count), *b = points + 2 * ((i + 1) % count);
      return place((a[0] + b[0]) / 2, (a[1] + b[1]) / 2);
    };
    std::string text = "M" + middle(0);
    for (std::int64_t i = 0; i < count; ++i) text += "Q" + point((i + 1) % count) + " " + middle(i + 1);
    return text + "Z";
  }
  std::string text = "M" + point(0) + (kind == Kind::line ? "L" : kind == Kind::quadratic ? "Q" : "C");
  for (std::int64_t i = 1; i < points_of(kind); ++i) text += (i > 1 ? " " : "") + point(i);
  return text;
}

}  // namespace

std::string svg_of(const Drawing<float>& drawing, std::int64_t width, std::int64_t height) {
  const std::string w = std::to_string(width), h = std::to_string(height);
  std::string text =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + w +
      "\" height=\"" + h + "\" viewBox=\"0 0 " + w + " " + h + "\">\n<rect width=\"" + w + "\" height=\"" +
      h + "\" fill=\"" + colour(drawing.background) + "\"/>\n";
  const bool filled = drawing.kind == Kind::filled;
  text += filled ? "<g fill-rule=\"evenodd\">\n"
                 : "<g fill=\"none\" stroke-linecap=\"round\" stroke-linejoin=\"round\">\n";
  for (std::int64_t i = 0; i < drawing.count; ++i) {
    const std::string use = filled ? "fill" : "stroke";
    text += "<path d=\"" + path(drawing.kind, drawing.points + i * points_of(drawing.kind) * 2) + "\" " +
            use + "=\"" + colour(drawing.colours + 3 * i) + "\" " + use + "-opacity=\"" +
            number(drawing.opacities[i]) + "\"";
    if (!filled) text += " stroke-width=\"" + number(drawing.widths[i]) + "\"";
    text += "/>\n";
  }
  return text + "</g>\n</svg>\n";
}

}  // namespace reverie::strokes
