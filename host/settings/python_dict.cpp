#include "settings/python_dict.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <map>

namespace reverie {
namespace {

constexpr const char* kBlanks = " \t\r\n";

/// A character by its number, as JSON spells it.
std::string escaped(unsigned long character) {
  char result[13];
  if (character < 0x10000)
    std::snprintf(result, sizeof result, "\\u%04lx", character);
  else
    std::snprintf(result, sizeof result, "\\u%04lx\\u%04lx", 0xD800 + ((character - 0x10000) >> 10 & 0x3FF),
                  0xDC00 + ((character - 0x10000) & 0x3FF));
  return result;
}

/// What `\` and the character at `at` stand for; moves `at` to the last character of it.
std::string escape(const std::string& text, std::size_t& at) {
  static const std::map<char, std::size_t> kDigits = {{'x', 2}, {'u', 4}, {'U', 8}};
  const char c = text[at];
  if (const auto digits = kDigits.find(c); digits != kDigits.end()) {
    const std::string number = text.substr(at + 1, digits->second);
    const bool all =
        number.size() == digits->second &&
        std::all_of(number.begin(), number.end(), [](unsigned char d) { return std::isxdigit(d); });
    if (!all) return "\\x";  // which JSON refuses
    at += number.size();
    return escaped(std::strtoul(number.c_str(), nullptr, 16));
  }
  if (c == '\'') return "'";
  if (c == 'a' || c == 'v' || c == '0') return escaped(c == 'a' ? 7 : c == 'v' ? 11 : 0);
  return std::string("\\") + c;
}

/// The text literal that opens at `at`, as JSON's; moves `at` to its closing quote.
std::string literal(const std::string& text, std::size_t& at) {
  const char quote = text[at];
  std::string result = "\"";
  for (++at; at < text.size() && text[at] != quote; ++at) {
    const char c = text[at];
    if (c == '\\' && at + 1 < text.size())
      result += escape(text, ++at);
    else if (c == '"')
      result += "\\\"";
    else
      result += c;
  }
  return at < text.size() ? result + '"' : result;
}

/// The word or number that begins at `at`; moves `at` to its last character.
std::string word(const std::string& text, std::size_t& at) {
  static const std::map<std::string, std::string> kWords = {
      {"True", "true"}, {"False", "false"}, {"None", "null"}, {"inf", "Infinity"}, {"nan", "NaN"}};
  const std::size_t begin = at;
  while (at < text.size() && std::isalnum(static_cast<unsigned char>(text[at]))) ++at;
  const std::string result = text.substr(begin, at - begin);
  --at;
  const auto found = kWords.find(result);
  return found == kWords.end() ? result : found->second;
}

}  // namespace

std::size_t find_python_dict(const std::string& text) {
  std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string::npos) return begin;
  // A log's lines have a time and a place in front of the word, and of the dict.
  const std::string first_line = text.substr(begin, text.find('\n', begin) - begin);
  const std::size_t title = first_line.find("SETTINGS:");
  if (title != std::string::npos && first_line.find('#') > title && first_line.find(": ") > title)
    return text.find('{', begin + title);
  if (text[begin] != '{') return std::string::npos;
  const std::size_t name = text.find_first_not_of(kBlanks, begin + 1);
  return name != std::string::npos && text[name] == '\'' ? begin : std::string::npos;
}

std::string python_to_json(const std::string& text, std::size_t begin) {
  std::string json(static_cast<std::size_t>(
                       std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(begin), '\n')),
                   '\n');
  std::size_t depth = 0, comma = std::string::npos;  // the comma that nothing has followed yet
  for (std::size_t at = begin; at < text.size(); ++at) {
    const char c = text[at];
    const bool opens = c == '{' || c == '[' || c == '(', closes = c == '}' || c == ']' || c == ')';
    if (closes && comma != std::string::npos) json.erase(comma, 1);  // (1,) is a list of one
    if (c == ',')
      comma = json.size();
    else if (std::string(kBlanks).find(c) == std::string::npos)
      comma = std::string::npos;
    if (c == '\'' || c == '"')
      json += literal(text, at);
    else if (std::isalnum(static_cast<unsigned char>(c)))
      json += word(text, at);
    else
      json += c == '(' ? '[' : c == ')' ? ']' : c;
    depth += opens;
    if (closes && --depth == 0) break;
  }
  return json;
}

}  // namespace reverie
