#pragma once
// The names that published CLIP files give their tensors, and one view that gives all of them OpenAI's names.

#include <memory>

#include "reverie/weights.h"

namespace reverie::clip {

enum class Naming {
  openai,        ///< OpenAI's own, and open_clip's plain models
  custom_text,   ///< open_clip's with the text tower under `text.`
  eva,           ///< open_clip's with the text tower under `text.` and timm's EVA02 under `visual.trunk.`
  transformers,  ///< Hugging Face's CLIPModel
  foreign,       ///< a relative of CLIP whose network is another one
  none,          ///< not CLIP; SigLIP's, which another plugin computes, are none either
};

/// Judged by names only, whatever wraps them (`state_dict.`, `module.`).
Naming recognise(const Weights& weights);

/// A view of the tensors under OpenAI's names; `weights` must outlive it. Throws Error(unsupported) for a
/// foreign network, saying which, and Error(model) for what is not a CLIP model at all.
std::unique_ptr<Weights> with_openai_names(const Weights& weights);

}  // namespace reverie::clip
