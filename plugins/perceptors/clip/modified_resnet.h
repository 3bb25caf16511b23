#pragma once
// The modified ResNet variant of CLIP's image encoder (Radford et al. 2021, section 2.4): a three-convolution
// stem, average pooling before every strided convolution, and attention pooling at the end.

#include <optional>

#include "towers.h"

namespace reverie::clip {

class ModifiedResNet final : public VisionTower {
 public:
  /// Not in training, the batch norms become part of the convolutions, before those are rounded to
  /// `precision`, if one is given. Images in the channels-last layout are the fastest.
  ModifiedResNet(const Shape& shape, const TensorSource& get, bool training,
                 std::optional<at::ScalarType> precision = std::nullopt);
  at::Tensor operator()(const at::Tensor& images) const override;
  std::vector<at::Tensor> features(const at::Tensor& images) const override;

 private:
  /// A convolution and the batch norm behind it.
  struct Convolution {
    at::Tensor weight, bias;  // bias is undefined in training
    at::Tensor norm_weight, norm_bias, mean, variance;
  };
  struct Block {
    Convolution conv1, conv2, conv3, shortcut;  // shortcut is undefined where the block keeps its shape
    std::int64_t stride;
  };
  at::Tensor stem(const at::Tensor& images) const;
  at::Tensor convolve(const at::Tensor& x, const Convolution& convolution, std::int64_t stride = 1) const;
  at::Tensor bottleneck(const at::Tensor& x, const Block& block) const;
  at::Tensor attention_pool(const at::Tensor& x) const;

  bool training_;
  std::int64_t heads_;
  Convolution stem_[3];
  std::vector<Block> blocks_;
  at::Tensor position_, in_weight_, in_bias_, out_weight_, out_bias_;
};

}  // namespace reverie::clip
