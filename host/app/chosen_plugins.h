#pragma once
// Which plugins settings name, and their parameters.

#include <functional>
#include <vector>

#include "plugins/registry.h"
#include "settings/resolve.h"

namespace reverie::app {

/// All plugins and what they declare, also those whose parameters are no settings.
std::vector<PluginParams> installed_params(const PluginRegistry& registry);

/// "kind/name", for messages.
std::string title(const PluginFile& plugin);

/// The plugins of `outputs`. Those that are not there are added to `problems`.
std::vector<const PluginFile*> chosen_sinks(const Settings& settings, const PluginRegistry& registry,
                                            std::vector<Problem>& problems);

/// The viewers that the settings name, or else the terminal's, and those that have a setting of their own.
std::vector<const PluginFile*> chosen_viewers(const Settings& settings, const PluginRegistry& registry,
                                              bool on_terminal, std::vector<Problem>& problems);

/// Puts plugins' parameters in force; what is wrong with them is added to `problems`.
void choose(RunSettings& settings, const std::vector<const PluginFile*>& plugins,
            std::vector<Problem>& problems);
void choose(RunSettings& settings, const PluginFile& plugin, std::vector<Problem>& problems);

/// The values for a plugin's constructor: its parameters, and the settings of the program that it reads.
Settings params_for(const PluginFile& plugin, const RunSettings& settings);

/// An Error that `find` throws becomes a problem of that setting, with its location. Problems that already
/// have one stay as they are.
void collect(std::vector<Problem>& problems, const Settings& settings, const std::string& setting,
             const std::function<void()>& find);

}  // namespace reverie::app
