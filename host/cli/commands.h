#pragma once
// The commands of the command line that run plans or show what is installed. Each returns the process' exit
// status.

#include "app/plan.h"
#include "app/rank_forecast.h"
#include "distributed/ranks.h"

namespace reverie::cli {

/// What a run that ended without an exception has made.
struct RunReport {
  std::int64_t pictures = 0;
  std::string folder;
};

/// `ranks`: the processes that share the run; null: this one alone.
int render_command(const app::Plan& plan, const PluginRegistry& registry, RunReport* report = nullptr,
                   distributed::Ranks* ranks = nullptr);
int preview_motion_command(const app::Plan& plan, const PluginRegistry& registry,
                           RunReport* report = nullptr);
int check_command(const app::Plan& plan, const PluginRegistry& registry, bool memory,
                  const std::optional<app::RankQuestion>& ranks);
/// Prints what varies, as a table; with `svg`, draws it into that file.
int curves_command(const app::Plan& plan, const std::string& svg);
int list_plugins(const PluginRegistry& registry);
int describe_plugin(const PluginRegistry& registry, const std::string& name);
/// All settings, or those that are named.
int list_settings(const std::vector<std::string>& chosen, bool markdown, const PluginRegistry& registry);

/// Of the program and of all plugins.
std::vector<std::string> setting_names(const PluginRegistry& registry);

}  // namespace reverie::cli
