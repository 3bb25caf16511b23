#pragma once
// CLIP networks small enough to be checked by hand-written loops, with random weights in OpenAI's naming.

#include <ATen/ATen.h>

#include "reverie/weights.h"
#include "support/numbers.h"

namespace reverie::test {

class ToyWeights final : public Weights {
 public:
  std::vector<std::string> names() const override {
    std::vector<std::string> result;
    for (const auto& [name, tensor] : tensors) result.push_back(name);
    return result;
  }
  bool contains(const std::string& name) const override { return tensors.count(name) > 0; }
  at::Tensor tensor(const std::string& name) const override {
    const auto found = tensors.find(name);
    if (found == tensors.end()) throw Error(ErrorKind::model, "weights 'toy' hold no tensor '" + name + "'");
    return found->second;
  }
  const std::map<std::string, std::string>& metadata() const override { return texts; }
  std::string origin() const override { return path; }

  /// Random values around `mean`, about as large as a trained network's.
  void add(const std::string& name, at::IntArrayRef sizes, double mean = 0, double deviation = 0.1) {
    tensors[name] = (at::randn(sizes, generator_, at::kDouble) * deviation + mean).to(at::kFloat);
  }
  void add_norm(const std::string& prefix, std::int64_t width) {
    add(prefix + ".weight", {width}, 1, 0.2);
    add(prefix + ".bias", {width});
  }
  void add_blocks(const std::string& prefix, std::int64_t layers, std::int64_t width) {
    for (std::int64_t i = 0; i < layers; ++i) {
      const std::string p = prefix + "resblocks." + std::to_string(i) + ".";
      add_norm(p + "ln_1", width);
      add_norm(p + "ln_2", width);
      add(p + "attn.in_proj_weight", {3 * width, width});
      add(p + "attn.in_proj_bias", {3 * width});
      add(p + "attn.out_proj.weight", {width, width});
      add(p + "attn.out_proj.bias", {width});
      add(p + "mlp.c_fc.weight", {4 * width, width});
      add(p + "mlp.c_fc.bias", {4 * width});
      add(p + "mlp.c_proj.weight", {width, 4 * width});
      add(p + "mlp.c_proj.bias", {width});
    }
  }
  void add_batch_norm(const std::string& prefix, std::int64_t width) {
    add_norm(prefix, width);
    add(prefix + ".running_mean", {width});
    tensors[prefix + ".running_var"] = at::rand({width}, generator_) + 0.5;
  }

  std::map<std::string, at::Tensor> tensors;
  std::map<std::string, std::string> texts;
  std::string path = "toy";

 private:
  at::Generator generator_ = seeded(77);
};

constexpr std::int64_t kEmbedding = 24, kContext = 9, kTextWidth = 128, kTextLayers = 2;

inline void add_text(ToyWeights& weights, std::int64_t vocabulary) {
  weights.add("token_embedding.weight", {vocabulary, kTextWidth}, 0, 0.5);
  weights.add("positional_embedding", {kContext, kTextWidth});
  weights.add_blocks("transformer.", kTextLayers, kTextWidth);
  weights.add_norm("ln_final", kTextWidth);
  weights.add("text_projection", {kTextWidth, kEmbedding});
}

/// Two heads, two layers, 3 x 3 patches of 4 pixels.
inline ToyWeights toy_vit(std::int64_t vocabulary = 40) {
  ToyWeights weights;
  add_text(weights, vocabulary);
  weights.add("visual.conv1.weight", {128, 3, 4, 4});
  weights.add("visual.class_embedding", {128});
  weights.add("visual.positional_embedding", {10, 128});
  weights.add_norm("visual.ln_pre", 128);
  weights.add_blocks("visual.transformer.", 2, 128);
  weights.add_norm("visual.ln_post", 128);
  weights.add("visual.proj", {128, kEmbedding});
  return weights;
}

/// Width 4, so 128 channels and two heads at the end; 64 x 64 pixels, 2 x 2 positions.
inline ToyWeights toy_resnet(std::int64_t vocabulary = 40) {
  ToyWeights weights;
  add_text(weights, vocabulary);
  const std::int64_t stem[] = {3, 2, 2, 4};
  for (int i = 0; i < 3; ++i) {
    const std::string n = std::to_string(i + 1);
    weights.add("visual.conv" + n + ".weight", {stem[i + 1], stem[i], 3, 3}, 0, 0.4);
    weights.add_batch_norm("visual.bn" + n, stem[i + 1]);
  }
  std::int64_t input = 4;
  const std::int64_t counts[] = {2, 1, 2, 1};
  for (std::int64_t layer = 0; layer < 4; ++layer) {
    const std::int64_t planes = 4 << layer;
    for (std::int64_t i = 0; i < counts[layer]; ++i) {
      const std::string p = "visual.layer" + std::to_string(layer + 1) + "." + std::to_string(i) + ".";
      weights.add(p + "conv1.weight", {planes, input, 1, 1}, 0, 0.3);
      weights.add(p + "conv2.weight", {planes, planes, 3, 3}, 0, 0.2);
      weights.add(p + "conv3.weight", {4 * planes, planes, 1, 1}, 0, 0.3);
      weights.add_batch_norm(p + "bn1", planes);
      weights.add_batch_norm(p + "bn2", planes);
      weights.add_batch_norm(p + "bn3", 4 * planes);
      if (i == 0) {
        weights.add(p + "downsample.0.weight", {4 * planes, input, 1, 1}, 0, 0.3);
        weights.add_batch_norm(p + "downsample.1", 4 * planes);
      }
      input = 4 * planes;
    }
  }
  weights.add("visual.attnpool.positional_embedding", {5, 128});
  for (const char* part : {"q_proj", "k_proj", "v_proj"}) {
    weights.add(std::string("visual.attnpool.") + part + ".weight", {128, 128});
    weights.add(std::string("visual.attnpool.") + part + ".bias", {128});
  }
  weights.add("visual.attnpool.c_proj.weight", {kEmbedding, 128});
  weights.add("visual.attnpool.c_proj.bias", {kEmbedding});
  return weights;
}

}  // namespace reverie::test
