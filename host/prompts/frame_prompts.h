#pragma once
// Prompts at frames: the setting `prompts`.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "prompts/prompt.h"
#include "settings/settings.h"

namespace reverie {

/// Whether `prompts` is set instead of `scenes`.
bool has_frame_prompts(const Settings& settings);

/// The one scene that `prompts` describes: all of them, each with a weight that fades it in at its frame and
/// out at the next one's, over `prompt_fade`. `constants` are fps, bpm and max_f. Problems are without their
/// location.
std::vector<Scene> parse_frame_prompts(const Settings& settings,
                                       const std::map<std::string, double>& constants,
                                       const std::set<std::string>& sound, std::vector<std::string>& problems,
                                       std::vector<std::string>& notices);

}  // namespace reverie
