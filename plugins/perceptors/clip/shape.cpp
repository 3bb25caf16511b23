// Reads a CLIP network's hyperparameters off its tensors' shapes.

#include <ATen/ATen.h>

#include <cmath>
#include <set>

#include "eva_transformer.h"
#include "modified_resnet.h"
#include "reverie/network_tensor.h"
#include "towers.h"
#include "vision_transformer.h"

namespace reverie::clip {
namespace {

/// No file states how its attention is divided into heads. OpenAI's models all have heads of 64, as
/// have open_clip's but for its vision transformers from H upward, which are recognised by their widths.
constexpr std::int64_t kHeadWidth = 64;
std::int64_t vision_head_width(std::int64_t width) {
  switch (width) {
    case 1280:
      return 80;  // ViT-H
    case 1408:
      return 88;  // ViT-g
    case 1664:
      return 104;  // ViT-bigG
    case 1792:
      return 112;  // ViT-e
    default:
      return kHeadWidth;
  }
}

/// Counts the distinct numbers that follow `prefix` in the names, which must be 0, 1, 2, ...
std::int64_t count_blocks(const Weights& weights, const std::string& prefix) {
  std::set<std::int64_t> seen;
  for (const std::string& name : weights.names()) {
    if (name.compare(0, prefix.size(), prefix) != 0) continue;
    const std::string digits = name.substr(prefix.size(), name.find('.', prefix.size()) - prefix.size());
    if (!digits.empty() && digits.size() < 6 && digits.find_first_not_of("0123456789") == std::string::npos)
      seen.insert(std::stoll(digits));
  }
  if (seen.empty() || *seen.rbegin() + 1 != static_cast<std::int64_t>(seen.size()))
    throw Error(ErrorKind::model, "'" + weights.origin() + "' is not a CLIP model: its blocks '" + prefix +
                                      "N' are missing or not numbered without gaps");
  return static_cast<std::int64_t>(seen.size());
}

at::Tensor expect(const Weights& weights, const std::string& name, std::int64_t dimensions) {
  at::Tensor tensor = network_tensor(weights, name);
  if (tensor.dim() != dimensions || tensor.numel() == 0)
    throw Error(ErrorKind::model, "'" + weights.origin() + "': tensor '" + name + "' should have " +
                                      std::to_string(dimensions) + " dimensions and some elements");
  return tensor;
}

/// `dimensions`: of the tensor; the last but one counts the places, the first of which is no patch's.
std::int64_t grid_side(const Weights& weights, const std::string& name, std::int64_t dimensions = 2) {
  const std::int64_t rows = expect(weights, name, dimensions).size(-2) - 1;
  const auto side = static_cast<std::int64_t>(std::llround(std::sqrt(static_cast<double>(rows))));
  if (side < 1 || side * side != rows)
    throw Error(ErrorKind::model,
                "'" + weights.origin() + "': '" + name + "' does not describe a square grid");
  return side;
}

/// Every tensor that the towers read must have the shape that the others imply: found here, it is reported by
/// name.
class ShapeCheck {
 public:
  ShapeCheck(const Weights& weights, const Shape& shape) : weights_(weights), shape_(shape) {}

  void text() const {
    const std::int64_t width = weights_.tensor("token_embedding.weight").size(1);
    if (width % kHeadWidth != 0) narrow("token_embedding.weight", width);
    need("positional_embedding", {shape_.context, width});
    blocks("transformer.", shape_.text_layers, width);
    norm("ln_final", width);
    need("text_projection", {width, shape_.embedding});
  }

  void vision_transformer() const {
    const std::int64_t width = shape_.vision_width, grid = shape_.image_size / shape_.patch;
    if (width % vision_head_width(width) != 0) narrow("visual.conv1.weight", width);
    need("visual.conv1.weight", {width, 3, shape_.patch, shape_.patch});
    need("visual.class_embedding", {width});
    need("visual.positional_embedding", {grid * grid + 1, width});
    norm("visual.ln_pre", width);
    blocks("visual.transformer.", shape_.vision_layers[0], width);
    norm("visual.ln_post", width);
    need("visual.proj", {width, shape_.embedding});
  }

