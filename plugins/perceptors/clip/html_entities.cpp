#include "html_entities.h"

#include <algorithm>
#include <cstdint>
#include <unordered_map>

namespace reverie::clip {
namespace {

struct Entity {
  const char* name;  // with its semicolon, or without where HTML lets it be missing
  const char32_t* text;
};

constexpr Entity kEntities[] = {
#include "html_entities.inc"
};

constexpr std::size_t kLongestName = 32;  // without the semicolon; no name is longer

const std::unordered_map<std::string, Text>& entities() {
  static const auto table = [] {
    std::unordered_map<std::string, Text> result;
    for (const Entity& entity : kEntities) result.emplace(entity.name, entity.text);
    return result;
  }();
  return table;
}

int digit_value(char32_t c) {
  if (c >= '0' && c <= '9') return static_cast<int>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<int>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<int>(c - 'A' + 10);
  return 16;
}

/// The character of a number; nothing for control characters and code points that never are characters.
Text numbered(char32_t number) {
  if (number == 0 || (number >= 0xD800 && number <= 0xDFFF) || number > 0x10FFFF) return U"\uFFFD";
  if (number >= 0x80 && number <= 0x9F) return {windows_1252(number)};
  const bool kept = number == '\t' || number == '\n' || number == '\f' || number == '\r';
  if ((number < 0x20 && !kept) || number == 0x7F || (number >= 0xFDD0 && number <= 0xFDEF) ||
      (number & 0xFFFE) == 0xFFFE)
    return {};
  return {number};
}

/// Reads `#...` from `i`, which stands behind the '&'; moves `i` behind it and appends its character. False,
/// with nothing changed, when there is no number.
bool read_number(const Text& text, std::size_t& i, Text& result) {
  std::size_t k = i + 1;
  const bool hexadecimal = k < text.size() && (text[k] == 'x' || text[k] == 'X');
  const int base = hexadecimal ? 16 : 10;
  if (hexadecimal) ++k;
  const std::size_t first = k;
  std::uint32_t number = 0;
  for (; k < text.size() && digit_value(text[k]) < base; ++k)
    number =
        std::min(number * static_cast<std::uint32_t>(base) + static_cast<std::uint32_t>(digit_value(text[k])),
                 std::uint32_t{0x110000});  // all larger ones mean the same
  if (k == first) return false;
  if (k < text.size() && text[k] == ';') ++k;
  result += numbered(number);
  i = k;
  return true;
}

/// Like read_number() for names: the longest that is known, and none need be.
bool read_name(const Text& text, std::size_t& i, Text& result) {
  std::string name;
  std::size_t k = i;
  // A name is ASCII, so nothing longer than its ASCII beginning can be one.
  for (; k < text.size() && name.size() < kLongestName && text[k] > ' ' && text[k] < 0x7F; ++k) {
    if (text[k] == '&' || text[k] == '#' || text[k] == '<' || text[k] == ';') break;
    name += static_cast<char>(text[k]);
  }
  if (k < text.size() && text[k] == ';') name += ';';
  for (; name.size() > 1; name.pop_back()) {
    const auto found = entities().find(name);
    if (found == entities().end()) continue;
    result += found->second;
    i += name.size();
    return true;
  }
  return false;
}

}  // namespace

const Text* find_entity(const std::string& name) {
  const auto found = entities().find(name);
  return found == entities().end() || name.back() != ';' ? nullptr : &found->second;
}

Text unescape_html(const Text& text) {
  Text result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] != '&') {
      result += text[i++];
      continue;
    }
    ++i;
    const bool number = i < text.size() && text[i] == '#';
    if (!(number ? read_number(text, i, result) : read_name(text, i, result))) result += U'&';
  }
  return result;
}

}  // namespace reverie::clip
