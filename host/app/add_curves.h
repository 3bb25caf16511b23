#pragma once
// The setting curves_file: values of other settings, from a file.

#include "plugins/registry.h"
#include "settings/groups.h"
#include "settings/run_settings.h"

namespace reverie::app {

/// Adds the entries of the file that `settings` name, before those of the place that names it: settings that
/// are written there win, with a notice. Mistakes in the file are added to the problems. False if no file is
/// named: nothing has changed.
bool add_curves(const RunSettings& settings, const MayRead& may_read, const PluginRegistry& registry,
                const std::vector<PluginParams>& installed, GatheredSettings& gathered);

}  // namespace reverie::app
