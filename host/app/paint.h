#pragma once
// What `reverie paint` and the studio's *Make* choose for words: preset, perceptors, number of steps.

#include <string>

#include "app/plan.h"

namespace reverie::app {

/// The plan for `words`, with the preset that suits them below the settings in `from`. What `from` does not
/// choose is chosen: perceptors that know such things, and as many steps as fit into about 25 seconds on this
/// machine. `from.text` is not used. Takes a second or two, because it loads and times the perceptors. Throws
/// Error and SettingsError as make_plan() does.
Plan make_paint_plan(const SettingsSources& from, const std::string& words, const PluginRegistry& registry,
                     const FindMore& find_more = {});

}  // namespace reverie::app
