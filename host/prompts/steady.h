#pragma once
// A script whose expressions do not vary, for trials at other moments than the run's.

#include <map>
#include <string>

#include "prompts/script.h"

namespace reverie {

/// Each expression is replaced by a number that it has in the run: weights by their largest, so that what
/// counts at any time counts; the others by their first. Where it has none that is known yet (sound, depths),
/// weights are 1, stops are off, cutoffs in the middle and motion is at its declared default.
Script steady(const Script& script, const Settings& settings);

/// What settings that vary count as where one number is needed, such as for a plugin's constructor: what they
/// are first in the run, and the largest number of cutouts. By name; those of the program, of the image model
/// and of the animation mode, as far as they are single numbers.
std::map<std::string, double> beginnings(const Script& script, const Settings& settings);

}  // namespace reverie
