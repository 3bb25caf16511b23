#include "settings/names.h"

#include <algorithm>
#include <mutex>
#include <set>

#include "base/nearest.h"
#include "base/texts.h"
#include "settings/likely_setting.h"

namespace reverie {
namespace {

/// "Limited Palette" as files are called.
std::string folded(const std::string& name) {
  std::string result = lower(trimmed(name));
  std::replace(result.begin(), result.end(), ' ', '_');
  return result;
}

std::string without_alias(const std::string& name) {
  const std::string plain = lower(trimmed(name));
  const char* alias = alias_of(plain);
  return alias ? alias : plain;
}

std::string name_of(const std::string& plugin) { return lower(plugin.substr(plugin.find('/') + 1)); }

/// A name in front of the last '.', and behind it.
std::pair<std::string, std::string> parts_of(const std::string& written) {
  const std::size_t dot = written.rfind('.');
  if (dot == std::string::npos) return {"", written};
  return {written.substr(0, dot), written.substr(dot + 1)};
}

}  // namespace

std::vector<const ParamSpec*> own_params(const PluginParams& plugin) {
  std::vector<const ParamSpec*> result;
  for (const ParamSpec& spec : plugin.specs)
    if (plugin.unusable.empty() && !spec.host_setting) result.push_back(&spec);
  return result;
}

namespace {

/// A text that outlives everything: a declaration only points to its texts.
const char* lasting(const std::string& text) {
  static std::set<std::string> texts;
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  return texts.insert(text).first->c_str();
}

/// As people write it.
std::string common_name(const PluginParams& plugin) {
  const std::vector<std::string> aliases = filled_parts(plugin.aliases, "|");
  return aliases.empty() ? plugin.plugin.substr(plugin.plugin.find('/') + 1) : aliases[0];
}

}  // namespace

std::vector<Setting> settings_with_plugins(std::span<const PluginParams> installed) {
  const std::span<const Setting> table = settings_table();
  std::vector<Setting> result(table.begin(), table.end());
  for (Setting& setting : result) {
    if (!*setting.plugins) continue;
    const std::string kind = std::string(setting.plugins) + "/";
    std::string first, others;  // with its role, and without
    for (const PluginParams& plugin : installed) {
      if (plugin.plugin.rfind(kind, 0) != 0) continue;
      const std::vector<std::string> roles = filled_parts(plugin.roles, "|");
      const bool has_role = std::find(roles.begin(), roles.end(), setting.spec.name) != roles.end();
      if (has_role && setting.default_is_plugin) setting.spec.default_text = lasting(common_name(plugin));
      std::string& names = has_role ? first : others;
      names += (names.empty() ? "" : ", ") + common_name(plugin);
    }
    if (!first.empty() && !others.empty()) first += ", ";
    if (!first.empty() || !others.empty())
      setting.spec.help_text = lasting(setting.spec.help_text + (": " + first) + others);
  }
  return result;
}

SettingNames::SettingNames(std::span<const PluginParams> plugins) : plugins_(plugins) {
  for (const Setting& setting : settings_table()) settings_[lower(setting.spec.name)] = &setting;
  for (std::size_t i = 0; i < plugins.size(); ++i) {
    auto& params = params_.emplace_back();
    for (const ParamSpec* spec : own_params(plugins[i])) {
      params[lower(spec->name)] = spec;
      declared_by_[lower(spec->name)].push_back(i);
    }
  }
}

/// Those of that name, whatever their kind, or of that kind and name; else those of that alias.
std::vector<std::size_t> SettingNames::called(const std::string& plugin) const {
  std::vector<std::size_t> result;
  for (std::size_t i = 0; i < plugins_.size(); ++i) {
    const std::string& title = plugins_[i].plugin;
    if (folded(plugin) == name_of(title) || folded(plugin) == lower(title)) result.push_back(i);
  }
  for (std::size_t i = 0; result.empty() && i < plugins_.size(); ++i)
    for (const std::string& alias : filled_parts(plugins_[i].aliases, "|"))
      if (lower(alias) == lower(trimmed(plugin))) result.push_back(i);
  return result;
}

SettingName SettingNames::find(const std::string& written) const {
  const std::string name = without_alias(written);
  if (settings_.count(name)) return {name, {}, false};
  if (const auto found = declared_by_.find(name); found != declared_by_.end())
    return {name, found->second, false};
  const auto [plugin, last] = parts_of(written);
  if (plugin.empty()) return {};
  SettingName result{without_alias(last), called(plugin), true};
  std::erase_if(result.plugins, [&](std::size_t i) { return !param(i, result.name); });
  return result.plugins.empty() ? SettingName() : result;
}

std::string SettingNames::identity(const std::string& written) const {
  const SettingName found = find(written);
  if (found.name.empty()) return without_alias(written);
  std::string result = found.name;
  if (found.qualified)
    for (const std::size_t plugin : found.plugins) result += " " + plugins_[plugin].plugin;
  return result;
}

std::string SettingNames::missing(const std::string& written) const {
  const std::string message = "there is no setting '" + written + "'";
  const auto suggest = [](const std::string& near, const std::string& otherwise) {
    return near.empty() ? "; " + otherwise : "; did you mean '" + near + "'?";
  };
  const auto [plugin, last] = parts_of(written);
  if (plugin.empty()) {
    std::vector<std::string> names;
    for (const auto& [name, setting] : settings_) names.push_back(setting->spec.name);
    for (const auto& [name, plugins] : declared_by_) names.push_back(param(plugins[0], name)->name);
    std::sort(names.begin(), names.end(),
              [](const std::string& a, const std::string& b) { return lower(a) < lower(b); });
    return message + suggest(likely_setting(written, names), "reverie settings lists them all");
  }
  const std::vector<std::size_t> meant = called(plugin);
  if (meant.empty()) {
    std::vector<std::string> names;
    for (const PluginParams& other : plugins_) names.push_back(name_of(other.plugin));
    const std::string near = nearest(plugin, names);
    return message + ": no plugin '" + plugin + "' is installed" +
           suggest(near.empty() ? "" : near + "." + last, "reverie plugins list shows those that are");
  }
  const PluginParams& first = plugins_[meant[0]];
  if (!first.unusable.empty()) return message + ": " + first.plugin + ": " + first.unusable;
  if (settings_.count(without_alias(last)))
    return message + ": '" + without_alias(last) +
           "' is a setting of the program, and is written without a plugin";
  std::vector<std::string> names;
  for (const auto& [name, spec] : params_[meant[0]]) names.push_back(spec->name);
  const std::string near = nearest(last, names);
  return message + ": the plugin " + first.plugin + " has no parameter '" + last + "'" +
         suggest(near.empty() ? "" : plugin + "." + near,
                 "reverie plugins describe " + first.plugin + " lists them");
}

const ParamSpec* SettingNames::param(std::size_t plugin, const std::string& lower_case_name) const {
  const auto found = params_[plugin].find(lower_case_name);
  return found == params_[plugin].end() ? nullptr : found->second;
}

std::string SettingNames::qualified(std::size_t plugin, const std::string& name) const {
  const std::string& title = plugins_[plugin].plugin;
  const std::string shared = name_of(title);
  const auto declared = declared_by_.find(lower(name));
  const bool unique = declared == declared_by_.end() ||
                      std::none_of(declared->second.begin(), declared->second.end(), [&](std::size_t other) {
                        return other != plugin && name_of(plugins_[other].plugin) == shared;
                      });
  return (unique ? title.substr(title.find('/') + 1) : title) + "." + name;
}

}  // namespace reverie
