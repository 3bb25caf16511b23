#include "modified_resnet.h"

#include <ATen/ATen.h>

namespace reverie::clip {

ModifiedResNet::ModifiedResNet(const Shape& shape, const TensorSource& get, bool training,
                               std::optional<at::ScalarType> precision)
    : training_(training), heads_(shape.vision_heads) {
  const auto rounded = [&](const at::Tensor& tensor) { return precision ? tensor.to(*precision) : tensor; };
  const auto convolution = [&](const std::string& weight, const std::string& norm) {
    Convolution c{get(weight),
                  {},
                  get(norm + ".weight"),
                  get(norm + ".bias"),
                  get(norm + ".running_mean"),
                  get(norm + ".running_var")};
    if (!training) {
      const at::Tensor scale = c.norm_weight * (c.variance + kNormEpsilon).rsqrt();
      c = {rounded(c.weight * scale.view({-1, 1, 1, 1})).contiguous(at::MemoryFormat::ChannelsLast),
           rounded(c.norm_bias - c.mean * scale),
           {},
           {},
           {},
           {}};
    }
    return c;
  };
  for (int i = 0; i < 3; ++i) {
    const std::string n = std::to_string(i + 1);
    stem_[i] = convolution("visual.conv" + n + ".weight", "visual.bn" + n);
  }
  for (std::size_t layer = 0; layer < shape.vision_layers.size(); ++layer) {
    for (std::int64_t i = 0; i < shape.vision_layers[layer]; ++i) {
      const std::string p = "visual.layer" + std::to_string(layer + 1) + "." + std::to_string(i) + ".";
      Block block{convolution(p + "conv1.weight", p + "bn1"),
                  convolution(p + "conv2.weight", p + "bn2"),
                  convolution(p + "conv3.weight", p + "bn3"),
                  {},
                  layer > 0 && i == 0 ? 2 : 1};
      if (i == 0) block.shortcut = convolution(p + "downsample.0.weight", p + "downsample.1");
      blocks_.push_back(std::move(block));
    }
  }
  const std::string pool = "visual.attnpool.";
  position_ = rounded(get(pool + "positional_embedding"));
  in_weight_ = rounded(
      at::cat({get(pool + "k_proj.weight"), get(pool + "v_proj.weight"), get(pool + "q_proj.weight")}));
  in_bias_ =
      rounded(at::cat({get(pool + "k_proj.bias"), get(pool + "v_proj.bias"), get(pool + "q_proj.bias")}));
  out_weight_ = rounded(get(pool + "c_proj.weight"));
  out_bias_ = rounded(get(pool + "c_proj.bias"));
}

at::Tensor ModifiedResNet::convolve(const at::Tensor& x, const Convolution& c, std::int64_t stride) const {
  const std::int64_t padding = c.weight.size(2) / 2;
  if (!training_) return at::conv2d(x, c.weight, c.bias, stride, padding);
  return at::batch_norm(at::conv2d(x, c.weight, {}, stride, padding), c.norm_weight, c.norm_bias, c.mean,
                        c.variance, /*training=*/true, /*momentum=*/0.1, kNormEpsilon,
                        /*cudnn_enabled=*/true);
}

at::Tensor ModifiedResNet::bottleneck(const at::Tensor& x, const Block& block) const {
  at::Tensor h = at::relu(convolve(x, block.conv1));
  h = at::relu(convolve(h, block.conv2));
  if (block.stride > 1) h = at::avg_pool2d(h, block.stride);
  h = convolve(h, block.conv3);
  at::Tensor identity = x;
  if (block.shortcut.weight.defined()) {
    if (block.stride > 1) identity = at::avg_pool2d(identity, block.stride);
    identity = convolve(identity, block.shortcut);
  }
  return at::relu(h + identity);
}

at::Tensor ModifiedResNet::attention_pool(const at::Tensor& x) const {
  const auto batch = x.size(0), width = x.size(1);
  at::Tensor tokens = x.flatten(2).transpose(1, 2);  // [N, h*w, D]
  // Contiguous, or else LibTorch multiplies picture by picture, with a copy of the weights for each.
  tokens = (at::cat({tokens.mean(1, /*keepdim=*/true), tokens}, 1) + position_.to(tokens.scalar_type()))
               .contiguous();
  const auto heads_first = [&](const at::Tensor& t) {
    return t.view({batch, t.size(1), heads_, width / heads_}).transpose(1, 2);
  };
  // Only the mean token asks, all tokens answer.
  const at::Tensor keys_values =
      at::linear(tokens, in_weight_.narrow(0, 0, 2 * width), in_bias_.narrow(0, 0, 2 * width));
  const at::Tensor query =
      at::linear(tokens.narrow(1, 0, 1).contiguous(), in_weight_.narrow(0, 2 * width, width),
                 in_bias_.narrow(0, 2 * width, width));
  const at::Tensor pooled =
      at::scaled_dot_product_attention(heads_first(query), heads_first(keys_values.narrow(2, 0, width)),
                                       heads_first(keys_values.narrow(2, width, width)));
  return at::linear(pooled.transpose(1, 2).reshape({batch, width}), out_weight_, out_bias_);
}

at::Tensor ModifiedResNet::stem(const at::Tensor& images) const {
  at::Tensor x = images;
  for (int i = 0; i < 3; ++i) x = at::relu(convolve(x, stem_[i], i == 0 ? 2 : 1));
  return at::avg_pool2d(x, 2);
}

at::Tensor ModifiedResNet::operator()(const at::Tensor& images) const {
  at::Tensor x = stem(images);
  for (const Block& block : blocks_) x = bottleneck(x, block);
  return attention_pool(x);
}

std::vector<at::Tensor> ModifiedResNet::features(const at::Tensor& images) const {
  at::Tensor x = stem(images);
  std::vector<at::Tensor> maps;
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    x = bottleneck(x, blocks_[i]);
    const bool ends_layer = i + 1 == blocks_.size() || blocks_[i + 1].stride > 1;
    if (ends_layer) maps.push_back(x.to(at::kFloat));
  }
  return maps;
}

}  // namespace reverie::clip
