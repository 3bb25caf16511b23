#pragma once
// What the names in settings files and on the command line mean: settings of the program, and parameters of
// plugins, written `name`, `plugin.name` or `kind/plugin.name`.

#include <map>
#include <span>
#include <string>
#include <vector>

#include "settings/table.h"

namespace reverie {

/// A plugin's declared parameters, as far as settings are concerned.
struct PluginParams {
  std::string plugin;  ///< kind/name
  std::span<const ParamSpec> specs;
  std::string aliases = {};   ///< separated by '|'
  std::string unusable = {};  ///< why its parameters are not settings; empty if they are
  std::string roles = {};     ///< settings that use it without naming it, separated by '|'
};

/// settings_table() with what follows from the installed plugins: defaults (Setting::default_is_plugin; of
/// several plugins with the role, the last of `installed` counts), and help texts that list the plugins which
/// a setting may name.
std::vector<Setting> settings_with_plugins(std::span<const PluginParams> installed);

/// Those that are settings: not what a plugin reads of the program's.
std::vector<const ParamSpec*> own_params(const PluginParams& plugin);

/// What one name means.
struct SettingName {
  std::string name;                  ///< in lower case, aliases replaced; empty: no setting has this name
  std::vector<std::size_t> plugins;  ///< whose parameter it is; empty: a setting of the program
  bool qualified = false;            ///< written with a plugin's name
};

class SettingNames {
 public:
  /// `plugins`: all that are installed. Must outlive this.
  explicit SettingNames(std::span<const PluginParams> plugins);

  SettingName find(const std::string& written) const;

  /// The same for all ways to write one name.
  std::string identity(const std::string& written) const;

  /// Why find() finds nothing, and what was probably meant.
  std::string missing(const std::string& written) const;

  /// The plugin's own parameter; null if it declares none of that name.
  const ParamSpec* param(std::size_t plugin, const std::string& lower_case_name) const;

  /// `plugin.name`, or `kind/plugin.name` where plugins of two kinds share name and parameter.
  std::string qualified(std::size_t plugin, const std::string& name) const;

 private:
  std::vector<std::size_t> called(const std::string& plugin) const;

  std::span<const PluginParams> plugins_;
  std::map<std::string, const Setting*> settings_;               // of the program, by name in lower case
  std::map<std::string, std::vector<std::size_t>> declared_by_;  // parameters
  std::vector<std::map<std::string, const ParamSpec*>> params_;  // by plugin
};

}  // namespace reverie
