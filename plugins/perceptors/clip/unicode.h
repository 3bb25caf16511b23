#pragma once
// Text as Unicode scalar values, with the few of Unicode's rules that preparing a prompt needs (from ICU).

#include <string>
#include <string_view>

namespace reverie::clip {

using Text = std::u32string;

/// Throws Error(settings), quoting the text with its wrong bytes spelt out, when it is not valid UTF-8.
Text decode_utf8(const std::string& text);
std::string encode_utf8(std::u32string_view text);

/// Normalisation form C: accents composed with their letters where Unicode has the combination.
Text composed(const Text& text);
/// Compatibility forms (widths, ligatures) replaced by what they stand for, then composed: form KC.
Text without_compatibility_forms(const Text& text);

/// Full case mappings of no particular language: a Greek sigma that ends a word becomes its final form.
Text lower_case(const Text& text);
Text upper_case(const Text& text);

bool is_space(char32_t c);   ///< White_Space
bool is_letter(char32_t c);  ///< general category L
bool is_number(char32_t c);  ///< general category N: digits of any script, fractions, Roman numerals, ...
bool is_digit(char32_t c);   ///< general category Nd

/// What Windows-1252 has at the places 0x80 to 0x9F, where Unicode has control characters; what it leaves
/// undefined stays.
char32_t windows_1252(char32_t c1_control);

}  // namespace reverie::clip