  void eva() const {
    const std::int64_t width = shape_.vision_width, grid = shape_.image_size / shape_.patch;
    const std::string trunk = "visual.trunk.";
    if (width % kHeadWidth != 0) narrow(trunk + "patch_embed.proj.weight", width);
    need(trunk + "patch_embed.proj.weight", {width, 3, shape_.patch, shape_.patch});
    need(trunk + "patch_embed.proj.bias", {width});
    need(trunk + "cls_token", {1, 1, width});
    need(trunk + "pos_embed", {1, grid * grid + 1, width});
    for (std::int64_t i = 0; i < shape_.vision_layers[0]; ++i) {
      const std::string p = trunk + "blocks." + std::to_string(i) + ".";
      for (const char* part : {"norm1", "norm2", "attn.norm"}) norm(p + part, width);
      for (const char* part : {"attn.q_proj", "attn.v_proj", "attn.proj"}) linear(p + part, width, width);
      need(p + "attn.k_proj.weight", {width, width});
      const std::int64_t hidden = expect(weights_, p + "mlp.norm.weight", 1).size(0);
      norm(p + "mlp.norm", hidden);
      linear(p + "mlp.fc1_g", width, hidden);
      linear(p + "mlp.fc1_x", width, hidden);
      linear(p + "mlp.fc2", hidden, width);
    }
    norm(trunk + "norm", width);
    linear(trunk + "head", width, shape_.embedding);
  }

  void resnet() const {
    const std::int64_t width = shape_.vision_width, last = 32 * width, grid = shape_.image_size / 32;
    if (last % kHeadWidth != 0) narrow("visual.layer1.0.conv1.weight", width);
    const std::int64_t stem[] = {3, width / 2, width / 2, width};
    for (int i = 0; i < 3; ++i) {
      const std::string n = std::to_string(i + 1);
      need("visual.conv" + n + ".weight", {stem[i + 1], stem[i], 3, 3});
      batch_norm("visual.bn" + n, stem[i + 1]);
    }
    std::int64_t input = width;
    for (std::size_t layer = 0; layer < shape_.vision_layers.size(); ++layer) {
      const std::int64_t planes = width << layer;
      for (std::int64_t i = 0; i < shape_.vision_layers[layer]; ++i) {
        const std::string p = "visual.layer" + std::to_string(layer + 1) + "." + std::to_string(i) + ".";
        need(p + "conv1.weight", {planes, input, 1, 1});
        need(p + "conv2.weight", {planes, planes, 3, 3});
        need(p + "conv3.weight", {4 * planes, planes, 1, 1});
        batch_norm(p + "bn1", planes);
        batch_norm(p + "bn2", planes);
        batch_norm(p + "bn3", 4 * planes);
        if (i == 0) {
          need(p + "downsample.0.weight", {4 * planes, input, 1, 1});
          batch_norm(p + "downsample.1", 4 * planes);
        }
        input = 4 * planes;
      }
    }
    const std::string pool = "visual.attnpool.";
    need(pool + "positional_embedding", {grid * grid + 1, last});
    for (const char* part : {"q_proj", "k_proj", "v_proj"}) linear(pool + part, last, last);
    linear(pool + "c_proj", last, shape_.embedding);
  }

