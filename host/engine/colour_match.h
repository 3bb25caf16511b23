#pragma once
// Gives a picture the colours of another one, as a whole: what is where does not count.

#include <ATen/core/Tensor.h>

#include "prompts/coherence.h"

namespace reverie::engine {

/// `picture` [1, 3, h, w] with the colours of `reference` [1, 3, H, W], both limited to 0..1, as the result
/// is. Deviations grow to three times theirs at most: what is nearly even has no contrast to be restored,
/// only noise.
at::Tensor match_colours(const at::Tensor& picture, const at::Tensor& reference, ColourSpace space);

}  // namespace reverie::engine
