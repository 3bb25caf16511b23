#include "vision_transformer.h"

#include <ATen/ATen.h>

namespace reverie::clip {

VisionTransformer::VisionTransformer(const Shape& shape, const TensorSource& get, Activation activation)
    : patches_(get("visual.conv1.weight")),
      class_embedding_(get("visual.class_embedding")),
      position_(get("visual.positional_embedding")),
      projection_(get("visual.proj")),
      norm_pre_(get, "visual.ln_pre"),
      norm_post_(get, "visual.ln_post"),
      transformer_(get, "visual.transformer.", shape.vision_layers[0], shape.vision_heads, activation),
      layers_(shape.vision_layers[0]) {}

/// The class token and the patches, before the blocks.
at::Tensor VisionTransformer::embed(const at::Tensor& images) const {
  const at::Tensor grid = at::conv2d(images, patches_, {}, patches_.size(2));  // [N, W, g, g]
  const at::Tensor tokens = grid.flatten(2).transpose(1, 2);                   // [N, g*g, W]
  const at::Tensor cls = class_embedding_.to(tokens.scalar_type()).expand({tokens.size(0), 1, -1});
  return norm_pre_(at::cat({cls, tokens}, 1) + position_);
}

at::Tensor VisionTransformer::operator()(const at::Tensor& images) const {
  const at::Tensor x = transformer_(embed(images), /*causal=*/false);
  return at::matmul(norm_post_(x.select(1, 0)), projection_);
}

std::vector<at::Tensor> VisionTransformer::features(const at::Tensor& images) const {
  std::vector<at::Tensor> maps = transformer_.outputs(embed(images), layers_ - 1);
  for (at::Tensor& map : maps) map = patch_map(map, 1);
  return maps;
}

}  // namespace reverie::clip
