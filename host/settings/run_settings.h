#pragma once
// The settings of a run: the program's own, and apart from them the parameters of each plugin. Only those of
// plugins that the run has chosen are in force.

#include "settings/names.h"
#include "settings/settings.h"

namespace reverie {

/// One plugin's parameters, each checked by its own declaration.
struct PluginSettings {
  std::string plugin;  ///< kind/name
  bool chosen = false;
  Settings values;  ///< all that it declares; the default where a value is wrong
  /// What is wrong, by parameter in lower case. See RunSettings::problems().
  std::map<std::string, Problem, std::less<>> problems;
  std::vector<Problem> missing;  ///< parameters that have no default and no value
  /// Of those that were written: where they come from. One entry may be for several plugins.
  struct Origin {
    std::size_t entry = 0;
    bool shared = false;  ///< written without a plugin's name
    Location location;
  };
  std::map<std::string, Origin, std::less<>> written;
};

/// Itself, it is the settings of the program.
class RunSettings : public Settings {
 public:
  /// Puts the parameters of a plugin in force. One that is not known has none.
  void choose(const std::string& plugin);

  /// What is wrong with the values of chosen plugins; names that chosen plugins declare as different types,
  /// where one written value would be for both; and values that no chosen plugin takes, nor any installed one
  /// would.
  std::vector<Problem> problems() const;

  /// Values that are written, are not the default, and are for plugins that are not chosen alone: by name, as
  /// written, with the plugins that would read it. For lists of what has no effect.
  std::map<std::string, std::vector<std::string>> unread() const;

  /// Null if it is not known.
  const PluginSettings* of(const std::string& plugin) const;

  const SettingValue* find_param(const std::string& plugin, std::string_view name) const;
  void set_param(const std::string& plugin, const std::string& name, SettingValue value);

  /// Values that come from this file are no lines: whoever reads the lines reads the file again.
  void leave_out(const std::string& file) { left_out_ = file; }

  struct Line {
    std::string name;
    const SettingValue* value;
  };
  /// What makes the same run again: the program's settings, the parameters of chosen plugins, and what else
  /// was written, by the shortest name that means the same. The order does not depend on what is chosen.
  std::vector<Line> lines() const;

 private:
  friend class SettingsResolver;
  bool is_taken(const std::string& lower_case_name) const;
  std::map<std::string, Problem> ambiguous_names() const;
  std::vector<Problem> misfits() const;
  bool is_left_out(const SettingValue& value) const {
    return !left_out_.empty() && value.location.file == left_out_;
  }
  std::string left_out_;                 // a file; empty: none
  std::vector<PluginSettings> plugins_;  // all that are installed, in the registry's order
};

/// The settings as `name: value` lines (YAML), in the order of the documentation.
std::string settings_yaml(const RunSettings& settings);

/// What a run leaves of its settings, as one JSON object: all but output_dir and backup_dir.
std::string settings_json(const RunSettings& settings);

}  // namespace reverie
