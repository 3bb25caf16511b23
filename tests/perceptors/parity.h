#pragma once
// How far the plugin's embeddings, features and gradients are from those that clip_files.py wrote down for
// the same file.

#include <ATen/ATen.h>
#include <json/json.h>

#include <sstream>

#include "engine/host_services.h"
#include "naming.h"
#include "plugins/registry.h"
#include "reverie/features.h"
#include "reverie/perceptor.h"
#include "settings/settings.h"
#include "towers.h"
#include "weights/open.h"
#include "weights/safetensors.h"

namespace reverie::test {

/// Norm of the difference over the norm of what is expected: the largest over rows.
struct Parity {
  double images = 0, gradient = 0, texts = 0;
  double features = 0, features_gradient = 0;  ///< the largest over depths; 0 where none are expected
};

inline double relative_difference(const at::Tensor& result, const at::Tensor& expected) {
  if (result.sizes() != expected.sizes()) return std::numeric_limits<double>::infinity();
  const at::Tensor r = result.detach().to(at::kDouble).flatten(1), e = expected.to(at::kDouble).flatten(1);
  return ((r - e).norm(2, 1) / e.norm(2, 1)).max().item<double>();
}

/// The features and the gradient of the sum of their mean squares, where block_features.py wrote them down.
inline void compare_features(Perceptor& perceptor, const Weights& expected, Parity& result) {
  if (!expected.contains("features_gradient")) return;
  auto* part = extension_of<Features>(perceptor);
  result.features = result.features_gradient = std::numeric_limits<double>::infinity();
  if (!part) return;
  const at::Tensor images = expected.tensor("images").clone().set_requires_grad(true);
  const std::vector<at::Tensor> features = part->features(images);
  if (expected.contains("features." + std::to_string(features.size()))) return;  // there should be more
  result.features = 0;
  at::Tensor sum = at::zeros({});
  for (std::size_t i = 0; i < features.size(); ++i) {
    const at::Tensor wanted = expected.tensor("features." + std::to_string(i));
    result.features = std::max(result.features, relative_difference(features[i], wanted));
    sum = sum + features[i].square().mean();
  }
  sum.backward();
  result.features_gradient = relative_difference(images.grad(), expected.tensor("features_gradient"));
}

/// `params`: those of the plugin that are not to have their defaults.
inline Parity compare(const PluginFile& plugin, engine::HostServices& host, const std::string& weights_path,
                      const std::filesystem::path& expected_path,
                      const std::map<std::string, std::string>& params = {}) {
  const auto expected = weights::read_safetensors(expected_path);
  std::vector<std::string> texts;
  Json::Value list;
  std::istringstream(expected->metadata().at("texts")) >> list;
  for (const Json::Value& text : list) texts.push_back(text.asString());

  Settings chosen = default_params(plugin);
  for (const auto& [name, text] : params) {
    SettingValue value = *chosen.find(name);
    value.text = text;
    chosen.set(name, value);
  }
  const auto perceptor =
      create<Perceptor>(plugin, host, chosen, {"model", weights::open_weights(weights_path)});
  Parity result;
  result.texts = relative_difference(perceptor->embed_texts(texts), expected->tensor("text_embeddings"));
  perceptor->release_text_encoder();
  const at::Tensor images = expected->tensor("images").clone().set_requires_grad(true);
  const at::Tensor embeddings = perceptor->embed_images(images);
  result.images = relative_difference(embeddings, expected->tensor("image_embeddings"));
  (embeddings * expected->tensor("mix")).sum().backward();
  result.gradient = relative_difference(images.grad(), expected->tensor("gradient"));
  compare_features(*perceptor, *expected, result);
  return result;
}

/// The image tower alone, in double, where clip_files.py says what comes of it: only there can the gradients
/// of a large ResNet be compared closely, see with_gradient() in it.
inline Parity compare_in_double(const std::string& weights_path, const Weights& expected) {
  const auto file = weights::read_safetensors(weights_path);
  const auto weights = clip::with_openai_names(*file);
  const auto tower = clip::make_vision_tower(
      clip::infer_shape(*weights),
      [&](const std::string& name) { return weights->tensor(name).to(at::kDouble); },
      clip::Activation::quick_gelu);
  const auto channels = [](double r, double g, double b) {
    return at::tensor({r, g, b}, at::kDouble).view({1, 3, 1, 1});
  };
  const at::Tensor images = expected.tensor("images").to(at::kDouble).set_requires_grad(true);
  const at::Tensor embeddings = (*tower)((images - channels(0.48145466, 0.4578275, 0.40821073)) /
                                         channels(0.26862954, 0.26130258, 0.27577711));
  (embeddings * expected.tensor("mix").to(at::kDouble)).sum().backward();
  Parity result;
  result.images = relative_difference(embeddings, expected.tensor("image_embeddings_double"));
  result.gradient = relative_difference(images.grad(), expected.tensor("gradient_double"));
  return result;
}

}  // namespace reverie::test
