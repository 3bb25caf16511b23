#include "prompts/prompt.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numbers>

#include "base/nearest.h"
#include "expressions/point_at.h"
#include "prompts/hints.h"
#include "prompts/pieces.h"
#include "prompts/time_variables.h"

namespace reverie {
namespace {

/// Reports what is wrong with one prompt, with a mark under the place.
class Trouble {
 public:
  Trouble(std::string what, std::string written, const WeightSetting& of, std::vector<std::string>& problems)
      : what_(std::move(what)), written_(std::move(written)), of_(of), problems_(problems) {}
  void at(std::size_t column, const std::string& why) const {
    if (!of_setting())
      return problems_.push_back(what_ + " '" + written_ + "': " + why + "\n" + point_at(written_, column));
    const std::string value = written_.substr(std::min(of_.before, written_.size()));
    problems_.push_back(
        "'" + of_.name + "' is '" + value + "': " + why +
        "; it takes a number or an expression of t, and behind it perhaps a mask and a stop, as in "
        "0.5_[mask.png]:0.1\n" +
        point_at(value, column - std::min(of_.before, column)));
  }
  const std::string& written() const { return written_; }
  bool of_picture() const { return what_ != "prompt"; }
  bool of_setting() const { return !of_.name.empty(); }

 private:
  std::string what_, written_;
  const WeightSetting& of_;
  std::vector<std::string>& problems_;
};

/// Compiles an expression that stands in a prompt; on a mistake, `out` stays as it is.
void compile(const Piece& piece, const std::string& what, const std::set<std::string>& sound,
             const Trouble& trouble, const std::function<void(Expression)>& take) {
  try {
    Expression expression = compile_over_time(piece.text, sound);
    // What depends on nothing can be tried here, where it has a place, rather than when it is needed.
    if (expression.is_constant() && std::isnan(expression.number({})))
      return trouble.at(piece.at, "the " + what + " is not a number (nan)");
    if (what == "weight" && expression.is_constant() && std::isinf(expression.number({})))
      return trouble.at(piece.at, "the weight is infinite");
    take(std::move(expression));
  } catch (const ExpressionError& error) {
    const bool in_prompt = !trouble.of_picture() && !trouble.of_setting();
    const bool text = in_prompt && what == "weight" && reads_like_text(trouble.written(), piece);
    // Whoever writes prose has no names in mind, unless it is but one.
    const bool prose = text && piece.text.find(' ') != std::string::npos;
    std::string why =
        "the " + what + " '" + piece.text + "': " + (prose ? error.what() : explain(error, {}, sound));
    if (in_prompt && what == "weight") {
      why += "; what follows a ':' is the prompt's weight";
      if (piece.text.starts_with("//"))
        why += ": put an address in [ ]";
      else if (text)
        why += ": leave the ':' out";
    }
    if (trouble.of_picture() && !trouble.of_setting() && what == "weight" &&
        piece.text.find('.') != std::string::npos)
      why += "; write a path that has a ':' in [ ]";
    trouble.at(piece.at + error.column(), why);
  }
}

PromptMask parse_mask(const Piece& piece, const Trouble& trouble) {
  using Kind = PromptMask::Kind;
  PromptMask mask;
  if (piece.text.empty()) {
    trouble.at(piece.at, "the mask after '_' is empty");
    return mask;
  }
  if (piece.text.size() == 1 && std::string("alrudnf").find(piece.text[0]) != std::string::npos) {
    mask.letter = piece.text[0];
    return mask;
  }
  if (piece.text.front() != '[') {
    mask.kind = Kind::phrase;
    mask.what = piece.text;
    return mask;
  }
  if (piece.text.back() != ']') {
    trouble.at(piece.at, "'[' without its ']'");
    return mask;
  }
  mask.what = trimmed(piece.text.substr(1, piece.text.size() - 2));
  mask.inverted = mask.what.rfind('-', 0) == 0;
  if (mask.inverted) mask.what = trimmed(mask.what.substr(1));
  mask.what = unquoted(mask.what);
  if (mask.what.empty()) trouble.at(piece.at, "the mask's [ ] are empty");
  mask.kind = is_video(mask.what) ? Kind::video : Kind::picture;
  return mask;
}

/// Whether no picture is as far from the prompt as its stop: the spherical distance is at most 2 (pi / 2)^2.
bool always_holds(const Prompt& prompt) {
  const auto constant = [](const Expression& expression) {
    return expression.is_constant() ? expression.number({}) : std::numeric_limits<double>::quiet_NaN();
  };
  constexpr double kFarthest = std::numbers::pi * std::numbers::pi / 2;
  return constant(prompt.stop) > kFarthest && !(constant(prompt.weight) < 0);
}

Prompt parse_prompt(const std::string& written, const std::set<std::string>& sound, const WeightSetting& of,
                    std::vector<std::string>& problems, std::vector<std::string>& notices) {
  using Kind = PromptMask::Kind;
  const Trouble trouble("prompt", written, of, problems);
  Prompt prompt;
  prompt.written = written;
  const std::vector<Piece> parts = split_outside_brackets({written, 0}, ':');
  prompt.text = parts[0].text;
  if (prompt.text.empty()) trouble.at(0, "it has no text before ':'");
  if (!prompt.text.empty() && prompt.text.front() == '[') {
    if (prompt.text.back() != ']') {
      trouble.at(0, "'[' without its ']'");
    } else {
      prompt.picture = true;
      prompt.text = unquoted(trimmed(prompt.text.substr(1, prompt.text.size() - 2)));
      if (prompt.text.empty()) trouble.at(0, "its [ ] are empty");
    }
  }
  if (parts.size() > 3)
    trouble.at(parts[3].at - 1, "it has more than text:weight:stop; a ':' cannot be part of the text");
  bool hinted = false;
  if (parts.size() > 1) {
    const std::vector<Piece> weight = split_at_masks(parts[1], with_time(sound));
    compile(weight[0], "weight", sound, trouble, [&](Expression e) {
      std::string hint = hint_at_text(written, parts[0], weight[0], e.is_constant());
      hinted = !hint.empty();
      if (!hint.empty()) {
        hint = "prompt '" + written + "': " + hint;
        // The same prompt may stand in many scenes.
        if (std::find(notices.begin(), notices.end(), hint) == notices.end()) notices.push_back(hint);
      }
      prompt.weight = std::move(e);
    });
    if (weight.size() > 1) prompt.mask = parse_mask(weight[1], trouble);
    if (weight.size() > 2)
      compile(weight[2], "mask's cutoff", sound, trouble,
              [&](Expression e) { prompt.mask.cutoff = std::move(e); });
    if (weight.size() > 3) trouble.at(weight[3].at - 1, "it has more than weight_mask_cutoff");
    const Kind kind = prompt.mask.kind;
    const bool everywhere = kind == Kind::letter && prompt.mask.letter == 'a';
    if (prompt.mask.cutoff && (everywhere || kind == Kind::picture || kind == Kind::video)) {
      notices.push_back("prompt '" + written + "': its mask has no cutoff; what was given has no effect");
      prompt.mask.cutoff.reset();
    }
  }
  if (parts.size() > 2)
    compile(parts[2], "stop", sound, trouble, [&](Expression e) { prompt.stop = std::move(e); });
  if (parts.size() > 2 && !prompt.picture && !hinted && always_holds(prompt))
    notices.push_back(
        "prompt '" + written + "': its stop, " + parts[2].text +
        ", is larger than any distance between a picture and a text (4.94), so the prompt never "
        "counts; if the ':' belongs to the text, leave it out");
  return prompt;
}

DirectPrompt parse_direct_prompt(const std::string& written, const std::set<std::string>& sound,
                                 const WeightSetting& of, std::vector<std::string>& problems) {
  const Trouble trouble("picture prompt", written, of, problems);
  DirectPrompt prompt;
  prompt.written = written;
  const auto unbracketed = [](const std::string& text) {
    const bool in = text.size() > 1 && text.front() == '[' && text.back() == ']';
    return unquoted(in ? trimmed(text.substr(1, text.size() - 2)) : text);
  };
  const std::vector<Piece> parts = split_between_paths({written, 0});
  prompt.path = unbracketed(parts[0].text);
  if (prompt.path.empty()) trouble.at(0, "it has no picture before ':'");
  if (parts.size() > 3) trouble.at(parts[3].at - 1, "it has more than path:weight_mask:stop");
  if (parts.size() > 1) {
    // A mask is a path, which may hold '_' itself.
    std::vector<Piece> weight = split_at_masks(parts[1], with_time(sound));
    compile(weight[0], "weight", sound, trouble, [&](Expression e) { prompt.weight = std::move(e); });
    if (weight.size() > 1) {
      prompt.mask = unbracketed(
          trimmed(written.substr(weight[1].at, parts[1].at + parts[1].text.size() - weight[1].at)));
      prompt.inverted = prompt.mask.rfind('-', 0) == 0;
      if (prompt.inverted) prompt.mask = unbracketed(trimmed(prompt.mask.substr(1)));
      if (prompt.mask.empty()) trouble.at(weight[1].at, "the mask after '_' is empty");
    }
  }
  if (parts.size() > 2)
    compile(parts[2], "stop", sound, trouble, [&](Expression e) { prompt.stop = std::move(e); });
  return prompt;
}

}  // namespace

bool is_video(const std::string& path) {
  static const char* const kEndings[] = {".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v", ".gif"};
  const std::string word = lower(path.substr(0, path.find('?')));
  return std::any_of(std::begin(kEndings), std::end(kEndings), [&](const std::string& ending) {
    return word.size() > ending.size() &&
           word.compare(word.size() - ending.size(), ending.size(), ending) == 0;
  });
}

std::vector<Scene> parse_scenes(const std::string& scenes, const std::string& prefix,
                                const std::string& suffix, const std::set<std::string>& sound,
                                std::vector<std::string>& problems, std::vector<std::string>& notices,
                                const WeightSetting& of) {
  std::vector<Scene> result;
  for (const std::string& piece : split(scenes, "||")) {
    if (trimmed(piece).empty()) continue;
    Scene scene;
    for (const std::string& written : split(prefix + piece + suffix, "|"))
      if (const std::string text = trimmed(written); !text.empty())
        scene.prompts.push_back(parse_prompt(text, sound, of, problems, notices));
    if (!scene.prompts.empty()) result.push_back(std::move(scene));
  }
  if (result.empty() && problems.empty()) problems.push_back("'scenes' holds no prompt");
  return result;
}

std::vector<DirectPrompt> parse_direct_prompts(const std::string& text, const std::set<std::string>& sound,
                                               std::vector<std::string>& problems, const WeightSetting& of) {
  std::vector<DirectPrompt> result;
  for (const std::string& piece : split(text, "|"))
    if (const std::string written = trimmed(piece); !written.empty())
      result.push_back(parse_direct_prompt(written, sound, of, problems));
  return result;
}

std::vector<SceneShare> scene_shares(std::size_t scene, std::int64_t step, std::int64_t interpolation_steps) {
  if (scene == 0 || step >= interpolation_steps) return {{scene, 1.0}};
  const double t = static_cast<double>(step) / static_cast<double>(interpolation_steps);
  return {{scene - 1, 1 - t}, {scene, t}};
}

}  // namespace reverie
