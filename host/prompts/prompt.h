#pragma once
// Prompts and scenes: the language of the setting `scenes`.

#include <limits>
#include <string>
#include <vector>

namespace reverie {

struct Prompt {
  std::string text;
  double weight = 1;  ///< negative pushes away
  double stop = -std::numeric_limits<double>::infinity();
  bool operator==(const Prompt&) const = default;
};

struct Scene {
  std::vector<Prompt> prompts;
};

/// Splits `scenes` at ||, puts prefix and suffix around each, splits at |, and parses each
/// `text[:weight[_mask]][:stop]`. What is wrong is added to `problems`, in words that quote the prompt.
std::vector<Scene> parse_scenes(const std::string& scenes, const std::string& prefix,
                                const std::string& suffix, std::vector<std::string>& problems);

/// A scene's share in the loss at a step. While a scene fades in, the one before it fades out.
struct SceneShare {
  std::size_t scene;
  double share;
};

/// `step` counts within `scene`. Spec: for step < interpolation_steps the new scene's losses are scaled by
/// t = step / interpolation_steps and the previous scene's by 1 - t.
std::vector<SceneShare> scene_shares(std::size_t scene, std::int64_t step, std::int64_t interpolation_steps);

}  // namespace reverie
