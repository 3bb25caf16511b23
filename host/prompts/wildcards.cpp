#include "prompts/wildcards.h"

#include <cctype>
#include <sstream>

#include "base/texts.h"
#include "reverie/error.h"

namespace reverie {
namespace {

constexpr int kDeepest = 20;  // lists that name each other, braces inside each other
constexpr std::size_t kLongest = 100'000;

bool of_name(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '/';
}

/// The end of what a bracket at `begin` opens, past its closing one; npos if there is none. In [ ], braces do
/// not count.
std::size_t end_of(const std::string& text, std::size_t begin, char open, char close) {
  int depth = 0;
  for (std::size_t i = begin; i < text.size(); ++i) {
    if (open != '[' && text[i] == '[') {
      const std::size_t end = end_of(text, i, '[', ']');
      if (end != std::string::npos) i = end - 1;
      continue;
    }
    if (text[i] == open) ++depth;
    if (text[i] == close && --depth == 0) return i + 1;
  }
  return std::string::npos;
}

/// The name of a list that begins at `begin`, __name__; empty if none does.
std::string name_at(const std::string& text, std::size_t begin) {
  if (text.compare(begin, 2, "__") != 0) return {};
  const std::size_t first = begin + 2;
  std::size_t end = first;
  while (end < text.size() && of_name(text[end]) && text.compare(end, 2, "__") != 0) ++end;
  if (end == first || text.compare(end, 2, "__") != 0 || text[first] == '/' || text[first] == '_') return {};
  return text.substr(first, end - first);
}

/// At each '|' that is in no brackets.
std::vector<std::string> options_of(const std::string& text) {
  std::vector<std::string> options(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const std::size_t end = c == '{'   ? end_of(text, i, '{', '}')
                            : c == '[' ? end_of(text, i, '[', ']')
                                       : std::string::npos;
    if (end != std::string::npos) {
      options.back() += text.substr(i, end - i);
      i = end - 1;
    } else if (c == '|') {
      options.emplace_back();
    } else {
      options.back() += c;
    }
  }
  return options;
}

}  // namespace

Wildcards::Wildcards(std::uint64_t seed, std::uint64_t scene,
                     std::function<std::string(const std::string&)> read)
    : read_(std::move(read)) {
  // Both are the same on every machine, as the standard says.
  std::seed_seq mixed{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32),
                      static_cast<std::uint32_t>(scene)};
  engine_.seed(mixed);
}

std::size_t Wildcards::chance(std::size_t count) { return static_cast<std::size_t>(engine_() % count); }

const std::vector<std::string>& Wildcards::list(const std::string& name) {
  const auto [found, is_new] = lists_.try_emplace(name);
  if (!is_new) return found->second;
  std::istringstream lines(read_(name));
  for (std::string line; std::getline(lines, line);)
    if (line = trimmed(line); !line.empty() && line[0] != '#') found->second.push_back(line);
  if (found->second.empty())
    throw Error(ErrorKind::settings, "the list of __" + name + "__ is empty", "write one entry in each line");
  return found->second;
}

std::string Wildcards::expand(const std::string& text, int depth) {
  if (depth > kDeepest)
    throw Error(ErrorKind::settings,
                "wildcards lie inside each other without end, at '" + text.substr(0, 60) + "'",
                "a list must not name itself");
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (result.size() > kLongest)
      throw Error(ErrorKind::settings,
                  "what wildcards stand for is longer than " + std::to_string(kLongest) + " characters");
    if (text[i] == '[') {
      const std::size_t end = std::min(end_of(text, i, '[', ']'), text.size());
      result += text.substr(i, end - i);
      i = end - 1;
    } else if (text[i] == '{') {
      const std::size_t end = end_of(text, i, '{', '}');
      if (end == std::string::npos)
        throw Error(ErrorKind::settings, "a '{' has no '}', at '" + text.substr(i, 60) + "'",
                    "write {red|green|blue}, or wildcards: false where braces belong to the text");
      const std::vector<std::string> options = options_of(text.substr(i + 1, end - i - 2));
      result += expand(trimmed(options[chance(options.size())]), depth + 1);
      i = end - 1;
    } else if (const std::string name = name_at(text, i); !name.empty()) {
      const std::vector<std::string>& entries = list(name);
      result += expand(entries[chance(entries.size())], depth + 1);
      i += name.size() + 3;
    } else {
      result += text[i];
    }
  }
  return result;
}

bool has_wildcards(const std::string& text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '[') {
      const std::size_t end = end_of(text, i, '[', ']');
      if (end != std::string::npos) i = end - 1;
    } else if (text[i] == '{') {
      const std::size_t end = end_of(text, i, '{', '}');
      if (end != std::string::npos && options_of(text.substr(i + 1, end - i - 2)).size() > 1) return true;
    } else if (!name_at(text, i).empty()) {
      return true;
    }
  }
  return false;
}

std::vector<std::string> split_scenes(const std::string& scenes) {
  std::vector<std::string> result(1);
  for (std::size_t i = 0; i < scenes.size(); ++i) {
    const std::size_t end = scenes[i] == '{' ? end_of(scenes, i, '{', '}') : std::string::npos;
    if (end != std::string::npos) {
      result.back() += scenes.substr(i, end - i);
      i = end - 1;
    } else if (scenes.compare(i, 2, "||") == 0) {
      result.emplace_back();
      ++i;
    } else {
      result.back() += scenes[i];
    }
  }
  return result;
}

}  // namespace reverie
