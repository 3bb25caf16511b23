#pragma once
// The vision transformer variant of CLIP's image encoder (Dosovitskiy et al. 2021; Radford et al. 2021).

#include "towers.h"

namespace reverie::clip {

class VisionTransformer final : public VisionTower {
 public:
  VisionTransformer(const Shape& shape, const TensorSource& get, Activation activation);
  at::Tensor operator()(const at::Tensor& images) const override;
  std::vector<at::Tensor> features(const at::Tensor& images) const override;

 private:
  at::Tensor embed(const at::Tensor& images) const;

  at::Tensor patches_, class_embedding_, position_, projection_;
  LayerNorm norm_pre_, norm_post_;
  Transformer transformer_;
  std::int64_t layers_;
};

}  // namespace reverie::clip
