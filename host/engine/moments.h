#pragma once
// Tries expressions of t before a run, at the moments when they will first be needed.

#include <vector>

#include "prompts/script.h"
#include "settings/settings.h"

namespace reverie {

/// Adds to `problems`, located, what is wrong with the values of weights, stops, cutoffs and motion at the
/// first moment at which the run surely evaluates each. What depends on more than t is passed over.
void try_first_moments(const Script& script, const Settings& settings, bool moving,
                       std::vector<Problem>& problems);

}  // namespace reverie
