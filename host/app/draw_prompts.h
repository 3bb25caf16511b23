#pragma once
// Draws the wildcards of prompts, before the prompts are parsed.

#include <filesystem>
#include <string>
#include <vector>

#include "settings/groups.h"
#include "settings/run_settings.h"

namespace reverie::app {

/// With `wildcards`, puts drawn texts in the place of `scenes`, `scene_prefix`, `scene_suffix` and `prompts`,
/// and switches `wildcards` off: the same settings make the same run again. What was drawn is added to
/// `choices`. Without it, `notices` say where a text has the form of a wildcard. A seed that is not given
/// is chosen. Problems are located. `beside`: the folder of the settings file.
void draw_prompts(RunSettings& settings, const std::filesystem::path& beside, const MayRead& may_read,
                  std::vector<Problem>& problems, std::vector<std::string>& choices,
                  std::vector<std::string>& notices);

/// Gives the setting `seed` a number from the clock if it has none.
void choose_seed(Settings& settings);

}  // namespace reverie::app
