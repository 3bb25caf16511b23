#include "serve/settings_list.h"

#include <map>
#include <span>

#include "plugins/registry.h"
#include "reverie/audio_filter.h"
#include "settings/resolve.h"
#include "settings/texts.h"

namespace reverie {
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

Json::Value json_of(const ParamSpec& spec, const std::string& group) {
  Json::Value value;
  value["name"] = spec.name;
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
  value["unit"] = spec.unit_name;
  value["help"] = spec.help_text;
  value["plugins"] = Json::arrayValue;
  return value;
}

}  // namespace

Json::Value settings_list(const PluginRegistry& registry) {
  Json::Value settings(Json::arrayValue);
  std::map<std::string, Json::ArrayIndex> place;
  for (const Setting& setting : settings_table()) {
    place[setting.spec.name] = settings.size();
    Json::Value& value = settings.append(json_of(setting.spec, setting.group));
    if (setting.groups) value["type"] = "groups";
    value["takes"] = allowed(setting);
  }
  Json::Value plugins(Json::arrayValue);
  for (const PluginFile& file : registry.files()) {
    if (!file.descriptor || file.state != PluginFile::State::usable) continue;
    Json::Value plugin;
    plugin["kind"] = file.kind;
    plugin["name"] = file.name;
    plugin["summary"] = file.descriptor->summary;
    plugins.append(plugin);
    if (has_grouped_params(file.kind)) continue;  // theirs stand in groups of another setting
    for (const ParamSpec& spec : std::span(file.descriptor->params, file.descriptor->param_count)) {
      // Plugins may share a setting with each other and with the table.
      if (const auto [found, first] = place.emplace(spec.name, settings.size()); first)
        settings.append(json_of(spec, heading(file.kind)));
      settings[place[spec.name]]["plugins"].append(file.name);
    }
  }
  Json::Value result;
  result["settings"] = settings;
  result["plugins"] = plugins;
  return result;
}

}  // namespace reverie
