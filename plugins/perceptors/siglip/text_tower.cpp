#include "text_tower.h"

#include <ATen/ATen.h>

#include "image_tower.h"

namespace reverie::siglip {

TextTower::TextTower(const Shape& shape, const clip::TensorSource& get, clip::Activation activation)
    : token_embedding_(get("token_embedding.weight")),
      position_(get("positional_embedding")),
      transformer_(get, "transformer.", shape.text_layers, shape.text_heads, activation, kNormEpsilon),
      norm_(get, "ln_final", kNormEpsilon),
      projection_(get("text_projection.weight")),
      projection_bias_(get("text_projection.bias")) {}

at::Tensor TextTower::operator()(const at::Tensor& tokens) const {
  const at::Tensor x = transformer_(at::embedding(token_embedding_, tokens) + position_, /*causal=*/false);
  return at::linear(norm_(x.select(1, -1)), projection_, projection_bias_);
}

}  // namespace reverie::siglip
