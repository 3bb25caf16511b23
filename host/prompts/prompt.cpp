#include "prompts/prompt.h"

#include <charconv>
#include <cmath>

namespace reverie {
namespace {

std::string trimmed(const std::string& text) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

/// Splits at a separator that stands outside [ ].
std::vector<std::string> split_outside_brackets(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  int depth = 0;
  for (const char c : text) {
    if (c == '[') ++depth;
    if (c == ']' && depth > 0) --depth;
    if (c == separator && depth == 0)
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

std::vector<std::string> split(const std::string& text, const std::string& separator) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  for (;;) {
    const auto end = text.find(separator, begin);
    parts.push_back(text.substr(begin, end == std::string::npos ? end : end - begin));
    if (end == std::string::npos) return parts;
    begin = end + separator.size();
  }
}

/// Empty, or why it is no number.
std::string parse_number(const std::string& text, const std::string& what, double& out) {
  const std::string word = trimmed(text);
  const char* begin = word.c_str() + (word.size() > 1 && word[0] == '+' && word[1] != '-' ? 1 : 0);
  const auto [rest, error] = std::from_chars(begin, word.c_str() + word.size(), out);
  if (!word.empty() && error == std::errc() && rest == word.c_str() + word.size() && !std::isnan(out))
    return {};
  return "the " + what + " '" + word + "' is not a number (expressions are not implemented yet)";
}

}  // namespace

std::vector<Scene> parse_scenes(const std::string& scenes, const std::string& prefix,
                                const std::string& suffix, std::vector<std::string>& problems) {
  std::vector<Scene> result;
  for (const std::string& piece : split(scenes, "||")) {
    if (trimmed(piece).empty()) continue;
    Scene scene;
    for (const std::string& written : split(prefix + piece + suffix, "|")) {
      const std::string text = trimmed(written);
      if (text.empty()) continue;
      const auto problem = [&](const std::string& why) {
        problems.push_back("prompt '" + text + "': " + why);
      };
      const std::vector<std::string> parts = split_outside_brackets(text, ':');
      Prompt prompt;
      prompt.text = trimmed(parts[0]);
      if (prompt.text.empty()) problem("it has no text before ':'");
      if (!prompt.text.empty() && prompt.text.front() == '[')
        problem("pictures as prompts are not implemented yet");
      if (parts.size() > 3) problem("it has more than text:weight:stop; a ':' cannot be part of the text");
      if (parts.size() > 1) {
        const std::vector<std::string> weight = split_outside_brackets(parts[1], '_');
        if (weight.size() > 1 && !(weight.size() == 2 && trimmed(weight[1]) == "a"))
          problem("masks are not implemented yet; only '_a' (everywhere) is accepted");
        if (const std::string why = parse_number(weight[0], "weight", prompt.weight); !why.empty())
          problem(why);
        if (std::isinf(prompt.weight)) problem("the weight is infinite");
      }
      if (parts.size() > 2)
        if (const std::string why = parse_number(parts[2], "stop", prompt.stop); !why.empty()) problem(why);
      scene.prompts.push_back(std::move(prompt));
    }
    if (!scene.prompts.empty()) result.push_back(std::move(scene));
  }
  if (result.empty() && problems.empty()) problems.push_back("'scenes' holds no prompt");
  return result;
}

std::vector<SceneShare> scene_shares(std::size_t scene, std::int64_t step, std::int64_t interpolation_steps) {
  if (scene == 0 || step >= interpolation_steps) return {{scene, 1.0}};
  const double t = static_cast<double>(step) / static_cast<double>(interpolation_steps);
  return {{scene - 1, 1 - t}, {scene, t}};
}

}  // namespace reverie
