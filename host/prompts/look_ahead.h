#pragma once
// Finds expressions that will fail later in a run, before it begins.

#include "engine/timeline.h"
#include "prompts/script.h"

namespace reverie {

/// Evaluates weights, stops, cutoffs and motion at the t that the run will have: those of each scene's own
/// steps, and for motion those of its frames; of long runs, evenly spread ones. Expressions of what is only
/// known later (sound, depths) are left out. What is sure to end the run is added to `problems`; what does so
/// unless a scene or the video ends before, to `notices`.
void look_ahead(const Script& script, const Settings& settings, std::vector<Problem>& problems,
                std::vector<std::string>& notices);

}  // namespace reverie
