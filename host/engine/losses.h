#pragma once
// How far pictures are from prompts.

#include <ATen/core/Tensor.h>

#include "prompts/prompt.h"

namespace reverie {

/// 2 asin(|e/|e| - p/|p|| / 2)^2 between every row of `images` [N, D] and every row of `texts` [P, D]: [N,
/// P].
at::Tensor spherical_distance(const at::Tensor& images, const at::Tensor& texts);

struct PromptLoss {
  at::Tensor value;  ///< scalar
  bool held;         ///< every distance is below the prompt's stop: nothing more to gain
};

/// |w| * mean(max(sign(w) * distance, stop)), with no gradient where the stop holds.
PromptLoss prompt_loss(const at::Tensor& distances, const Prompt& prompt);

}  // namespace reverie
