#pragma once
// EfficientNet (Tan & Le 2019) as TensorFlow pads it, up to the convolution of its head.

#include <vector>

#include "layers.h"

namespace reverie::adabins {

class Encoder {
 public:
  /// Widths, depths and sides of kernels are those of the tensors.
  explicit Encoder(const Layers& layers);

  /// Channels of what operator() gives, in its order.
  const std::vector<std::int64_t>& widths() const { return widths_; }

  /// Of normalised pictures [N, 3, h, w], in the network's dtype: maps in 1/2, 1/4, 1/8, 1/16 and 1/32 of
  /// their sides, rounded up.
  std::vector<at::Tensor> operator()(const at::Tensor& pictures) const;

 private:
  struct Block {
    Convolution expand, depthwise, reduce, restore, project;  // no expand: the first stage
    bool skip;
    at::Tensor operator()(const at::Tensor& x) const;
  };
  static Block block(const Layers& layers, const std::string& name, std::int64_t in, std::int64_t stride);

  Convolution stem_, head_;
  std::vector<std::vector<Block>> stages_;
  std::vector<std::int64_t> widths_;
};

}  // namespace reverie::adabins
