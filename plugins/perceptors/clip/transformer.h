#pragma once
// The pre-norm residual attention blocks that both CLIP towers share (Radford et al. 2021, section 2.4).

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>
#include <vector>

namespace reverie::clip {

/// Gives the tensor of a state-dict name, in the dtype and on the device to compute with.
using TensorSource = std::function<at::Tensor(const std::string& name)>;

/// OpenAI's weights use x * sigmoid(1.702 x); open_clip's own default is the exact GELU, SigLIP's its
/// approximation with tanh (Hendrycks & Gimpel 2016).
enum class Activation { quick_gelu, gelu, gelu_tanh };
at::Tensor activate(const at::Tensor& x, Activation activation);

constexpr double kNormEpsilon = 1e-5;

struct LayerNorm {
  at::Tensor weight, bias;
  double epsilon = kNormEpsilon;
  LayerNorm() = default;
  LayerNorm(const TensorSource& get, const std::string& prefix, double epsilon = kNormEpsilon);
  at::Tensor operator()(const at::Tensor& x) const;
};

/// Tokens of patches, behind `others`, as a picture: [N, others + grid * grid, W] to float [N, W, grid,
/// grid].
at::Tensor patch_map(const at::Tensor& tokens, std::int64_t others);

class Transformer {
 public:
  /// Reads blocks `<prefix>resblocks.0` to `<prefix>resblocks.<layers-1>`.
  Transformer(const TensorSource& get, const std::string& prefix, std::int64_t layers, std::int64_t heads,
              Activation activation, double norm_epsilon = kNormEpsilon);

  /// x [N, length, width] to the same shape. `causal` hides later positions from earlier ones.
  at::Tensor operator()(at::Tensor x, bool causal) const;

  /// x behind each of the first `count` blocks. Not causal.
  std::vector<at::Tensor> outputs(at::Tensor x, std::int64_t count) const;

 private:
  struct Block {
    LayerNorm norm1, norm2;
    at::Tensor in_weight, in_bias, out_weight, out_bias;    // attention; q, k, v stacked in that order
    at::Tensor fc_weight, fc_bias, proj_weight, proj_bias;  // MLP, wider inside
  };
  at::Tensor pass(const Block& block, at::Tensor x, bool causal) const;
  at::Tensor attend(const Block& block, const at::Tensor& x, bool causal) const;
  at::Tensor mlp(const Block& block, const at::Tensor& x) const;

  std::vector<Block> blocks_;
  std::int64_t heads_;
  Activation activation_;
};

}  // namespace reverie::clip
