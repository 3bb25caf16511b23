#pragma once
// Tries expressions before a run, at the moments at which the run will evaluate them.

#include <cstdint>
#include <optional>
#include <vector>

#include "audio/soundtrack.h"
#include "prompts/script.h"
#include "settings/settings.h"

namespace reverie::engine {

/// What is known of a run besides its settings.
struct Foreknowledge {
  const audio::Soundtrack* sound = nullptr;  ///< none: what depends on sound is not tried
  std::optional<std::int64_t> moves;         ///< how often the picture moves before a video ends; none: once
};

/// Adds to `problems`, located, what is wrong with the values of weights, stops, cutoffs, the learning rate
/// and motion: at all steps and frames to which the run surely comes, or at as many of them as are quick,
/// spread evenly, with the first and the last. What depends on depths is passed over, and so is everything
/// behind a scene that may end early, since nobody knows its t. With `warn`, what the run will warn of is
/// said.
void try_moments(const Script& script, const Settings& settings, bool moving, const Foreknowledge& known,
                 bool warn, std::vector<Problem>& problems);

/// Whether any of its expressions depends on sound.
bool follows_sound(const Script& script);

}  // namespace reverie::engine
