#include "expressions/point_at.h"

#include <algorithm>
#include <vector>

#include "base/utf8.h"

namespace reverie {
namespace {

constexpr int kBefore = 44,
              kBehind = 32;  ///< columns that are shown of a long text on both sides of the place

struct Glyph {
  std::string bytes;
  int width;
};

}  // namespace

std::string point_at(std::string_view text, std::size_t column) {
  std::vector<Glyph> glyphs;
  std::size_t place = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto [code, length] = expressions::character_at(text, at);
    if (at + length <= column) place = glyphs.size() + 1;
    const bool control = code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x2028 || code == 0x2029;
    if (control)
      glyphs.push_back({" ", 1});
    else if (code == 0xFFFD)
      glyphs.push_back({"?", 1});
    else
      glyphs.push_back({std::string(text.substr(at, length)), expressions::width(code)});
    at += length;
  }
  std::size_t first = place, last = place;
  int before = 0, behind = 0;
  while (first > 0 && before + glyphs[first - 1].width <= kBefore) before += glyphs[--first].width;
  while (last < glyphs.size() && behind + glyphs[last].width <= kBehind) behind += glyphs[last++].width;
  // What would be left out is kept if it is no longer than the dots that stand for it.
  if (first <= 3) first = 0;
  if (glyphs.size() - last <= 3) last = glyphs.size();

  std::string line = first > 0 ? "..." : "";
  int indent = first > 0 ? 3 : 0;
  for (std::size_t i = first; i < last; ++i) {
    line += glyphs[i].bytes;
    if (i < place) indent += glyphs[i].width;
  }
  if (last < glyphs.size()) line += "...";
  return line + "\n" + std::string(static_cast<std::size_t>(indent), ' ') + "^";
}

}  // namespace reverie
