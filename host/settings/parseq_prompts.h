#pragma once
// The prompts of Parseq's rendered frames: https://github.com/rewbs/sd-parseq, src/parseq-renderer.ts (field
// `deforum_prompt`: "positive --neg negative", several of each joined as "text: weight AND text: weight").

#include <string>
#include <vector>

namespace Json {
class Value;
}

namespace reverie {

/// One text of a prompt.
struct ParseqText {
  std::string text;
  double weight;  ///< below 0 behind --neg
  bool operator==(const ParseqText&) const = default;
};

/// The texts of one frame's prompt. What has a weight of its own in it, "(a cat:0.7)", is a text of its own.
std::vector<ParseqText> parseq_texts(const std::string& prompt);

/// The prompts of all frames as one scene, each text with its weight by frame; empty if there are none. Frame
/// 1 there is place 0 here.
std::string parseq_scene(const Json::Value& frames);

}  // namespace reverie
