#include "prompts/pieces.h"

#include <algorithm>
#include <cctype>
#include <string_view>

namespace reverie {
namespace {

bool letter(char c) { return std::isalpha(static_cast<unsigned char>(c)); }
bool word_character(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

bool in_brackets(const std::string& text, std::size_t place) {
  const std::size_t next = text.find_first_of("[]", place);
  return next != std::string::npos && text[next] == ']';
}

Piece trimmed_piece(const Piece& whole, std::size_t begin, std::size_t end) {
  const std::string part = whole.text.substr(begin, end - begin);
  const std::size_t first = part.find_first_not_of(" \t\r\n");
  return {trimmed(part), whole.at + begin + (first == std::string::npos ? 0 : first)};
}

template <typename Counts>
std::vector<Piece> split_where(const Piece& whole, char separator, const Counts& counts) {
  std::vector<Piece> pieces;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < whole.text.size(); ++i) {
    if (whole.text[i] != separator || in_brackets(whole.text, i) || !counts(i)) continue;
    pieces.push_back(trimmed_piece(whole, begin, i));
    begin = i + 1;
  }
  pieces.push_back(trimmed_piece(whole, begin, whole.text.size()));
  return pieces;
}

/// Whether the word that `place` lies in is the name in curve(NAME ...).
bool names_a_curve(const std::string& text, std::size_t place) {
  while (place > 0 && word_character(text[place - 1])) --place;
  while (place > 0 && text[place - 1] == ' ') --place;
  if (place == 0 || text[place - 1] != '(') return false;
  --place;
  while (place > 0 && text[place - 1] == ' ') --place;
  constexpr std::string_view kCurve = "curve";
  return place >= kCurve.size() && text.compare(place - kCurve.size(), kCurve.size(), kCurve) == 0 &&
         (place == kCurve.size() || !word_character(text[place - kCurve.size() - 1]));
}

}  // namespace

std::vector<Piece> split_outside_brackets(const Piece& whole, char separator) {
  return split_where(whole, separator, [](std::size_t) { return true; });
}

std::vector<Piece> split_at_masks(const Piece& whole, const std::set<std::string>& names) {
  // A known name may be followed by a mask, as in `fLo_prev_l`: the longest name that fits is taken.
  return split_where(whole, '_', [&](std::size_t place) {
    if (names_a_curve(whole.text, place)) return false;
    for (const std::string& name : names) {
      for (std::size_t i = name.find('_'); i != std::string::npos; i = name.find('_', i + 1)) {
        if (i > place || whole.text.compare(place - i, name.size(), name) != 0) continue;
        const std::size_t begin = place - i, end = begin + name.size();
        const auto apart = [&](char c) { return c == '_' || !word_character(c); };
        const bool starts = begin == 0 || apart(whole.text[begin - 1]);
        const bool ends = end == whole.text.size() || apart(whole.text[end]);
        if (starts && ends) return false;
      }
    }
    return true;
  });
}

std::vector<Piece> split_between_paths(const Piece& whole) {
  const std::string& text = whole.text;
  std::size_t authority_end = 0;  // where the host and port of an address end
  return split_where(whole, ':', [&](std::size_t place) {
    if (text.compare(place, 3, "://") == 0) {
      authority_end = std::min(text.find('/', place + 3), text.size());
      return false;
    }
    if (place < authority_end) return false;
    const bool drive = place > 0 && letter(text[place - 1]) &&
                       (place == 1 || !word_character(text[place - 2]) || text[place - 2] == '_');
    return !(drive && place + 1 < text.size() && (text[place + 1] == '\\' || text[place + 1] == '/'));
  });
}

}  // namespace reverie