 private:
  void need(const std::string& name, const std::vector<std::int64_t>& sizes) const {
    const at::Tensor tensor = network_tensor(weights_, name);
    if (tensor.sizes() == at::IntArrayRef(sizes)) return;
    const auto words = [](at::IntArrayRef list) {
      std::string text;
      for (const std::int64_t side : list) text += (text.empty() ? "" : ", ") + std::to_string(side);
      return "[" + text + "]";
    };
    throw Error(ErrorKind::model, "'" + weights_.origin() + "': tensor '" + name + "' has the shape " +
                                      words(tensor.sizes()) + ", but by the others' it should have " +
                                      words(sizes));
  }
  [[noreturn]] void narrow(const std::string& name, std::int64_t width) const {
    throw Error(ErrorKind::model, "'" + weights_.origin() + "': the width " + std::to_string(width) +
                                      " of tensor '" + name + "' does not make whole attention heads of 64");
  }
  void linear(const std::string& prefix, std::int64_t in, std::int64_t out) const {
    need(prefix + ".weight", {out, in});
    need(prefix + ".bias", {out});
  }
  void norm(const std::string& prefix, std::int64_t width) const {
    need(prefix + ".weight", {width});
    need(prefix + ".bias", {width});
  }
  void batch_norm(const std::string& prefix, std::int64_t width) const {
    norm(prefix, width);
    need(prefix + ".running_mean", {width});
    need(prefix + ".running_var", {width});
  }
  /// Four times the block's width, but for ViT-g and larger ones. Where the tensors disagree, the majority
  /// counts.
  std::int64_t mlp_width(const std::string& block) const {
    const std::int64_t in = expect(weights_, block + "mlp.c_fc.weight", 2).size(0),
                       bias = expect(weights_, block + "mlp.c_fc.bias", 1).size(0),
                       out = expect(weights_, block + "mlp.c_proj.weight", 2).size(1);
    return bias == out ? bias : in;
  }
  void blocks(const std::string& prefix, std::int64_t layers, std::int64_t width) const {
    for (std::int64_t i = 0; i < layers; ++i) {
      const std::string p = prefix + "resblocks." + std::to_string(i) + ".";
      norm(p + "ln_1", width);
      norm(p + "ln_2", width);
      need(p + "attn.in_proj_weight", {3 * width, width});
      need(p + "attn.in_proj_bias", {3 * width});
      linear(p + "attn.out_proj", width, width);
      const std::int64_t hidden = mlp_width(p);
      linear(p + "mlp.c_fc", width, hidden);
      linear(p + "mlp.c_proj", hidden, width);
    }
  }

  const Weights& weights_;
  const Shape& shape_;
};

}  // namespace

Shape infer_shape(const Weights& weights) {
  Shape shape{};
  shape.eva = weights.contains("visual.trunk.head.weight");
  shape.vision_transformer = !shape.eva && weights.contains("visual.proj");
  const at::Tensor conv1 =
      expect(weights, shape.eva ? "visual.trunk.patch_embed.proj.weight" : "visual.conv1.weight", 4);
  if (shape.eva) {
    shape.vision_width = conv1.size(0);
    shape.patch = conv1.size(2);
    shape.vision_layers = {count_blocks(weights, "visual.trunk.blocks.")};
    shape.image_size = shape.patch * grid_side(weights, "visual.trunk.pos_embed", 3);
  } else if (shape.vision_transformer) {
    shape.vision_width = conv1.size(0);
    shape.patch = conv1.size(2);
    shape.vision_layers = {count_blocks(weights, "visual.transformer.resblocks.")};
    shape.image_size = shape.patch * grid_side(weights, "visual.positional_embedding");
  } else {
    shape.vision_width = expect(weights, "visual.layer1.0.conv1.weight", 4).size(0);
    for (int layer = 1; layer <= 4; ++layer)
      shape.vision_layers.push_back(count_blocks(weights, "visual.layer" + std::to_string(layer) + "."));
    shape.image_size = 32 * grid_side(weights, "visual.attnpool.positional_embedding");
  }
  shape.embedding = expect(weights, "text_projection", 2).size(1);
  shape.context = expect(weights, "positional_embedding", 2).size(0);
  shape.vocabulary = expect(weights, "token_embedding.weight", 2).size(0);
  shape.text_layers = count_blocks(weights, "transformer.resblocks.");
  shape.text_heads = weights.tensor("token_embedding.weight").size(1) / kHeadWidth;
  shape.vision_heads = shape.eva                  ? shape.vision_width / kHeadWidth
                       : shape.vision_transformer ? shape.vision_width / vision_head_width(shape.vision_width)
                                                  : 32 * shape.vision_width / kHeadWidth;
  const ShapeCheck check(weights, shape);
  check.text();
  shape.eva ? check.eva() : shape.vision_transformer ? check.vision_transformer() : check.resnet();
  return shape;
}

std::unique_ptr<VisionTower> make_vision_tower(const Shape& shape, const TensorSource& get,
                                               Activation activation, bool training) {
  if (shape.eva) return std::make_unique<EvaTransformer>(shape, get);
  if (shape.vision_transformer) return std::make_unique<VisionTransformer>(shape, get, activation);
  return std::make_unique<ModifiedResNet>(shape, get, training, get("visual.conv1.weight").scalar_type());
}

}  // namespace reverie::clip
