#pragma once
// Taking texts apart.

#include <string>
#include <vector>

namespace reverie {

/// Without white space at both ends.
inline std::string trimmed(const std::string& text) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

/// Without a pair of quotes around it, as a path has that was quoted twice.
inline std::string unquoted(const std::string& text) {
  const std::string inner = trimmed(text);
  const bool quoted =
      inner.size() > 1 && inner.front() == inner.back() && (inner[0] == '\'' || inner[0] == '"');
  return quoted ? inner.substr(1, inner.size() - 2) : text;
}

/// The parts between separators, as they are. An empty text is one empty part.
inline std::vector<std::string> split(const std::string& text, const std::string& separator) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  for (;;) {
    const auto end = text.find(separator, begin);
    parts.push_back(text.substr(begin, end == std::string::npos ? end : end - begin));
    if (end == std::string::npos) return parts;
    begin = end + separator.size();
  }
}

/// Those of them that are not empty.
inline std::vector<std::string> filled_parts(const std::string& text, const std::string& separator) {
  std::vector<std::string> parts = split(text, separator);
  std::erase_if(parts, [](const std::string& part) { return part.empty(); });
  return parts;
}

}  // namespace reverie
