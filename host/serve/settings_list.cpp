#include "serve/settings_list.h"

#include <map>
#include <span>

#include "app/chosen_plugins.h"
#include "base/nearest.h"
#include "base/texts.h"

namespace reverie::serve {

using app::installed_params;

namespace {

const char* name_of(ParamType type) {
  constexpr const char* kNames[] = {"boolean", "integer", "number", "text", "choice", "list"};
  return kNames[static_cast<std::size_t>(type)];
}

/// "image_models" as a heading.
std::string heading(std::string kind) {
  for (char& c : kind)
    if (c == '_') c = ' ';
  if (!kind.empty() && kind[0] >= 'a' && kind[0] <= 'z') kind[0] = static_cast<char>(kind[0] - 'a' + 'A');
  return "Plugins: " + kind;
}

Json::Value default_of(const ParamSpec& spec) {
  const SettingValue value = default_value(spec);
  if (value.null || spec.required) return Json::Value::null;
  if (spec.animatable) return value.text;
  switch (spec.type) {
    case ParamType::boolean:
      return value.number != 0;
    case ParamType::integer:
      return Json::Int64(value.number);
    case ParamType::number:
      return value.number;
    case ParamType::list: {
      Json::Value list(Json::arrayValue);
      for (const std::string& item : value.list) list.append(item);
      return list;
    }
    default:
      return value.text;
  }
}

Json::Value json_of(const ParamSpec& spec, const std::string& name, const std::string& group) {
  Json::Value value;
  value["name"] = name;
  value["group"] = group;
  value["type"] = name_of(spec.type);
  value["required"] = spec.required;
  value["nullable"] = spec.nullable;
  value["expression"] = spec.animatable;
  value["default"] = default_of(spec);
  value["default_text"] = default_text(spec);
  value["takes"] = allowed(spec);
  value["minimum"] = spec.has_min ? Json::Value(spec.min) : Json::Value::null;
  value["maximum"] = spec.has_max ? Json::Value(spec.max) : Json::Value::null;
  value["above_minimum"] = spec.exclusive_min;
  value["choices"] = Json::arrayValue;
  if (spec.type == ParamType::choice)
    for (const std::string& word : split(spec.choices, "|")) value["choices"].append(word);
  value["file"] = spec.asset == AssetKind::image ? "picture" : "";
  value["unit"] = spec.unit_name;
  value["help"] = spec.help_text;
  value["plugins"] = Json::arrayValue;
  return value;
}

/// Whether all plugins that have a parameter of this name take the same, and have the same default.
bool is_declared_alike(const SettingNames& names, const ParamSpec& spec) {
  const std::string name = lower(spec.name);
  for (const std::size_t plugin : names.find(name).plugins) {
    const ParamSpec& other = *names.param(plugin, name);
    if (allowed(other) != allowed(spec) || default_text(other) != default_text(spec)) return false;
  }
  return true;
}

}  // namespace

Json::Value settings_list(const PluginRegistry& registry) {
  Json::Value settings(Json::arrayValue);
  std::map<std::string, Json::ArrayIndex> place;
  for (const Setting& setting : settings_with_plugins(installed_params(registry))) {
    place[lower(setting.spec.name)] = settings.size();
    Json::Value& value = settings.append(json_of(setting.spec, setting.spec.name, setting.section));
    if (setting.takes_groups) value["type"] = "groups";
    value["takes"] = allowed(setting);
  }
  const std::vector<PluginParams> installed = installed_params(registry);
  const SettingNames names(installed);
  for (std::size_t i = 0; i < installed.size(); ++i) {
    const std::string& title = installed[i].plugin;
    const std::size_t slash = title.find('/');
    for (const ParamSpec& spec : installed[i].specs) {
      if (!installed[i].unusable.empty()) continue;
      // Plugins share a field that takes the same in all of them. Otherwise each has one under its long name.
      const bool same = is_declared_alike(names, spec);
      const std::string name = spec.host_setting || same ? spec.name : names.qualified(i, spec.name);
      if (const auto [found, first] = place.emplace(lower(name), settings.size()); first)
        settings.append(json_of(spec, name, heading(title.substr(0, slash))));
      settings[place[lower(name)]]["plugins"].append(title.substr(slash + 1));
    }
  }
  Json::Value plugins(Json::arrayValue);
  for (const PluginFile& file : registry.files()) {
    if (!file.descriptor || file.state != PluginFile::State::usable) continue;
    Json::Value plugin;
    plugin["kind"] = file.kind;
    plugin["name"] = file.name;
    plugin["summary"] = file.descriptor->summary;
    plugins.append(plugin);
  }
  Json::Value result;
  result["settings"] = settings;
  result["plugins"] = plugins;
  return result;
}

}  // namespace reverie::serve
