#include "plugins/declaration_text.h"

#include <json/json.h>

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace reverie {
namespace {

// Each field once, for both directions.

template <typename Spec, typename Each>
void each_field(Spec& spec, Each each) {
  each("name", spec.name);
  each("type", spec.type);
  each("required", spec.required);
  each("animatable", spec.animatable);
  each("nullable", spec.nullable);
  each("has_min", spec.has_min);
  each("has_max", spec.has_max);
  each("exclusive_min", spec.exclusive_min);
  each("host_setting", spec.host_setting);
  each("min", spec.min);
  each("max", spec.max);
  each("default_number", spec.default_number);
  each("default_text", spec.default_text);
  each("choices", spec.choices);
  each("unit_name", spec.unit_name);
  each("help_text", spec.help_text);
  each("asset", spec.asset);
  each("fallback_text", spec.fallback_text);
  each("variables", spec.variables);
}

template <typename Descriptor, typename Each>
void each_field_of_plugin(Descriptor& plugin, Each each) {
  each("kind", plugin.kind);
  each("interface_version", plugin.interface_version);
  each("name", plugin.name);
  each("version", plugin.version);
  each("summary", plugin.summary);
  each("aliases", plugin.aliases);
  each("roles", plugin.roles);
}

struct Write {
  Json::Value& out;
  void operator()(const char* key, const char* text) const { out[key] = text; }
  void operator()(const char* key, bool value) const { out[key] = value; }
  void operator()(const char* key, double value) const { out[key] = value; }
  void operator()(const char* key, std::uint32_t value) const { out[key] = value; }
  void operator()(const char* key, ParamType value) const { out[key] = static_cast<std::uint32_t>(value); }
  void operator()(const char* key, AssetKind value) const { out[key] = static_cast<std::uint32_t>(value); }
};

/// Throws Json::Exception where a value is of another type.
struct Read {
  const Json::Value& in;
  std::deque<std::string>& texts;
  void operator()(const char* key, const char*& text) const {
    text = texts.emplace_back(in[key].asString()).c_str();
  }
  void operator()(const char* key, bool& value) const { value = in[key].asBool(); }
  void operator()(const char* key, double& value) const { value = in[key].asDouble(); }
  void operator()(const char* key, std::uint32_t& value) const { value = in[key].asUInt(); }
  void operator()(const char* key, ParamType& value) const {
    value = static_cast<ParamType>(at_most(in[key].asUInt(), static_cast<std::uint32_t>(ParamType::list)));
  }
  void operator()(const char* key, AssetKind& value) const {
    value = static_cast<AssetKind>(at_most(in[key].asUInt(), static_cast<std::uint32_t>(AssetKind::image)));
  }
  static std::uint32_t at_most(std::uint32_t value, std::uint32_t limit) {
    if (value > limit) throw Json::LogicError("no such value");
    return value;
  }
};

/// What a reconstructed descriptor points to.
struct Declaration {
  std::deque<std::string> texts;
  std::vector<ParamSpec> params;
  PluginDescriptor descriptor{};
};

std::unique_ptr<Declaration> read(const std::string& text) {
  Json::Value json;
  const std::unique_ptr<Json::CharReader> reader(Json::CharReaderBuilder().newCharReader());
  if (!reader->parse(text.data(), text.data() + text.size(), &json, nullptr) || !json.isObject() ||
      !json["params"].isArray())
    return nullptr;
  auto made = std::make_unique<Declaration>();
  try {
    each_field_of_plugin(made->descriptor, Read{json, made->texts});
    for (const Json::Value& param : json["params"])
      each_field(made->params.emplace_back(), Read{param, made->texts});
  } catch (const Json::Exception&) {
    return nullptr;
  }
  made->descriptor.params = made->params.data();
  made->descriptor.param_count = static_cast<std::uint32_t>(made->params.size());
  return made;
}

}  // namespace

std::string declaration_text(const PluginDescriptor& plugin) {
  Json::Value json;
  each_field_of_plugin(plugin, Write{json});
  Json::Value& params = json["params"] = Json::Value(Json::arrayValue);
  for (std::uint32_t i = 0; i < plugin.param_count; ++i)
    each_field(plugin.params[i], Write{params.append(Json::Value())});
  Json::StreamWriterBuilder writer;
  writer["indentation"] = "";
  return Json::writeString(writer, json);
}

const PluginDescriptor* declared_by(const std::string& text) {
  static std::mutex mutex;
  static auto* const known = new std::map<std::string, std::unique_ptr<Declaration>>;  // never destroyed
  const std::lock_guard lock(mutex);
  auto found = known->find(text);
  if (found == known->end()) {
    std::unique_ptr<Declaration> made = read(text);
    if (!made) return nullptr;
    found = known->emplace(text, std::move(made)).first;
  }
  return &found->second->descriptor;
}

}  // namespace reverie
