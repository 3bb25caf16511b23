#include "prompts/hints.h"

#include <algorithm>
#include <cctype>
#include <string_view>

#include "base/nearest.h"
#include "prompts/time_variables.h"

namespace reverie {
namespace {

bool digit(char c) { return std::isdigit(static_cast<unsigned char>(c)); }
bool letter(char c) { return std::isalpha(static_cast<unsigned char>(c)); }
bool blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

bool all(std::string_view text, bool (*is)(char)) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is);
}

/// The number at the end of a text, if it is a word of its own.
std::string last_number(const std::string& text) {
  std::size_t begin = text.size();
  while (begin > 0 && (digit(text[begin - 1]) || text[begin - 1] == '.')) --begin;
  const bool apart = begin == 0 || !std::isalnum(static_cast<unsigned char>(text[begin - 1]));
  return apart ? text.substr(begin) : "";
}

/// The word at the ':' in [ ], in which it does not split; empty where brackets would mean a picture.
std::string in_brackets(const std::string& written, std::size_t colon) {
  std::size_t begin = colon, end = colon;
  while (begin > 0 && !blank(written[begin - 1])) --begin;
  while (end < written.size() && (digit(written[end]) || written[end] == ':')) ++end;
  if (begin == 0) return "";
  return written.substr(0, begin) + "[" + written.substr(begin, end - begin) + "]" + written.substr(end);
}

/// Names as sound filters have them in PyTTI's examples (fLo, fHi), and what else sound is called.
bool sounds_like_sound(const std::string& name) {
  const std::string plain =
      name.size() > 5 && name.ends_with("_prev") ? name.substr(0, name.size() - 5) : name;
  const bool inner_capital = std::any_of(plain.begin() + 1, plain.end(), [](char c) {
    return std::isupper(static_cast<unsigned char>(c)) != 0;
  });
  if (plain != name || (plain[0] == 'f' && inner_capital)) return true;
  const std::string word = lower(plain);
  for (const char* part : {"audio", "sound", "music", "bass", "beat", "drum", "kick", "snare", "treble",
                           "volume", "loud", "onset", "hihat"})
    if (word.find(part) != std::string::npos) return true;
  return false;
}

}  // namespace

std::string hint_at_text(const std::string& written, const Piece& text, const Piece& weight, bool constant) {
  if (!constant || text.text.empty() || text.text.back() == ']') return "";
  const std::size_t colon = written.find(':', text.at + text.text.size());
  const bool tight = weight.at == text.at + text.text.size() + 1;
  const std::string read =
      "the " + weight.text + " behind ':' is read as its weight; if it belongs to the text, ";
  const std::string before = last_number(text.text);
  if (tight && !before.empty() && all(weight.text, digit)) {
    // A year, as in 'blade runner 2049:2', has a weight more often than a fraction of a second.
    if (before.size() > 2 && before.find('.') == std::string::npos && weight.text.size() < 2) return "";
    const std::string kept = in_brackets(written, colon);
    return read + "write it without ':', such as " + before + "." + weight.text +
           (kept.empty() ? "" : ", or in brackets: '" + kept + "'") + "; if it is the weight, write '" +
           before + ": " + weight.text + "'";
  }
  const bool large = weight.text.size() > 2 && all(weight.text, digit) && before.empty();
  if (large || all(weight.text, letter))
    return read + "leave the ':' out" +
           (large ? "; if it is the weight, write " + weight.text + ".0" : "; if not, write the number");
  return "";
}

bool reads_like_text(const std::string& written, const Piece& weight) {
  if (weight.text.empty()) return false;
  const bool several = weight.text.find(' ') != std::string::npos;
  const bool apart = weight.at > 0 && blank(written[weight.at - 1]);
  if (letter(weight.text[0])) return several || apart;
  // 12:30 pm
  std::size_t i = 0;
  while (i < weight.text.size() && digit(weight.text[i])) ++i;
  if (i == 0) return false;
  while (i < weight.text.size() && blank(weight.text[i])) ++i;
  return i < weight.text.size() && letter(weight.text[i]);
}

std::string explain(const ExpressionError& error, const std::vector<std::string>& own,
                    const std::set<std::string>& sound) {
  const std::string &unknown = error.unknown_name(), what = error.what();
  if (unknown.empty()) return what;
  if (own.empty() && (unknown == "r" || unknown == "R" || unknown == "mu"))
    return what + "; r, R and mu are depths, which only the motion of a mode that estimates depth knows";
  if (sound.empty() && sounds_like_sound(unknown)) {
    const std::string filter = unknown.ends_with("_prev") ? unknown.substr(0, unknown.size() - 5) : unknown;
    // Without the function of a similar name.
    return what.substr(0, what.find(';')) +
           "; to follow a sound it needs input_audio, and in input_audio_filters a filter with "
           "variable_name: " +
           filter;
  }
  // What is most likely meant first.
  std::string names = "t";
  const auto add = [&](const std::string& name) { names += ", " + name; };
  std::for_each(own.begin(), own.end(), add);
  std::for_each(sound.begin(), sound.end(), add);
  for (const std::string& name : time_variables())
    if (name != "t" && !sound.contains(name)) add(name);
  return what + "; variables here: " + names +
         (sound.empty() ? " and, with input_audio, those of input_audio_filters" : "");
}

}  // namespace reverie
