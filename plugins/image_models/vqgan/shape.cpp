// What the names and shapes of a file's tensors say about the network.

#include <algorithm>

#include "network.h"
#include "reverie/network_tensor.h"

namespace reverie::vqgan {
namespace {

constexpr const char* kPrefixes[] = {"", "state_dict.", "first_stage_model.",
                                     "state_dict.first_stage_model."};
constexpr std::size_t kMaxLevels = 16;

std::string find_prefix(const Weights& weights) {
  for (const std::string prefix : kPrefixes)
    if (weights.contains(prefix + "decoder.conv_in.weight") &&
        weights.contains(prefix + "post_quant_conv.weight"))
      return prefix;
  throw Error(ErrorKind::model,
              "'" + weights.origin() +
                  "' holds no VQGAN: it has no tensors 'decoder.conv_in.weight' and "
                  "'post_quant_conv.weight'",
              "give the checkpoint of a VQGAN, or of a transformer that contains one");
}

}  // namespace

Shape Shape::from_weights(const Weights& weights) {
  Shape shape{};
  shape.prefix = find_prefix(weights);
  const auto has = [&](const std::string& name) { return weights.contains(shape.prefix + name); };
  const auto size = [&](const std::string& name, std::size_t dimensions, std::int64_t axis) {
    const at::Tensor tensor = network_tensor(weights, shape.prefix + name);
    if (static_cast<std::size_t>(tensor.dim()) != dimensions || tensor.numel() == 0)
      throw Error(ErrorKind::model, "'" + weights.origin() + "': tensor '" + shape.prefix + name + "' has " +
                                        std::to_string(tensor.dim()) + " dimensions instead of " +
                                        std::to_string(dimensions) + ", or is empty");
    return tensor.size(axis);
  };

  shape.channels = size("encoder.conv_in.weight", 4, 0);
  const auto level_name = [](std::size_t level) { return "encoder.down." + std::to_string(level) + "."; };
  for (std::size_t level = 0; level < kMaxLevels && has(level_name(level) + "block.0.conv1.weight");
       ++level) {
    const std::string name = level_name(level) + "block.0.conv1.weight";
    const std::int64_t width = size(name, 4, 0);
    if (width % shape.channels != 0)
      throw Error(ErrorKind::model, "'" + weights.origin() + "': tensor '" + shape.prefix + name + "' has " +
                                        std::to_string(width) + " channels, which is not a multiple of the " +
                                        std::to_string(shape.channels) + " that the network begins with");
    shape.multipliers.push_back(width / shape.channels);
    shape.attention.push_back(has(level_name(level) + "attn.0.q.weight"));
  }
  if (shape.multipliers.empty())
    throw Error(ErrorKind::model, "'" + weights.origin() + "' holds no tensor '" + shape.prefix +
                                      "encoder.down.0.block.0.conv1.weight'");
  while (has(level_name(0) + "block." + std::to_string(shape.blocks) + ".conv1.weight")) ++shape.blocks;
  shape.middle_attention = has("encoder.mid.attn_1.q.weight");
  shape.latent_channels = size("post_quant_conv.weight", 4, 0);
  shape.embedding = size("post_quant_conv.weight", 4, 1);
  shape.gumbel = has("quantize.embed.weight");
  if (!shape.gumbel && !has("quantize.embedding.weight"))
    throw Error(ErrorKind::model,
                "'" + weights.origin() +
                    "' holds an autoencoder without a codebook: it has "
                    "no tensor '" +
                    shape.prefix + "quantize.embedding.weight'",
                "give the checkpoint of a VQGAN");
  shape.codes = size(shape.gumbel ? "quantize.embed.weight" : "quantize.embedding.weight", 2, 0);
  return shape;
}

}  // namespace reverie::vqgan
