#include "modified_resnet.h"

#include <ATen/ATen.h>

namespace reverie::clip {

ModifiedResNet::ModifiedResNet(const Shape& shape, const TensorSource& get, bool training)
    : training_(training), heads_(shape.vision_heads) {
  const auto batch_norm = [&](const std::string& prefix) {
    return BatchNorm{get(prefix + ".weight"), get(prefix + ".bias"), get(prefix + ".running_mean"),
                     get(prefix + ".running_var")};
  };
  for (int i = 0; i < 3; ++i) {
    stem_[i] = get("visual.conv" + std::to_string(i + 1) + ".weight");
    stem_bn_[i] = batch_norm("visual.bn" + std::to_string(i + 1));
  }
  for (std::size_t layer = 0; layer < shape.vision_layers.size(); ++layer) {
    for (std::int64_t i = 0; i < shape.vision_layers[layer]; ++i) {
      const std::string p = "visual.layer" + std::to_string(layer + 1) + "." + std::to_string(i) + ".";
      Block block;
      block.stride = layer > 0 && i == 0 ? 2 : 1;
      block.conv1 = get(p + "conv1.weight");
      block.conv2 = get(p + "conv2.weight");
      block.conv3 = get(p + "conv3.weight");
      block.bn1 = batch_norm(p + "bn1");
      block.bn2 = batch_norm(p + "bn2");
      block.bn3 = batch_norm(p + "bn3");
      if (i == 0) {
        block.shortcut = get(p + "downsample.0.weight");
        block.shortcut_bn = batch_norm(p + "downsample.1");
      }
      blocks_.push_back(std::move(block));
    }
  }
  const std::string pool = "visual.attnpool.";
  position_ = get(pool + "positional_embedding");
  in_weight_ =
      at::cat({get(pool + "k_proj.weight"), get(pool + "v_proj.weight"), get(pool + "q_proj.weight")});
  in_bias_ = at::cat({get(pool + "k_proj.bias"), get(pool + "v_proj.bias"), get(pool + "q_proj.bias")});
  out_weight_ = get(pool + "c_proj.weight");
  out_bias_ = get(pool + "c_proj.bias");
}

at::Tensor ModifiedResNet::normalise(const at::Tensor& x, const BatchNorm& bn) const {
  return at::batch_norm(x, bn.weight, bn.bias, bn.mean, bn.variance, training_, /*momentum=*/0.1,
                        kNormEpsilon,
                        /*cudnn_enabled=*/true);
}

at::Tensor ModifiedResNet::bottleneck(const at::Tensor& x, const Block& block) const {
  at::Tensor h = at::relu(normalise(at::conv2d(x, block.conv1), block.bn1));
  h = at::relu(normalise(at::conv2d(h, block.conv2, {}, 1, 1), block.bn2));
  if (block.stride > 1) h = at::avg_pool2d(h, block.stride);
  h = normalise(at::conv2d(h, block.conv3), block.bn3);
  at::Tensor identity = x;
  if (block.shortcut.defined()) {
    if (block.stride > 1) identity = at::avg_pool2d(identity, block.stride);
    identity = normalise(at::conv2d(identity, block.shortcut), block.shortcut_bn);
  }
  return at::relu(h + identity);
}

at::Tensor ModifiedResNet::attention_pool(const at::Tensor& x) const {
  const auto batch = x.size(0), width = x.size(1);
  at::Tensor tokens = x.flatten(2).transpose(1, 2);  // [N, h*w, D]
  tokens = at::cat({tokens.mean(1, /*keepdim=*/true), tokens}, 1) + position_.to(tokens.scalar_type());
  const auto heads_first = [&](const at::Tensor& t) {
    return t.view({batch, t.size(1), heads_, width / heads_}).transpose(1, 2);
  };
  // Only the mean token asks, all tokens answer.
  const at::Tensor keys_values =
      at::linear(tokens, in_weight_.narrow(0, 0, 2 * width), in_bias_.narrow(0, 0, 2 * width));
  const at::Tensor query = at::linear(tokens.narrow(1, 0, 1), in_weight_.narrow(0, 2 * width, width),
                                      in_bias_.narrow(0, 2 * width, width));
  const at::Tensor pooled =
      at::scaled_dot_product_attention(heads_first(query), heads_first(keys_values.narrow(2, 0, width)),
                                       heads_first(keys_values.narrow(2, width, width)));
  return at::linear(pooled.transpose(1, 2).reshape({batch, width}), out_weight_, out_bias_);
}

at::Tensor ModifiedResNet::operator()(const at::Tensor& images) const {
  at::Tensor x = images;
  for (int i = 0; i < 3; ++i)
    x = at::relu(normalise(at::conv2d(x, stem_[i], {}, i == 0 ? 2 : 1, 1), stem_bn_[i]));
  x = at::avg_pool2d(x, 2);
  for (const Block& block : blocks_) x = bottleneck(x, block);
  return attention_pool(x);
}

}  // namespace reverie::clip
