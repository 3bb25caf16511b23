#pragma once
// Characters of texts in UTF-8.

#include <cstddef>
#include <string_view>

namespace reverie::expressions {

struct Character {
  char32_t code;       ///< U+FFFD for a byte that is not part of valid UTF-8
  std::size_t length;  ///< bytes, at least 1
};

/// The character that begins at `at`, which is below the text's size.
Character character_at(std::string_view text, std::size_t at);
/// Columns that a terminal gives it: 0 for marks on the character before, 2 for wide ones.
int width(char32_t code);
/// Could be a letter of a name: not punctuation, a mathematical sign, an arrow and so on.
bool is_foreign_letter(char32_t code);

}  // namespace reverie::expressions
