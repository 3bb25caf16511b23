#include "log/printable.h"

#include "reverie/error.h"

#include <algorithm>
#include <cstdio>

namespace reverie::log {
namespace {

/// How many bytes the character at the start of `text` has, and which it is; 0 for bytes that are not UTF-8.
std::size_t decode(std::string_view text, char32_t& character) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  const std::size_t size = first < 0x80 ? 1 : first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (size == 0 || first > 0xF4 || size > text.size()) return 0;
  character = size == 1 ? first : first & (0x7Fu >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
    character = character << 6 | (byte(i) & 0x3Fu);
  }
  const bool overlong = (size == 3 && character < 0x800) || (size == 4 && character < 0x10000);
  const bool none = (character >= 0xD800 && character < 0xE000) || character > 0x10FFFF;
  return overlong || none ? 0 : size;
}

/// Characters that change how others are shown: separators of lines, and directions of writing.
bool turns(char32_t character) {
  return (character >= 0x2028 && character <= 0x202E) || (character >= 0x2066 && character <= 0x2069) ||
         character == 0x200E || character == 0x200F || character == 0x061C;
}

std::string escape(char32_t character, bool byte) {
  char text[16];
  std::snprintf(text, sizeof text, byte ? "\\x%02x" : "\\u%04x", static_cast<unsigned>(character));
  return text;
}

std::string escaped(std::string_view text, bool line_breaks) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    char32_t character = 0;
    const std::size_t size = decode(text, character);
    if (size == 0) {
      result += escape(static_cast<unsigned char>(text[0]), true);
    } else if (character == '\t' || (character == '\n' && line_breaks)) {
      result += text[0];
    } else if (character == '\n') {
      result += "\\n";
    } else if (character < 0x20) {
      result += escape(character, true);
    } else if ((character >= 0x7F && character < 0xA0) || turns(character)) {
      result += escape(character, false);
    } else {
      result += text.substr(0, size);
    }
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return result;
}

bool is_of_scheme(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '-' ||
         c == '.';
}

/// Characters that end an address in a text: no address contains them, or texts put them around one.
constexpr std::string_view kEnds = " \t\r\n'\"<>|[]{}`\\^";

constexpr const char* kHidden = "***";

/// The values of a query, `name=value&name=value`.
std::string without_values(std::string_view query) {
  std::string result;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find_first_of("&;"), query.size());
    const std::string_view pair = query.substr(0, end);
    const std::size_t equals = pair.find('=');
    if (!pair.empty())
      result += (equals == pair.npos ? "" : std::string(pair.substr(0, equals + 1))) + kHidden;
    if (end < query.size()) result += query[end];
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return result;
}

/// The addresses that the program itself prints, with the token that opens its pages.
bool is_own(std::string_view host) {
  for (const std::string_view name : {"127.0.0.1", "localhost", "[::1]"})
    if (host == name || (host.starts_with(name) && host[name.size()] == ':')) return true;
  return false;
}

/// `address` begins after its "://".
std::string without_credentials_of_one(std::string_view address) {
  const std::size_t authority_end = std::min(address.find_first_of("/?#"), address.size());
  std::string_view authority = address.substr(0, authority_end), rest = address.substr(authority_end);
  std::string result;
  if (const std::size_t at = authority.rfind('@'); at != authority.npos) {
    result = std::string(kHidden) + "@";
    authority.remove_prefix(at + 1);
  }
  result += authority;
  const std::size_t question = std::min(rest.find('?'), rest.size());
  result += rest.substr(0, question);
  if (question == rest.size()) return result;
  if (is_own(authority)) return result + std::string(rest.substr(question));
  rest.remove_prefix(question + 1);
  const std::size_t fragment = std::min(rest.find('#'), rest.size());
  return result + "?" + without_values(rest.substr(0, fragment)) + std::string(rest.substr(fragment));
}

}  // namespace

std::string printable(std::string_view text) { return escaped(text, true); }
std::string printable_line(std::string_view text) { return escaped(text, false); }

std::string without_credentials(std::string_view text) {
  std::string result;
  for (;;) {
    const std::size_t mark = text.find("://");
    const bool has_scheme = mark != text.npos && mark > 0 && is_of_scheme(text[mark - 1]);
    if (mark == text.npos) return result + std::string(text);
    const std::size_t begin = mark + 3;
    result += text.substr(0, begin);
    text.remove_prefix(begin);
    if (!has_scheme) continue;
    const std::size_t end = std::min(text.find_first_of(kEnds), text.size());
    result += without_credentials_of_one(text.substr(0, end));
    text.remove_prefix(end);
  }
}

std::string shown(std::string_view text) { return printable(without_credentials(text)); }
std::string shown_line(std::string_view text) { return printable_line(without_credentials(text)); }

void require_printable_name(std::string_view name, ErrorKind kind) {
  const auto control = [](unsigned char c) { return c < 0x20 || c == 0x7F; };
  if (std::none_of(name.begin(), name.end(), control)) return;
  throw Error(kind,
              "'" + printable_line(name) +
                  "' cannot be the name of a file of a run: it has a line break or another "
                  "control character in it",
              "rename it");
}

}  // namespace reverie::log
