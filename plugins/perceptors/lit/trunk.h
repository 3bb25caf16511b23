#pragma once
// A frozen convolutional network: its features at several depths describe a picture.
//
// Any network of inverted residual blocks (Sandler et al. 2018) without squeeze-and-excitation and with ReLU6
// will do, under the names of the well-known PyTorch port of EfficientNet: `_conv_stem`, `_bn0`,
// `_blocks.N._expand_conv` (may be absent), `_blocks.N._depthwise_conv`, `_blocks.N._project_conv`,
// `_conv_head`, `_bn1`. How many channels and how large kernels are follows from the shapes; the rest is
// declared.

#include <ATen/core/Tensor.h>

#include <vector>

#include "reverie/weights.h"

namespace reverie::lit {

struct Layout {
  std::vector<std::int64_t> strides;  ///< of each block
  std::vector<std::int64_t>
      taps;                ///< blocks whose outputs are features, ascending; the last layer's always are
  double mean, deviation;  ///< of pictures' values, for all channels
};

class Trunk {
 public:
  /// Batch norms become part of the convolutions, which are then rounded to `precision`. Throws Error(model).
  Trunk(const Weights& weights, Layout layout, at::Device device, at::ScalarType precision);

  /// images [N, 3, S, S], S a multiple of 32, to float rows for each depth: mean and deviation of each
  /// channel at the taps, the mean at the end. Differentiable with respect to the images.
  std::vector<at::Tensor> operator()(const at::Tensor& images) const;

  /// The features that these describe, float [N, C, h, w]: at the taps, and of the last layer.
  std::vector<at::Tensor> features(const at::Tensor& images) const;

  /// Lengths of these rows.
  std::vector<std::int64_t> sizes() const;

 private:
  struct Convolution {
    at::Tensor weight, bias;
  };
  struct Block {
    Convolution expand, depthwise, project;  // expand is undefined where the block does not widen
  };
  at::Tensor convolve(const at::Tensor& x, const Convolution& convolution, std::int64_t stride,
                      std::int64_t groups) const;
  at::Tensor pass(const at::Tensor& x, const Block& block, std::int64_t stride) const;

  Layout layout_;
  at::ScalarType precision_;
  Convolution stem_, head_;
  std::vector<Block> blocks_;
};

}  // namespace reverie::lit
