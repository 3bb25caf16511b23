#include "base/utf8.h"

#include <algorithm>
#include <iterator>

namespace reverie::expressions {
namespace {

struct Range {
  char32_t first, last;
};

bool in(const auto& ranges, char32_t code) {
  return std::any_of(std::begin(ranges), std::end(ranges),
                     [&](const Range& range) { return code >= range.first && code <= range.last; });
}

constexpr Range kZero[] = {
    {0x300, 0x36F}, {0x200B, 0x200F}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}};
constexpr Range kWide[] = {{0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0xA4CF},   {0xAC00, 0xD7A3},
                           {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF01, 0xFF60},   {0xFFE0, 0xFFE6},
                           {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}};
constexpr Range kNoLetters[] = {{0x80, 0xA9},     {0xAB, 0xB4},      {0xB6, 0xB9},     {0xBB, 0xBF},
                                {0xD7, 0xD7},     {0xF7, 0xF7},      {0x2000, 0x209F}, {0x20A0, 0x20CF},
                                {0x2190, 0x2BFF}, {0x3000, 0x3004},  {0x3008, 0x3020}, {0xD800, 0xF8FF},
                                {0xFE10, 0xFE1F}, {0xFE30, 0xFE6F},  {0xFF00, 0xFF0F}, {0xFF1A, 0xFF20},
                                {0xFFE0, 0xFFFF}, {0x1F000, 0x1FAFF}};

}  // namespace

Character character_at(std::string_view text, std::size_t at) {
  constexpr Character kInvalid{0xFFFD, 1};
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  if (byte(0) < 0x80) return {byte(0), 1};
  const std::size_t length = byte(0) >= 0xF0 ? 4 : byte(0) >= 0xE0 ? 3 : 2;
  if (byte(0) < 0xC2 || byte(0) > 0xF4 || at + length > text.size()) return kInvalid;
  char32_t code = byte(0) & (0x7Fu >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return kInvalid;
    code = code << 6 | (byte(i) & 0x3Fu);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  if (overlong || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return kInvalid;
  return {code, length};
}

int width(char32_t code) { return in(kZero, code) ? 0 : in(kWide, code) ? 2 : 1; }

bool is_foreign_letter(char32_t code) { return code >= 0x80 && !in(kNoLetters, code); }

}  // namespace reverie::expressions
