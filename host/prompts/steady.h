#pragma once
// A script whose expressions do not vary, for trials at other moments than the run's.

#include "prompts/script.h"

namespace reverie {

/// Each expression is replaced by a number that it has in the run: weights by their largest, so that what
/// counts at any time counts; the others by their first. Where it has none that is known yet (sound, depths),
/// weights are 1, stops are off, cutoffs in the middle and motion is at its declared default.
Script steady(const Script& script, const Settings& settings);

}  // namespace reverie
