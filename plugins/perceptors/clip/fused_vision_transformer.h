#pragma once
// The vision transformer for CPUs, when its weights are fixed: the same function as VisionTransformer, with
// forward and backward written out so that each pass over memory does all it can, in float or bfloat16.

#include "kernels.h"
#include "towers.h"

namespace reverie::clip {

class FusedVisionTransformer final : public VisionTower {
 public:
  /// `get` gives float tensors. `dtype` is float or bfloat16: the matrix products' operands; sums, the
  /// residual stream and its gradient are float. Pictures come as they are, 0..1; `normalisation` becomes
  /// part of the weights, as do the affine parts of the layer norms and the scale of the queries.
  FusedVisionTransformer(const Shape& shape, const TensorSource& get, Activation activation,
                         const Normalisation& normalisation, at::ScalarType dtype);

  /// images float [N, 3, S, S] to float [N, embedding].
  at::Tensor operator()(const at::Tensor& images) const override;
  /// By LibTorch's operators and autograd.
  std::vector<at::Tensor> features(const at::Tensor& images) const override;

 private:
  struct Run;  // the autograd function
  struct Linear {
    at::Tensor weight, bias;  // [out, in], [out]
  };
  struct Block {
    Linear in, out, fc, proj;
  };
  /// What the backward pass needs of a block.
  struct Trace {
    at::Tensor z1, scale1, q, kv, z2, scale2, h;
  };

  at::Tensor to_patches(const at::Tensor& images) const;
  at::Tensor from_patches(const at::Tensor& patches) const;
  void forward_block(const Block& block, bool last, at::Tensor& x, Trace& trace) const;
  void backward_block(const Block& block, bool last, const Trace& trace, at::Tensor& g,
                      at::Tensor& low) const;
  /// The kernel over all rows, shared between threads. `y` may be undefined.
  void add_norm(at::Tensor& x, const at::Tensor& y, at::Tensor& z, at::Tensor& scale) const;
  void norm_backward(const at::Tensor& dz, const at::Tensor& z, const at::Tensor& scale, at::Tensor& g,
                     at::Tensor& low) const;
  at::Tensor activate(const at::Tensor& h) const;
  void activate_backward(const at::Tensor& h, at::Tensor& da) const;
  Attention attention(const at::Tensor& q, const at::Tensor& kv) const;
  at::Tensor attend(const at::Tensor& q, const at::Tensor& kv) const;
  void attend_backward(const Trace& trace, const at::Tensor& d_out, at::Tensor& dq, at::Tensor& dkv) const;

  Shape shape_;
  bool quick_;
  at::ScalarType dtype_;
  int index_;  // of the dtype in the kernels' tables
  std::vector<Block> blocks_;
  Linear patches_;
  at::Tensor class_, position_;       // float [W], the class token with its position, and [grid * grid, W]
  at::Tensor pre_weight_, pre_bias_;  // float, of the norm before the blocks
  at::Tensor projection_, shift_;     // float [W, embedding], [embedding]
};

}  // namespace reverie::clip
