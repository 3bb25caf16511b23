#pragma once
// The modified ResNet variant of CLIP's image encoder (Radford et al. 2021, section 2.4): a three-convolution
// stem, average pooling before every strided convolution, and attention pooling at the end.

#include "towers.h"

namespace reverie::clip {

class ModifiedResNet final : public VisionTower {
 public:
  ModifiedResNet(const Shape& shape, const TensorSource& get, bool training);
  at::Tensor operator()(const at::Tensor& images) const override;

 private:
  struct BatchNorm {
    at::Tensor weight, bias, mean, variance;
  };
  struct Block {
    at::Tensor conv1, conv2, conv3, shortcut;  // shortcut is undefined where the block keeps its shape
    BatchNorm bn1, bn2, bn3, shortcut_bn;
    std::int64_t stride;
  };
  at::Tensor normalise(const at::Tensor& x, const BatchNorm& bn) const;
  at::Tensor bottleneck(const at::Tensor& x, const Block& block) const;
  at::Tensor attention_pool(const at::Tensor& x) const;

  bool training_;
  std::int64_t heads_;
  at::Tensor stem_[3];
  BatchNorm stem_bn_[3];
  std::vector<Block> blocks_;
  at::Tensor position_, in_weight_, in_bias_, out_weight_, out_bias_;
};

}  // namespace reverie::clip
