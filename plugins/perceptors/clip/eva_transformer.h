#pragma once
// The image encoder of EVA02-CLIP (Fang et al. 2023, "EVA-02"; Sun et al. 2023): a vision transformer with
// rotary positions (Su et al. 2021), gated MLPs (SwiGLU, Shazeer 2020) and a norm more in each block's
// attention and MLP.

#include "towers.h"

namespace reverie::clip {

class EvaTransformer final : public VisionTower {
 public:
  /// Reads `visual.trunk.*`, as timm calls its tensors.
  EvaTransformer(const Shape& shape, const TensorSource& get);
  at::Tensor operator()(const at::Tensor& images) const override;
  std::vector<at::Tensor> features(const at::Tensor& images) const override;

 private:
  struct Block {
    LayerNorm norm1, norm2, attention_norm, mlp_norm;
    at::Tensor in_weight, in_bias, out_weight, out_bias;
    at::Tensor gate_weight, gate_bias, fc_weight, fc_bias, proj_weight, proj_bias;
  };
  at::Tensor embed(const at::Tensor& images) const;
  at::Tensor pass(const Block& block, at::Tensor x) const;
  at::Tensor attend(const Block& block, const at::Tensor& x) const;
  at::Tensor mlp(const Block& block, const at::Tensor& x) const;
  /// Turns each pair of values of [N, heads, 1 + patches, head width] by the angles of its patch.
  at::Tensor rotate(const at::Tensor& x) const;

  at::Tensor patches_, patch_bias_, class_embedding_, position_;
  at::Tensor cosine_, sine_;  // [1 + patches, head width]
  std::vector<Block> blocks_;
  LayerNorm norm_;
  at::Tensor head_, head_bias_;
  std::int64_t heads_;
};

}  // namespace reverie::clip
