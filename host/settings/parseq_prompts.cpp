#include "settings/parseq_prompts.h"

#include <json/value.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include "base/texts.h"

namespace reverie {
namespace {

std::string shortest(double number) {
  char text[40];
  return {text, std::to_chars(text, std::end(text), number).ptr};
}

/// "0.7" behind the last colon of "a cat:0.7", which is taken off the text.
bool take_weight(std::string& text, double& weight) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return false;
  const std::string number = trimmed(text.substr(colon + 1));
  const char* end = number.data() + number.size();
  double value = 0;
  const auto [stop, error] = std::from_chars(number.data(), end, value);
  if (number.empty() || error != std::errc() || stop != end || !std::isfinite(value)) return false;
  text = trimmed(text.substr(0, colon));
  weight = value;
  return true;
}

/// Without what has a meaning in prompts here, and commas at its ends.
std::string plain(const std::string& text) {
  std::string result;
  for (const char c : text)
    result += c == ':' || c == '|' || c == '[' || c == ']' || c == '(' || c == ')' || c == '\n' || c == '_'
                  ? ' '
                  : c;
  std::string words;
  for (const char c : result)
    if (c != ' ' || (!words.empty() && words.back() != ' ')) words += c;
  const std::size_t begin = words.find_first_not_of(" ,"), end = words.find_last_not_of(" ,");
  return begin == std::string::npos ? "" : words.substr(begin, end - begin + 1);
}

/// Of one text: what is in brackets with a weight, and the rest.
void add_parts(const std::string& text, double weight, std::vector<ParseqText>& result) {
  std::string rest;
  std::vector<ParseqText> weighted;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const std::size_t end = text[at] == '(' ? text.find_first_of("()", at + 1) : std::string::npos;
    std::string inner = end == std::string::npos ? "" : text.substr(at + 1, end - at - 1);
    double own = 1;
    if (end != std::string::npos && text[end] == ')' && take_weight(inner, own)) {
      weighted.push_back({plain(inner), weight * own});
      at = end;
    } else {
      rest += text[at];
    }
  }
  // Between texts of their own, commas are left over.
  if (const std::string words = plain(rest);
      std::any_of(words.begin(), words.end(), [](unsigned char c) { return std::isalnum(c) || c >= 0x80; }))
    result.push_back({words, weight});
  for (ParseqText& part : weighted)
    if (!part.text.empty()) result.push_back(std::move(part));
}

std::vector<std::string> pieces(const std::string& text, const std::string& mark) {
  std::vector<std::string> result;
  for (std::size_t begin = 0;;) {
    const std::size_t end = text.find(mark, begin);
    result.push_back(text.substr(begin, end - begin));
    if (end == std::string::npos) return result;
    begin = end + mark.size();
  }
}

}  // namespace

std::vector<ParseqText> parseq_texts(const std::string& prompt) {
  std::vector<ParseqText> result;
  const std::vector<std::string> sides = pieces(prompt, "--neg");
  for (std::size_t side = 0; side < sides.size(); ++side)
    for (std::string piece : pieces(sides[side], " AND ")) {
      double weight = 1;
      take_weight(piece, weight);
      add_parts(piece, side == 0 ? weight : -weight, result);
    }
  return result;
}

std::string parseq_scene(const Json::Value& frames) {
  std::vector<std::string> order;
  std::map<std::string, std::map<double, double>> weights;
  std::vector<double> places;
  for (const Json::Value& frame : frames) {
    const double place = frame["frame"].asDouble() - 1;
    if (!frame["deforum_prompt"].isString() || (place < 0 && frames.size() > 1)) continue;
    places.push_back(place);
    for (const ParseqText& part : parseq_texts(frame["deforum_prompt"].asString())) {
      if (!weights.count(part.text)) order.push_back(part.text);
      weights[part.text][place] += part.weight;
    }
  }
  std::string scene;
  for (const std::string& text : order) {
    const std::map<double, double>& known = weights.at(text);
    const auto weight = [&](double place) {
      const auto found = known.find(place);
      return found == known.end() ? 0.0 : found->second;
    };
    // A weight that lies on the line between its neighbours goes without saying.
    std::string keyframes;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < places.size(); ++i) {
      const double here = weight(places[i]);
      if (i > 0 && i + 1 < places.size()) {
        const double next = weight(places[i + 1]), from = weight(places[kept]);
        const double share = (places[i] - places[kept]) / (places[i + 1] - places[kept]);
        if (std::abs(from + (next - from) * share - here) < 1e-9) continue;
      }
      kept = i;
      keyframes += (keyframes.empty() ? "" : ", ") + shortest(places[i]) + ": " + shortest(here);
    }
    const bool even = std::all_of(places.begin(), places.end(),
                                  [&](double place) { return weight(place) == weight(places[0]); });
    if (even && weight(places[0]) == 0) continue;
    scene += (scene.empty() ? "" : " | ") + text + ":" +
             (even ? shortest(weight(places[0])) : "[" + keyframes + "]");
  }
  return scene;
}

}  // namespace reverie
