#pragma once
// Facts that a CLIP's tensors do not show: its activation, and how its pictures are to be normalised.

#include "naming.h"
#include "towers.h"

namespace reverie::clip {

/// Of the pictures OpenAI trained on; nearly every published CLIP expects these.
inline constexpr Normalisation kOpenaiNormalisation = {{0.48145466, 0.4578275, 0.40821073},
                                                       {0.26862954, 0.26130258, 0.27577711}};
inline constexpr Normalisation kHalfNormalisation = {{0.5, 0.5, 0.5}, {0.5, 0.5, 0.5}};

/// A decision and what it rests on.
template <typename Value>
struct Convention {
  Value value;
  std::string reason;    ///< for messages: "its metadata says so"
  bool assumed = false;  ///< guessed from the file's name or from custom, not declared
};

/// From the metadata `clip.activation`, else from open_clip_config.json or transformers' config.json beside
/// the file, else from the buffers that only OpenAI's own files hold, else from the name of the file and its
/// folders, else by habit: exact GELU in OpenAI's and open_clip's naming, quick in transformers'. Throws
/// Error(file) for a configuration that cannot be read, Error(unsupported) for another activation.
Convention<Activation> find_activation(const Weights& weights);

/// From open_clip_config.json or preprocessor_config.json beside the file, else from its name, else OpenAI's.
/// Throws Error(file) for a configuration that cannot be read.
Convention<Normalisation> find_normalisation(const Weights& weights);

}  // namespace reverie::clip
