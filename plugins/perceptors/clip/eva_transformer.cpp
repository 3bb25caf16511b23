#include "eva_transformer.h"

#include <ATen/ATen.h>

#include <cmath>

namespace reverie::clip {
namespace {

constexpr double kEpsilon = 1e-6;
constexpr double kTemperature = 10000;
/// Positions count as in the grid that the networks were pretrained with.
constexpr double kReferenceGrid = 16;

/// The angles of all tokens, each for two adjacent values: the first half of a head's values turns by the
/// row, the second by the column. The class token, which is first, does not turn.
at::Tensor angles(std::int64_t grid, std::int64_t head_width) {
  const std::int64_t bands = head_width / 4;
  std::vector<double> result(static_cast<std::size_t>(head_width), 0.0);
  for (std::int64_t row = 0; row < grid; ++row)
    for (std::int64_t column = 0; column < grid; ++column)
      for (const std::int64_t place : {row, column})
        for (std::int64_t band = 0; band < bands; ++band) {
          const double frequency =
              std::pow(kTemperature, -static_cast<double>(band) / static_cast<double>(bands));
          const double angle =
              static_cast<double>(place) / static_cast<double>(grid) * kReferenceGrid * frequency;
          result.insert(result.end(), {angle, angle});
        }
  return at::tensor(result, at::kDouble).view({-1, head_width});
}

}  // namespace

EvaTransformer::EvaTransformer(const Shape& shape, const TensorSource& get)
    : patches_(get("visual.trunk.patch_embed.proj.weight")),
      patch_bias_(get("visual.trunk.patch_embed.proj.bias")),
      class_embedding_(get("visual.trunk.cls_token")),
      position_(get("visual.trunk.pos_embed")),
      norm_(get, "visual.trunk.norm", kEpsilon),
      head_(get("visual.trunk.head.weight")),
      head_bias_(get("visual.trunk.head.bias")),
      heads_(shape.vision_heads) {
  for (std::int64_t i = 0; i < shape.vision_layers[0]; ++i) {
    const std::string p = "visual.trunk.blocks." + std::to_string(i) + ".", a = p + "attn.", m = p + "mlp.";
    const at::Tensor q_bias = get(a + "q_proj.bias");  // keys have none
    blocks_.push_back(
        {LayerNorm(get, p + "norm1", kEpsilon), LayerNorm(get, p + "norm2", kEpsilon),
         LayerNorm(get, a + "norm", kEpsilon), LayerNorm(get, m + "norm", kEpsilon),
         at::cat({get(a + "q_proj.weight"), get(a + "k_proj.weight"), get(a + "v_proj.weight")}),
         at::cat({q_bias, at::zeros_like(q_bias), get(a + "v_proj.bias")}), get(a + "proj.weight"),
         get(a + "proj.bias"), get(m + "fc1_g.weight"), get(m + "fc1_g.bias"), get(m + "fc1_x.weight"),
         get(m + "fc1_x.bias"), get(m + "fc2.weight"), get(m + "fc2.bias")});
  }
  const at::Tensor turns = angles(shape.image_size / shape.patch, shape.vision_width / heads_);
  cosine_ = turns.cos().to(position_.options());
  sine_ = turns.sin().to(position_.options());
}

at::Tensor EvaTransformer::rotate(const at::Tensor& x) const {
  // (a, b) to (a cos - b sin, b cos + a sin)
  const at::Tensor pairs = x.unflatten(-1, {-1, 2});
  const at::Tensor turned = at::stack({-pairs.select(-1, 1), pairs.select(-1, 0)}, -1).flatten(-2);
  return x * cosine_ + turned * sine_;
}

at::Tensor EvaTransformer::attend(const Block& block, const at::Tensor& x) const {
  const auto batch = x.size(0), length = x.size(1), width = x.size(2), head_width = width / heads_;
  const at::Tensor qkv = at::linear(x, block.in_weight, block.in_bias)
                             .view({batch, length, 3, heads_, head_width})
                             .permute({2, 0, 3, 1, 4});
  const at::Tensor q = rotate(qkv[0] * std::pow(head_width, -0.5)), k = rotate(qkv[1]);
  const at::Tensor mixed = at::matmul(at::softmax(at::matmul(q, k.transpose(-1, -2)), -1), qkv[2]);
  const at::Tensor joined = block.attention_norm(mixed.transpose(1, 2).reshape({batch, length, width}));
  return at::linear(joined, block.out_weight, block.out_bias);
}

at::Tensor EvaTransformer::mlp(const Block& block, const at::Tensor& x) const {
  const at::Tensor gate = at::silu(at::linear(x, block.gate_weight, block.gate_bias));
  const at::Tensor h = block.mlp_norm(gate * at::linear(x, block.fc_weight, block.fc_bias));
  return at::linear(h, block.proj_weight, block.proj_bias);
}

at::Tensor EvaTransformer::pass(const Block& block, at::Tensor x) const {
  x = x + attend(block, block.norm1(x));
  return x + mlp(block, block.norm2(x));
}

/// The class token and the patches, before the blocks.
at::Tensor EvaTransformer::embed(const at::Tensor& images) const {
  const at::Tensor grid = at::conv2d(images, patches_, patch_bias_, patches_.size(2));  // [N, W, g, g]
  const at::Tensor tokens = grid.flatten(2).transpose(1, 2);                            // [N, g*g, W]
  return at::cat({class_embedding_.expand({tokens.size(0), 1, -1}), tokens}, 1) + position_;
}

at::Tensor EvaTransformer::operator()(const at::Tensor& images) const {
  at::Tensor x = embed(images);
  for (const Block& block : blocks_) x = pass(block, x);
  return at::linear(norm_(x.select(1, 0)), head_, head_bias_);
}

std::vector<at::Tensor> EvaTransformer::features(const at::Tensor& images) const {
  at::Tensor x = embed(images);
  std::vector<at::Tensor> maps;
  for (std::size_t i = 0; i + 1 < blocks_.size(); ++i) maps.push_back(patch_map(x = pass(blocks_[i], x), 1));
  return maps;
}

}  // namespace reverie::clip
