#pragma once
// Prompts and scenes: the language of the setting `scenes`.

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "expressions/expression.h"

namespace reverie {

/// When a prompt counts: before the first move, prompts that hold on to the start; after it, prompts that
/// stabilise motion. Where a run starts from a picture, the latter hold on to it before the first move.
enum class When { always, before_moves, after_moves };

/// Where in the picture a prompt counts.
struct PromptMask {
  enum class Kind { letter, picture, video, phrase };
  Kind kind = Kind::letter;
  char letter = 'a';      ///< a everywhere, l r u d left right up down, n near, f far
  std::string what;       ///< path or address of a picture or video; or the phrase
  bool inverted = false;  ///< of a picture or video: its black counts
  std::optional<Expression> cutoff;
};

/// `text[:weight[_mask[_cutoff]][:stop]]`. Weight, stop and cutoff are numbers or expressions.
struct Prompt {
  std::string text;      ///< the words, or the path or address of a picture or video that stood in [ ]
  bool picture = false;  ///< `text` stood in [ ]
  Expression weight = Expression::compile("1", {});  ///< negative pushes away
  Expression stop = Expression::compile("-inf", {});
  PromptMask mask;
  std::string written;             ///< the whole prompt, for messages
  std::string setting = "scenes";  ///< the one it comes from
  When when = When::always;        ///< after moves the moved picture takes the place of `text`
  /// Words that `text` goes over to, and how far it has: 0 to 1. Empty: it stays as it is.
  std::string towards = {};
  Expression share = Expression::compile("0", {});
};

struct Scene {
  std::vector<Prompt> prompts;
};

/// Of prompts that are made of a setting's weight: how messages call them.
struct WeightSetting {
  std::string name = {};   ///< empty: somebody has written the whole prompt
  std::size_t before = 0;  ///< characters that stand in front of the setting's value
};

/// Splits `scenes` at ||, puts prefix and suffix around each, splits at |, and parses each prompt. `sound`
/// are the variables that expressions may use besides time_variables(). What is wrong is added to `problems`,
/// in words that quote the prompt with a mark under the place; what is strange but harmless to `notices`.
std::vector<Scene> parse_scenes(const std::string& scenes, const std::string& prefix,
                                const std::string& suffix, const std::set<std::string>& sound,
                                std::vector<std::string>& problems, std::vector<std::string>& notices,
                                const WeightSetting& of = {});

/// A picture that the output should resemble pixel by pixel: `path[:weight[_mask][:stop]]`. The path needs
/// no [ ]: neither `C:\` nor the `://` and port of an address is taken for a separator.
struct DirectPrompt {
  std::string path;
  Expression weight = Expression::compile("1", {});
  Expression stop = Expression::compile("-inf", {});
  std::string mask;  ///< path or address of a picture or video; empty: everywhere
  bool inverted = false;
  std::string written;
};

/// The setting direct_image_prompts: prompts separated by |.
std::vector<DirectPrompt> parse_direct_prompts(const std::string& text, const std::set<std::string>& sound,
                                               std::vector<std::string>& problems,
                                               const WeightSetting& of = {});

/// A scene's share in the loss at a step. While a scene fades in, the one before it fades out.
struct SceneShare {
  std::size_t scene;
  double share;
};

/// `step` counts within `scene`. Spec: for step < interpolation_steps the new scene's losses are scaled by
/// t = step / interpolation_steps and the previous scene's by 1 - t.
std::vector<SceneShare> scene_shares(std::size_t scene, std::int64_t step, std::int64_t interpolation_steps);

/// Whether a path or address is of a moving picture, judged by its ending.
bool is_video(const std::string& path);

}  // namespace reverie
