#include "fix_text.h"

#include <algorithm>

#include "html_entities.h"

namespace reverie::clip {
namespace {

bool is_ascii_letter(char32_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_ascii_alphanumeric(char32_t c) { return is_ascii_letter(c) || (c >= '0' && c <= '9'); }

/// What one reference, from '&' to ';', stands for; itself where that is uncertain. Stricter than HTML, but
/// names in capitals are understood too where HTML has no other meaning for them: "P&EACUTE;REZ".
Text resolved(const Text& reference) {
  if (reference[1] == '#') {
    const Text result = unescape_html(reference);
    return result.find(U';') == Text::npos ? result : reference;
  }
  const std::string name = encode_utf8(std::u32string_view(reference).substr(1));
  if (const Text* found = find_entity(name)) return *found;
  const bool capitals = std::none_of(name.begin(), name.end(), [](char c) { return c >= 'a' && c <= 'z'; });
  if (!capitals || unescape_html(reference) != reference) return reference;
  const Text* found = find_entity(encode_utf8(lower_case(decode_utf8(name))));
  return found ? upper_case(*found) : reference;
}

/// Resolves references of the form &#?[0-9A-Za-z]{1,24}; only.
Text without_references(const Text& text) {
  constexpr std::size_t kLongest = 24;
  Text result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i + 1;
    if (text[i] == '&') {
      if (end < text.size() && text[end] == '#') ++end;
      const std::size_t first = end;
      while (end < text.size() && end - first < kLongest && is_ascii_alphanumeric(text[end])) ++end;
      if (end > first && end < text.size() && text[end] == ';') {
        result += resolved(text.substr(i, end + 1 - i));
        i = end + 1;
        continue;
      }
    }
    result += text[i++];
  }
  return result;
}

bool is_ligature(char32_t c) {
  return c == 0x132 || c == 0x133 || c == 0x149 || (c >= 0x1C4 && c <= 0x1CC) || (c >= 0x1F1 && c <= 0x1F3) ||
         (c >= 0xFB00 && c <= 0xFB06);
}

bool is_unwanted_control(char32_t c) {
  return c <= 0x08 || c == 0x0B || (c >= 0x0E && c <= 0x1F) || c == 0x7F || (c >= 0x206A && c <= 0x206F) ||
         c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFC);
}

/// What takes the place of one character.
Text replaced(char32_t c) {
  if (c >= 0x80 && c <= 0x9F) c = windows_1252(c);
  if (c == 0xFB05) return U"\u017Ft";  // its long s is kept
  Text result = is_ligature(c) || (c >= 0xFF01 && c <= 0xFFEF) ? without_compatibility_forms({c}) : Text{c};
  for (char32_t& r : result) {
    if (r == 0x3000) r = U' ';
    if (r == 0x02BC || (r >= 0x2018 && r <= 0x201B)) r = U'\'';
    if (r >= 0x201C && r <= 0x201F) r = U'"';
    if (r == 0x2028 || r == 0x2029) r = U'\n';
  }
  return result;
}

Text with_replacements(const Text& text) {
  Text result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r') {
      if (i + 1 < text.size() && text[i + 1] == '\n') ++i;
      result += U'\n';
    } else if (text[i] < 0x80) {
      result += text[i];
    } else {
      result += replaced(text[i]);
    }
  }
  return result;
}

/// Removes the sequences that colour a terminal's text: ESC [ numbers letter.
Text without_terminal_escapes(const Text& text) {
  constexpr char32_t kEscape = 0x1B;
  Text result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == kEscape && i + 1 < text.size() && text[i + 1] == '[') {
      std::size_t end = i + 2;
      while (end < text.size() && (is_digit(text[end]) || text[end] == ';')) ++end;
      if (end < text.size() && is_ascii_letter(text[end])) {
        i = end + 1;
        continue;
      }
    }
    result += text[i++];
  }
  return result;
}

Text fix_line(Text line, bool with_references) {
  for (;;) {
    Text fixed =
        without_terminal_escapes(with_replacements(with_references ? without_references(line) : line));
    fixed.erase(std::remove_if(fixed.begin(), fixed.end(), is_unwanted_control), fixed.end());
    fixed = composed(fixed);
    if (fixed == line) return line;
    line = std::move(fixed);
  }
}

}  // namespace

Text fix_text(const Text& text) {
  Text result;
  bool with_references = true;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(U'\n', begin), text.size() - 1) + 1;
    const Text line = text.substr(begin, end - begin);
    if (line.find(U'<') != Text::npos) with_references = false;  // for all that follows, too
    result += fix_line(line, with_references);
    begin = end;
  }
  return result;
}

}  // namespace reverie::clip
