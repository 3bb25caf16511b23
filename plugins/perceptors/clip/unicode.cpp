#include "unicode.h"

#include <unicode/locid.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/ustring.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>

#include "reverie/error.h"

namespace reverie::clip {
namespace {

/// For messages: the beginning of a text, with bytes that are not printable ASCII spelt as \xNN.
std::string spelt_out(const std::string& text, std::size_t wrong) {
  const std::size_t begin = wrong < 40 ? 0 : wrong - 40, end = std::min(text.size(), begin + 80);
  std::string result = begin > 0 ? "... " : "";
  for (std::size_t i = begin; i < end; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    char escaped[5];
    std::snprintf(escaped, sizeof escaped, "\\x%02X", byte);
    result += byte >= 0x20 && byte < 0x7F ? std::string(1, text[i]) : escaped;
  }
  return result + (end < text.size() ? " ..." : "");
}

icu::UnicodeString to_icu(const Text& text) {
  return icu::UnicodeString::fromUTF32(reinterpret_cast<const UChar32*>(text.data()),
                                       static_cast<std::int32_t>(text.size()));
}

Text from_icu(const icu::UnicodeString& text) {
  Text result(static_cast<std::size_t>(text.countChar32()), U'\0');
  UErrorCode status = U_ZERO_ERROR;
  text.toUTF32(reinterpret_cast<UChar32*>(result.data()), static_cast<std::int32_t>(result.size()), status);
  return result;
}

void require(UErrorCode status) {
  if (U_FAILURE(status))
    throw Error(ErrorKind::plugin, std::string("ICU failed: ") + u_errorName(status),
                "reinstall ICU; its data may be missing");
}

Text normalised(const icu::Normalizer2* form, UErrorCode status, const Text& text) {
  require(status);
  const icu::UnicodeString result = form->normalize(to_icu(text), status);
  require(status);
  return from_icu(result);
}

bool has_category(char32_t c, std::uint32_t mask) {
  return (U_GET_GC_MASK(static_cast<UChar32>(c)) & mask) != 0;
}

}  // namespace

Text decode_utf8(const std::string& text) {
  Text result;
  result.reserve(text.size());
  const auto length = static_cast<std::int32_t>(text.size());
  for (std::int32_t i = 0; i < length;) {
    const std::int32_t begin = i;
    UChar32 c;
    U8_NEXT(text.data(), i, length, c);
    if (c < 0)
      throw Error(ErrorKind::settings,
                  "the prompt '" + spelt_out(text, static_cast<std::size_t>(begin)) +
                      "' is not valid UTF-8: byte " + std::to_string(begin + 1) + " begins no character",
                  "save the file that it comes from as UTF-8");
    result += static_cast<char32_t>(c);
  }
  return result;
}

std::string encode_utf8(std::u32string_view text) {
  std::string result;
  result.reserve(text.size());
  for (const char32_t c : text) {
    char bytes[U8_MAX_LENGTH];
    std::int32_t length = 0;
    U8_APPEND_UNSAFE(bytes, length, static_cast<UChar32>(c));
    result.append(bytes, static_cast<std::size_t>(length));
  }
  return result;
}

Text composed(const Text& text) {
  UErrorCode status = U_ZERO_ERROR;
  return normalised(icu::Normalizer2::getNFCInstance(status), status, text);
}

Text without_compatibility_forms(const Text& text) {
  UErrorCode status = U_ZERO_ERROR;
  return normalised(icu::Normalizer2::getNFKCInstance(status), status, text);
}

Text lower_case(const Text& text) { return from_icu(to_icu(text).toLower(icu::Locale::getRoot())); }
Text upper_case(const Text& text) { return from_icu(to_icu(text).toUpper(icu::Locale::getRoot())); }

bool is_space(char32_t c) { return u_isUWhiteSpace(static_cast<UChar32>(c)); }
bool is_letter(char32_t c) { return has_category(c, U_GC_L_MASK); }
bool is_number(char32_t c) { return has_category(c, U_GC_N_MASK); }
bool is_digit(char32_t c) { return has_category(c, U_GC_ND_MASK); }

char32_t windows_1252(char32_t c1_control) {
  static constexpr char32_t kCharacters[32] = {
      0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,  // 0x80
      0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D,   0x017D, 0x8F,    // 0x88
      0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,  // 0x90
      0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178,  // 0x98
  };
  return kCharacters[c1_control - 0x80];
}

}  // namespace reverie::clip
