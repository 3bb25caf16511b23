#pragma once
// The setting curves_file: values of other settings, from a file.

#include "plugins/registry.h"
#include "settings/groups.h"
#include "settings/run_settings.h"

namespace reverie::app {

/// Puts what the file that `settings` name says among the entries, before those of the place that names it:
/// what stands there itself wins, with a notice. What is wrong with it is added to the problems. False if
/// they name no file: nothing has changed.
bool add_curves(const RunSettings& settings, const MayRead& may_read, const PluginRegistry& registry,
                const std::vector<PluginParams>& installed, GatheredSettings& gathered);

}  // namespace reverie::app
