#pragma once
// How far the plugin's embeddings and gradients are from those that clip_files.py wrote down for the same
// file.

#include <ATen/ATen.h>
#include <json/json.h>

#include <sstream>

#include "engine/host_services.h"
#include "plugins/registry.h"
#include "reverie/perceptor.h"
#include "settings/settings.h"
#include "weights/safetensors.h"

namespace reverie::test {

/// Norm of the difference over the norm of what is expected: the largest over rows.
struct Parity {
  double images = 0, gradient = 0, texts = 0;
};

inline double relative_difference(const at::Tensor& result, const at::Tensor& expected) {
  if (result.sizes() != expected.sizes()) return std::numeric_limits<double>::infinity();
  const at::Tensor r = result.detach().to(at::kDouble).flatten(1), e = expected.to(at::kDouble).flatten(1);
  return ((r - e).norm(2, 1) / e.norm(2, 1)).max().item<double>();
}

/// The settings that a plugin declares, at their defaults.
inline Settings plugin_defaults(const PluginFile& plugin) {
  Settings settings;
  for (std::uint32_t i = 0; i < plugin.descriptor->param_count; ++i)
    settings.set(plugin.descriptor->params[i].name, default_value(plugin.descriptor->params[i]));
  return settings;
}

inline Parity compare(const PluginFile& plugin, HostServices& host, const std::string& weights_path,
                      const std::filesystem::path& expected_path) {
  const auto expected = read_safetensors(expected_path);
  std::vector<std::string> texts;
  Json::Value list;
  std::istringstream(expected->metadata().at("texts")) >> list;
  for (const Json::Value& text : list) texts.push_back(text.asString());

  const auto perceptor =
      create<Perceptor>(plugin, host, plugin_defaults(plugin), {"model", host.load_weights(weights_path)});
  Parity result;
  result.texts = relative_difference(perceptor->embed_texts(texts), expected->tensor("text_embeddings"));
  perceptor->release_text_encoder();
  const at::Tensor images = expected->tensor("images").clone().set_requires_grad(true);
  const at::Tensor embeddings = perceptor->embed_images(images);
  result.images = relative_difference(embeddings, expected->tensor("image_embeddings"));
  (embeddings * expected->tensor("mix")).sum().backward();
  result.gradient = relative_difference(images.grad(), expected->tensor("gradient"));
  return result;
}

}  // namespace reverie::test
