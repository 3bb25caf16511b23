#pragma once
// SigLIP's text encoder: every token sees every other one, the padding included, and the last one stands for
// the text (Zhai et al. 2023).

#include "layout.h"

namespace reverie::siglip {

class TextTower {
 public:
  TextTower(const Shape& shape, const clip::TensorSource& get, clip::Activation activation);
  /// tokens int64 [N, context], padded, to embeddings [N, embedding].
  at::Tensor operator()(const at::Tensor& tokens) const;

 private:
  at::Tensor token_embedding_, position_;
  clip::Transformer transformer_;
  clip::LayerNorm norm_;
  at::Tensor projection_, projection_bias_;
};

}  // namespace reverie::siglip
