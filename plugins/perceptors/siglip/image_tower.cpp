#include "image_tower.h"

#include <ATen/ATen.h>

#include <cmath>

namespace reverie::siglip {

ImageTower::ImageTower(const Shape& shape, const clip::TensorSource& get, clip::Activation activation)
    : patches_(get("visual.conv1.weight")),
      patch_bias_(get("visual.conv1.bias")),
      position_(get("visual.positional_embedding")),
      transformer_(get, "visual.transformer.", shape.image_layers, shape.image_heads, activation,
                   kNormEpsilon),
      layers_(shape.image_layers),
      norm_(get, "visual.ln_post", kNormEpsilon),
      out_weight_(get("visual.pool.attn.out_proj.weight")),
      out_bias_(get("visual.pool.attn.out_proj.bias")),
      pool_norm_(get, "visual.pool.ln", kNormEpsilon),
      fc_weight_(get("visual.pool.mlp.c_fc.weight")),
      fc_bias_(get("visual.pool.mlp.c_fc.bias")),
      proj_weight_(get("visual.pool.mlp.c_proj.weight")),
      proj_bias_(get("visual.pool.mlp.c_proj.bias")),
      heads_(shape.image_heads),
      activation_(activation) {
  const std::int64_t width = shape.embedding, head_width = width / heads_;
  const at::Tensor weight = get("visual.pool.attn.in_proj_weight"),
                   bias = get("visual.pool.attn.in_proj_bias");
  const at::Tensor query =
      at::linear(get("visual.pool.probe").unsqueeze(0), weight.narrow(0, 0, width), bias.narrow(0, 0, width));
  query_ = (query * std::pow(head_width, -0.5)).view({1, heads_, head_width}).transpose(0, 1);
  in_weight_ = weight.narrow(0, width, 2 * width);
  in_bias_ = bias.narrow(0, width, 2 * width);
}

at::Tensor ImageTower::pool(const at::Tensor& tokens) const {
  const auto batch = tokens.size(0), length = tokens.size(1), width = tokens.size(2);
  // [N, L, 2W] -> 2 x [N, heads, L, head width]
  const at::Tensor kv = at::linear(tokens, in_weight_, in_bias_)
                            .view({batch, length, 2, heads_, width / heads_})
                            .permute({2, 0, 3, 1, 4});
  const at::Tensor weights = at::softmax(at::matmul(query_, kv[0].transpose(-1, -2)), -1);
  const at::Tensor mixed = at::matmul(weights, kv[1]).reshape({batch, width});
  const at::Tensor x = at::linear(mixed, out_weight_, out_bias_);
  const at::Tensor h = clip::activate(at::linear(pool_norm_(x), fc_weight_, fc_bias_), activation_);
  return x + at::linear(h, proj_weight_, proj_bias_);
}

/// The patches, before the blocks.
at::Tensor ImageTower::embed(const at::Tensor& images) const {
  const at::Tensor grid = at::conv2d(images, patches_, patch_bias_, patches_.size(2));  // [N, W, g, g]
  return grid.flatten(2).transpose(1, 2) + position_;                                   // [N, g*g, W]
}

at::Tensor ImageTower::operator()(const at::Tensor& images) const {
  return pool(norm_(transformer_(embed(images), /*causal=*/false)));
}

std::vector<at::Tensor> ImageTower::features(const at::Tensor& images) const {
  std::vector<at::Tensor> maps = transformer_.outputs(embed(images), layers_);
  for (at::Tensor& map : maps) map = clip::patch_map(map, 0);
  return maps;
}

}  // namespace reverie::siglip
