#include "conventions.h"

#include <json/json.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <optional>

namespace reverie::clip {
namespace {

/// A JSON file beside the weights; nothing when there is none.
std::optional<Json::Value> beside(const Weights& weights, const std::string& name) {
  const std::filesystem::path path = std::filesystem::path(weights.origin()).parent_path() / name;
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return std::nullopt;
  constexpr std::uintmax_t kMostBytes = 1 << 20;  // the largest that is published has 20 kB
  if (std::filesystem::file_size(path, ignored) > kMostBytes)
    throw Error(ErrorKind::file,
                "'" + path.string() + "', which should describe the weights beside it, is larger than 1 MB",
                "correct or remove it");
  std::ifstream file(path);
  Json::Value value;
  std::string problem;
  Json::CharReaderBuilder reader;
  bool read = false;
  try {
    read = Json::parseFromStream(reader, file, &value, &problem) && value.isObject();
  } catch (const Json::Exception&) {  // too deeply nested
  }
  if (!read)
    throw Error(ErrorKind::file,
                "'" + path.string() + "', which should describe the weights beside it, is not a JSON object",
                "correct or remove it");
  return value;
}

/// An object's member, or null; never throws, for any content of the file.
const Json::Value& member(const Json::Value& object, const char* name) {
  return object.isObject() ? object[name] : Json::Value::nullSingleton();
}

/// The last four parts of the path, in lower case with '_' as '-': the name of a file in Hugging Face's cache
/// is `models--<owner>--<model>/snapshots/<revision>/<file>`.
std::string marks(const Weights& weights) {
  const std::filesystem::path path = weights.origin();
  std::vector<std::string> parts;
  for (const auto& part : path) parts.push_back(part.string());
  std::string result;
  for (std::size_t i = parts.size() > 4 ? parts.size() - 4 : 0; i < parts.size(); ++i)
    result += "/" + parts[i];
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return c == '_' ? '-' : static_cast<char>(std::tolower(c)); });
  return result;
}

bool has_any(const std::string& text, std::initializer_list<const char*> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](const char* word) { return text.find(word) != std::string::npos; });
}

/// The families that were trained with OpenAI's activation, by what their files are called.
bool named_like_quick_gelu(const std::string& name) {
  if (has_any(name, {"dfn2b-clip-vit-l-14-39b", "dfn2b-s39b"})) return false;  // the exception in its family
  if (has_any(name, {"openai", "quickgelu", "metaclip", "fullcc", "dfn2b", "dfn5b", "yfcc15m", "cc12m"}))
    return true;
  return has_any(name, {"laion400m"}) && has_any(name, {"b-32", "b32", "patch32"});
}

Activation activation_named(const std::string& name, const std::string& where) {
  if (name == "quick_gelu") return Activation::quick_gelu;
  if (name == "gelu") return Activation::gelu;
  throw Error(ErrorKind::unsupported,
              where + " asks for the activation '" + name + "'; known are quick_gelu and gelu",
              "set clip_activation if that is a mistake");
}

std::optional<Activation> from_transformers_config(const Weights& weights) {
  const auto config = beside(weights, "config.json");
  if (!config || !member(*config, "vision_config").isObject()) return std::nullopt;
  std::optional<Activation> result;
  for (const char* tower : {"text_config", "vision_config"}) {
    const Json::Value& name = member(member(*config, tower), "hidden_act");
    // transformers leaves out what equals its default.
    const Activation found = activation_named(name.isString() ? name.asString() : "quick_gelu",
                                              "config.json beside '" + weights.origin() + "'");
    if (result && *result != found)
      throw Error(
          ErrorKind::unsupported,
          "config.json beside '" + weights.origin() + "' asks for different activations of its two towers",
          "set clip_activation if that is a mistake");
    result = found;
  }
  return result;
}

std::optional<Activation> from_open_clip_config(const Weights& weights) {
  const auto config = beside(weights, "open_clip_config.json");
  if (!config || !member(*config, "model_cfg").isObject()) return std::nullopt;
  const Json::Value& quick = member(member(*config, "model_cfg"), "quick_gelu");
  return quick.isBool() && quick.asBool() ? Activation::quick_gelu : Activation::gelu;
}

/// Three numbers, or nothing.
std::optional<std::array<double, 3>> triple(const Json::Value& list) {
  if (!list.isArray() || list.size() != 3) return std::nullopt;
  std::array<double, 3> result;
  for (Json::ArrayIndex i = 0; i < 3; ++i) {
    if (!list[i].isNumeric()) return std::nullopt;
    result[i] = list[i].asDouble();
  }
  return result;
}

std::optional<Normalisation> normalisation_in(const Json::Value& object, const char* mean,
                                              const char* deviation) {
  const auto m = triple(member(object, mean)), d = triple(member(object, deviation));
  if (!m || !d || std::any_of(d->begin(), d->end(), [](double x) { return x <= 0; })) return std::nullopt;
  return Normalisation{*m, *d};
}

}  // namespace

Convention<Activation> find_activation(const Weights& weights) {
  const auto declared = weights.metadata().find("clip.activation");
  if (declared != weights.metadata().end())
    return {activation_named(declared->second, "the metadata of '" + weights.origin() + "'"),
            "its metadata says so"};
  const bool transformers = recognise(weights) == Naming::transformers;
  if (const auto found = transformers ? from_transformers_config(weights) : from_open_clip_config(weights))
    return {*found, "the configuration beside it says so"};
  for (const std::string& name : weights.names()) {
    const std::size_t dot = name.rfind('.');
    if (name.substr(dot == std::string::npos ? 0 : dot + 1) == "input_resolution")
      return {Activation::quick_gelu, "it is one of OpenAI's own files"};
  }
  if (named_like_quick_gelu(marks(weights))) return {Activation::quick_gelu, "its name suggests so", true};
  if (transformers) return {Activation::quick_gelu, "files in transformers' naming mostly have it", true};
  return {Activation::gelu, "files in open_clip's naming mostly have it", true};
}

Convention<Normalisation> find_normalisation(const Weights& weights) {
  std::optional<Normalisation> found;
  if (const auto config = beside(weights, "open_clip_config.json"))
    found = normalisation_in(member(*config, "preprocess_cfg"), "mean", "std");
  if (!found)
    if (const auto config = beside(weights, "preprocessor_config.json"))
      found = normalisation_in(*config, "image_mean", "image_std");
  if (found) return {*found, "the configuration beside it says so"};
  if (has_any(marks(weights), {"vit-l-14-laion2b-s32b-b82k"}))
    return {kHalfNormalisation, "its name suggests so", true};
  return {kOpenaiNormalisation, "nearly every CLIP model has it", true};
}

}  // namespace reverie::clip
