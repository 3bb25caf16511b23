#pragma once
// Distance of pictures as a network sees them (Zhang et al. 2018, "The Unreasonable Effectiveness of Deep
// Features as a Perceptual Metric"): here the early layers of a CLIP ResNet, in OpenAI's naming.

#include <ATen/core/Tensor.h>

#include <vector>

#include "reverie/weights.h"

namespace reverie::train_vqgan {

class Perceptual {
 public:
  Perceptual(const Weights& resnet, at::ScalarType dtype);

  /// Mean over layers and places of the squared difference of unit feature vectors; pictures [N, 3, H, W],
  /// -1..1. Differentiable by the first.
  at::Tensor operator()(const at::Tensor& pictures, const at::Tensor& wanted) const;

 private:
  struct Convolution {
    at::Tensor weight, bias;
  };
  struct Block {
    Convolution conv1, conv2, conv3, shortcut;
    std::int64_t stride;
  };
  Convolution fused(const Weights& resnet, const std::string& weight, const std::string& norm) const;
  std::vector<at::Tensor> features(const at::Tensor& pictures) const;

  at::ScalarType dtype_;
  at::Tensor mean_, deviation_;
  std::vector<Convolution> stem_;
  std::vector<Block> blocks_;
};

}  // namespace reverie::train_vqgan
