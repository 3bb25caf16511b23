#include <ATen/ATen.h>

#include "towers.h"

namespace reverie::clip {

at::Tensor token_rows(const std::vector<std::vector<std::int64_t>>& texts, std::int64_t context) {
  const at::Tensor rows = at::zeros({static_cast<std::int64_t>(texts.size()), context}, at::kLong);
  for (std::size_t i = 0; i < texts.size(); ++i)
    rows[static_cast<std::int64_t>(i)].narrow(0, 0, std::ssize(texts[i])).copy_(at::tensor(texts[i]));
  return rows;
}

TextTower::TextTower(const Shape& shape, const TensorSource& get, Activation activation)
    : token_embedding_(get("token_embedding.weight")),
      position_(get("positional_embedding")),
      projection_(get("text_projection")),
      transformer_(get, "transformer.", shape.text_layers, shape.text_heads, activation),
      norm_(get, "ln_final") {}

at::Tensor TextTower::operator()(const at::Tensor& tokens) const {
  // The end token has the largest id; its row has seen the whole text, and nothing behind it.
  const at::Tensor ends = tokens.argmax(-1);
  const std::int64_t length = tokens.size(0) == 0 ? 1 : ends.max().item<std::int64_t>() + 1;
  at::Tensor x =
      at::embedding(token_embedding_, tokens.narrow(1, 0, length)) + position_.narrow(0, 0, length);
  x = norm_(transformer_(x, /*causal=*/true));
  const at::Tensor rows = at::arange(tokens.size(0), tokens.options());
  return at::matmul(x.index({rows, ends}), projection_);
}

}  // namespace reverie::clip
