#include "bins.h"

namespace reverie::adabins {
namespace {

constexpr std::int64_t kHeads = 4;
constexpr double kNormEpsilon = 1e-5;
constexpr double kLeak = 0.01;
constexpr double kLeastWidth = 0.1;  // of a bin, before they are made to fill the range

}  // namespace

Bins::Bins(const Layers& layers, std::int64_t width, double nearest, double farthest)
    : nearest_(nearest), farthest_(farthest) {
  const std::string base = "adaptive_bins_layer.", transformer = base + "patch_transformer.";
  // Older files have other names.
  const auto either = [&](const std::string& name, const std::string& older) {
    return layers.contains(older + ".weight") ? older : name;
  };
  patches_ = layers.convolution(either(transformer + "embedding_convPxP", transformer + "embedding_encoder"),
                                width, -1, -1);
  const std::int64_t inside = patches_.weight.size(0);
  patches_.stride = patch();
  positions_ = layers.tensor(transformer + "positional_encodings", {-1, inside});
  const auto linear = [&](const std::string& name, std::int64_t in, std::int64_t out) {
    const at::Tensor weight = layers.tensor(name + ".weight", {out, in});
    return Linear{weight, layers.tensor(name + ".bias", {weight.size(0)})};
  };
  for (std::string p; p = transformer + "transformer_encoder.layers." + std::to_string(layers_.size()) + ".",
                      layers_.empty() || layers.contains(p + "linear1.weight");) {
    const auto norm = [&](const std::string& name) {
      return Linear{layers.tensor(p + name + ".weight", {inside}),
                    layers.tensor(p + name + ".bias", {inside})};
    };
    const Linear up = linear(p + "linear1", inside, -1);
    layers_.push_back({{layers.tensor(p + "self_attn.in_proj_weight", {3 * inside, inside}),
                        layers.tensor(p + "self_attn.in_proj_bias", {3 * inside})},
                       linear(p + "self_attn.out_proj", inside, inside),
                       up,
                       linear(p + "linear2", up.weight.size(0), inside),
                       norm("norm1"),
                       norm("norm2")});
  }
  features_ = layers.convolution(either(base + "conv3x3", base + "embedding_conv"), width, inside, 3);
  const at::Tensor out = layers.tensor("conv_out.0.weight", {-1, -1, 1, 1});
  out_weight_ = out.flatten(1);
  out_bias_ = layers.tensor("conv_out.0.bias", {out.size(0)});
  for (std::int64_t in = inside; const char* part : {"0", "2", "4"}) {
    regressor_.push_back(linear(base + "regressor." + part, in, *part == '4' ? out.size(0) : -1));
    in = regressor_.back().weight.size(0);
  }
  if (inside % kHeads != 0 || fewest_tokens() > most_tokens())
    throw Error(ErrorKind::unsupported, "'" + layers.origin() + "': AdaBins with tokens of " +
                                            std::to_string(inside) + " numbers, " +
                                            std::to_string(out.size(1)) + " kernels and " +
                                            std::to_string(most_tokens()) + " positions cannot be used");
}

at::Tensor Bins::Linear::operator()(const at::Tensor& x) const { return at::linear(x, weight, bias); }

/// All tokens [N, tokens, width] of what the transformer makes of the map.
at::Tensor Bins::transformed(const at::Tensor& map) const {
  const at::Tensor patches = at::conv2d(map, patches_.weight, patches_.bias, patch());
  const at::Tensor tokens = patches.flatten(2).transpose(1, 2).to(positions_.scalar_type());
  const std::int64_t batch = tokens.size(0), length = tokens.size(1), width = tokens.size(2);
  at::Tensor x = tokens + positions_.narrow(0, 0, length);
  const auto norm = [&](const Linear& norm, const at::Tensor& y) {
    return at::layer_norm(y, {width}, norm.weight, norm.bias, kNormEpsilon);
  };
  for (const Layer& layer : layers_) {
    const at::Tensor qkv =
        layer.qkv(x).view({batch, length, 3, kHeads, width / kHeads}).permute({2, 0, 3, 1, 4});
    const at::Tensor mixed = at::scaled_dot_product_attention(qkv[0], qkv[1], qkv[2]);
    x = norm(layer.norm1, x + layer.attended(mixed.transpose(1, 2).reshape({batch, length, width})));
    x = norm(layer.norm2, x + layer.down(at::relu(layer.up(x))));
  }
  return x;
}

/// Of the bins [N, bins] that the first token [N, width] predicts.
at::Tensor Bins::centres(const at::Tensor& token) const {
  const at::Tensor hidden = at::leaky_relu(regressor_[0](token), kLeak);
  const at::Tensor widths =
      at::relu(regressor_[2](at::leaky_relu(regressor_[1](hidden), kLeak))) + kLeastWidth;
  const at::Tensor sizes = (farthest_ - nearest_) * widths / widths.sum(1, /*keepdim=*/true);
  return nearest_ + sizes.cumsum(1) - sizes / 2;
}

at::Tensor Bins::operator()(const at::Tensor& map) const {
  const at::Tensor tokens = transformed(map);
  const at::Tensor depths = centres(tokens.select(1, 0));
  // The published network multiplies features by kernels and the result by a fixed matrix. The product of the
  // kernels with that matrix is small.
  const at::Tensor kernels = at::matmul(out_weight_, tokens.narrow(1, 1, out_weight_.size(1)));
  const at::Tensor features = features_(map).permute({0, 2, 3, 1}).flatten(1, 2);  // [N, h * w, width]
  const at::Tensor scores =
      at::matmul(features, kernels.transpose(1, 2).to(features.scalar_type())).to(depths.scalar_type()) +
      out_bias_;
  const at::Tensor result = at::matmul(at::softmax(scores, -1), depths.unsqueeze(-1));
  return result.view({map.size(0), 1, map.size(2), map.size(3)});
}

}  // namespace reverie::adabins
