#include <ATen/ATen.h>

#include "towers.h"

namespace reverie::clip {

TextTower::TextTower(const Shape& shape, const TensorSource& get, Activation activation)
    : token_embedding_(get("token_embedding.weight")),
      position_(get("positional_embedding")),
      projection_(get("text_projection")),
      transformer_(get, "transformer.", shape.text_layers, shape.text_heads, activation),
      norm_(get, "ln_final") {}

at::Tensor TextTower::operator()(const at::Tensor& tokens) const {
  at::Tensor x = at::embedding(token_embedding_, tokens) + position_.narrow(0, 0, tokens.size(1));
  x = norm_(transformer_(x, /*causal=*/true));
  // The end token has the largest id; its row has seen the whole text.
  const at::Tensor rows = at::arange(tokens.size(0), tokens.options());
  return at::matmul(x.index({rows, tokens.argmax(-1)}), projection_);
}

}  // namespace reverie::clip
