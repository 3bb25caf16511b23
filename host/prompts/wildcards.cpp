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

/// Of each bracket that opens something, the end, past the one that closes it; npos if none does. In [ ],
/// braces do not count. One pass over the text, for any content.
class Brackets {
 public:
  explicit Brackets(const std::string& text)
      : ends_(text.size(), std::string::npos), choice_(text.size(), false) {
    std::vector<std::size_t> open;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '[') open.push_back(i);
      if (text[i] != ']' || open.empty()) continue;
      ends_[open.back()] = i + 1;
      open.pop_back();
    }
    open.clear();
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '[' && ends_[i] != std::string::npos) {
        i = ends_[i] - 1;
      } else if (text[i] == '{') {
        open.push_back(i);
      } else if (text[i] == '|' && !open.empty()) {
        choice_[open.back()] = true;
      } else if (text[i] == '}' && !open.empty()) {
        ends_[open.back()] = i + 1;
        open.pop_back();
      }
    }
  }

  std::size_t end(std::size_t begin) const { return ends_[begin]; }
  /// Whether a '|' is in these braces, and in no others within them.
  bool offers_choice(std::size_t begin) const { return choice_[begin]; }

 private:
  std::vector<std::size_t> ends_;
  std::vector<bool> choice_;
};

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
  const Brackets brackets(text);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const std::size_t end = brackets.end(i);
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
  const Brackets brackets(text);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (result.size() > kLongest)
      throw Error(ErrorKind::settings, "the text that the wildcards give is longer than " +
                                           std::to_string(kLongest) + " characters");
    if (text[i] == '[') {
      const std::size_t end = std::min(brackets.end(i), text.size());
      result += text.substr(i, end - i);
      i = end - 1;
    } else if (text[i] == '{') {
      const std::size_t end = brackets.end(i);
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
  const Brackets brackets(text);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '[') {
      if (brackets.end(i) != std::string::npos) i = brackets.end(i) - 1;
    } else if (text[i] == '{') {
      if (brackets.end(i) != std::string::npos && brackets.offers_choice(i)) return true;
    } else if (!name_at(text, i).empty()) {
      return true;
    }
  }
  return false;
}

std::vector<std::string> split_scenes(const std::string& scenes) {
  std::vector<std::string> result(1);
  const Brackets brackets(scenes);
  for (std::size_t i = 0; i < scenes.size(); ++i) {
    const std::size_t end = scenes[i] == '{' ? brackets.end(i) : std::string::npos;
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
