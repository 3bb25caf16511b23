#pragma once
// The layers that VQGAN's encoder and decoder are made of (Esser, Rombach & Ommer 2021; Ho, Jain & Abbeel
// 2020, appendix B). All are differentiable with respect to their input and, where those require gradients,
// their weights.

#include <ATen/core/Tensor.h>

#include <set>
#include <string>

#include "reverie/weights.h"

namespace reverie::vqgan {

/// What group norms divide `channels` into: 32 groups as published wherever that is possible; networks too
/// small for it have as many as divide both 32 and the channels.
std::int64_t norm_groups(std::int64_t channels);

struct Convolution {
  at::Tensor weight, bias;
  at::Tensor operator()(const at::Tensor& x) const;  ///< keeps the size
};

struct Norm {
  at::Tensor weight, bias;
  at::Tensor operator()(const at::Tensor& x) const;
};

/// x + convolution(swish(norm(convolution(swish(norm(x)))))), where x passes a 1 x 1 convolution if the
/// numbers of channels differ.
struct ResidualBlock {
  Norm norm1, norm2;
  Convolution conv1, conv2, shortcut;  // the shortcut is undefined where the block keeps its channels
  at::Tensor operator()(const at::Tensor& x) const;
};

/// x + projection(attention(norm(x))): one head over all positions.
struct Attention {
  Norm norm;
  Convolution query, key, value, projection;
  at::Tensor operator()(const at::Tensor& x) const;
};

/// Half the size by a strided convolution, behind a row and a column of zeros below and to the right.
at::Tensor downsample(const at::Tensor& x, const Convolution& convolution);

/// Twice the size, by repeating pixels, then a convolution.
at::Tensor upsample(const at::Tensor& x, const Convolution& convolution);

/// Norm, swish, convolution: how blocks begin and both networks end.
at::Tensor activated(const at::Tensor& x, const Norm& norm, const Convolution& convolution);

/// Takes layers out of a file, each with the shape that its place in the network implies. Throws Error(model)
/// naming the tensor that is absent or of another shape.
class LayerSource {
 public:
  /// `prefix` comes before all names. Tensors that have device and dtype already stay the same
  /// objects, unless they are `fixed`: those need no gradient and may get another memory layout.
  LayerSource(const Weights& weights, std::string prefix, c10::Device device, at::ScalarType dtype,
              bool fixed);

  at::Tensor tensor(const std::string& name, at::IntArrayRef shape, at::ScalarType dtype);
  Convolution convolution(const std::string& name, std::int64_t in, std::int64_t out, std::int64_t side);
  Norm norm(const std::string& name, std::int64_t channels);
  ResidualBlock residual_block(const std::string& name, std::int64_t in, std::int64_t out);
  Attention attention(const std::string& name, std::int64_t channels);

  /// Throws Error(unsupported) when one of the file's tensors whose name starts with prefix + `part` was not
  /// taken: it belongs to a network of another make.
  void expect_all_taken(const std::string& part) const;

 private:
  const Weights& weights_;
  std::string prefix_;
  c10::Device device_;
  at::ScalarType dtype_;
  bool fixed_;
  std::set<std::string> taken_;
};

}  // namespace reverie::vqgan
