#include "transformer.h"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>

namespace reverie::clip {

at::Tensor activate(const at::Tensor& x, Activation activation) {
  switch (activation) {
    case Activation::gelu:
      return at::gelu(x);
    case Activation::gelu_tanh:
      return at::gelu(x, "tanh");
    default:
      return x * at::sigmoid(1.702 * x);
  }
}

LayerNorm::LayerNorm(const TensorSource& get, const std::string& prefix, double norm_epsilon)
    : weight(get(prefix + ".weight")), bias(get(prefix + ".bias")), epsilon(norm_epsilon) {}

at::Tensor LayerNorm::operator()(const at::Tensor& x) const {
  return at::layer_norm(x, {weight.size(0)}, weight, bias, epsilon);
}

at::Tensor patch_map(const at::Tensor& tokens, std::int64_t others) {
  const std::int64_t count = tokens.size(1) - others, grid = std::llround(std::sqrt(count));
  return tokens.narrow(1, others, count).transpose(1, 2).unflatten(2, {grid, grid}).to(at::kFloat);
}

Transformer::Transformer(const TensorSource& get, const std::string& prefix, std::int64_t layers,
                         std::int64_t heads, Activation activation, double norm_epsilon)
    : heads_(heads), activation_(activation) {
  for (std::int64_t i = 0; i < layers; ++i) {
    const std::string p = prefix + "resblocks." + std::to_string(i) + ".";
    blocks_.push_back({LayerNorm(get, p + "ln_1", norm_epsilon), LayerNorm(get, p + "ln_2", norm_epsilon),
                       get(p + "attn.in_proj_weight"), get(p + "attn.in_proj_bias"),
                       get(p + "attn.out_proj.weight"), get(p + "attn.out_proj.bias"),
                       get(p + "mlp.c_fc.weight"), get(p + "mlp.c_fc.bias"), get(p + "mlp.c_proj.weight"),
                       get(p + "mlp.c_proj.bias")});
  }
}

at::Tensor Transformer::operator()(at::Tensor x, bool causal) const {
  for (const Block& block : blocks_) x = pass(block, x, causal);
  return x;
}

std::vector<at::Tensor> Transformer::outputs(at::Tensor x, std::int64_t count) const {
  std::vector<at::Tensor> result;
  for (std::int64_t i = 0; i < count; ++i)
    result.push_back(x = pass(blocks_.at(static_cast<std::size_t>(i)), x, /*causal=*/false));
  return result;
}

at::Tensor Transformer::pass(const Block& block, at::Tensor x, bool causal) const {
  x = x + attend(block, block.norm1(x), causal);
  return x + mlp(block, block.norm2(x));
}

at::Tensor Transformer::attend(const Block& block, const at::Tensor& x, bool causal) const {
  const auto batch = x.size(0), length = x.size(1), width = x.size(2), head_width = width / heads_;
  // [N, L, 3W] -> 3 x [N, heads, L, head width]
  const at::Tensor qkv = at::linear(x, block.in_weight, block.in_bias)
                             .view({batch, length, 3, heads_, head_width})
                             .permute({2, 0, 3, 1, 4});
  // Written out because LibTorch's fused CPU kernel spends its time on set-up at CLIP's short lengths: 2 to 4
  // times slower in bf16 (measured with tools/train_clip, 65 tokens).
  at::Tensor scores = at::matmul(qkv[0] * std::pow(head_width, -0.5), qkv[1].transpose(-1, -2));
  if (causal) {
    const at::Tensor later = at::ones({length, length}, scores.options().dtype(at::kBool)).triu(1);
    scores = scores.masked_fill(later, -std::numeric_limits<double>::infinity());
  }
  const at::Tensor mixed = at::matmul(at::softmax(scores, -1), qkv[2]);
  return at::linear(mixed.transpose(1, 2).reshape({batch, length, width}), block.out_weight, block.out_bias);
}

at::Tensor Transformer::mlp(const Block& block, const at::Tensor& x) const {
  const at::Tensor h = activate(at::linear(x, block.fc_weight, block.fc_bias), activation_);
  return at::linear(h, block.proj_weight, block.proj_bias);
}

}  // namespace reverie::clip
