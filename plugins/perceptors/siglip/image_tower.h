#pragma once
// SigLIP's image encoder: a vision transformer without a class token, whose tokens are pooled by attention
// with one learnt query (Zhai et al. 2022, "Scaling Vision Transformers"; Zhai et al. 2023).

#include "layout.h"
#include "towers.h"

namespace reverie::siglip {

constexpr double kNormEpsilon = 1e-6;

class ImageTower final : public clip::VisionTower {
 public:
  ImageTower(const Shape& shape, const clip::TensorSource& get, clip::Activation activation);
  /// images [N, 3, S, S], normalised, to embeddings [N, W]. Differentiable.
  at::Tensor operator()(const at::Tensor& images) const override;
  /// Behind every block: the last one's patches are what the query looks at.
  std::vector<at::Tensor> features(const at::Tensor& images) const override;

 private:
  at::Tensor embed(const at::Tensor& images) const;
  at::Tensor pool(const at::Tensor& tokens) const;

  at::Tensor patches_, patch_bias_, position_;
  clip::Transformer transformer_;
  std::int64_t layers_;
  clip::LayerNorm norm_;
  at::Tensor query_;                                        // [heads, 1, head width], projected and scaled
  at::Tensor in_weight_, in_bias_, out_weight_, out_bias_;  // of keys and values, and of the output
  clip::LayerNorm pool_norm_;
  at::Tensor fc_weight_, fc_bias_, proj_weight_, proj_bias_;
  std::int64_t heads_;
  clip::Activation activation_;
};

}  // namespace reverie::siglip
