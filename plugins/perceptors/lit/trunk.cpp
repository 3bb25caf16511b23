#include "trunk.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "reverie/network_tensor.h"

namespace reverie::lit {
namespace {

constexpr double kNormEpsilon = 1e-3;      // TensorFlow's, where these networks were trained
constexpr double kVarianceEpsilon = 1e-5;  // the heads were trained with it

at::Tensor mean_and_deviation(const at::Tensor& map) {
  constexpr std::int64_t kPlane[] = {2, 3};
  const auto [variance, mean] = at::var_mean(map, at::IntArrayRef(kPlane), /*unbiased=*/false);
  return at::cat({mean, (variance + kVarianceEpsilon).sqrt()}, 1);
}

}  // namespace

Trunk::Trunk(const Weights& weights, Layout layout, at::Device device, at::ScalarType precision)
    : layout_(std::move(layout)), precision_(precision) {
  const auto folded = [&](const std::string& name, const std::string& norm) {
    const auto get = [&](const std::string& tensor) {
      return network_tensor(weights, tensor).to(at::kFloat);
    };
    const at::Tensor weight = get(name + ".weight");
    const at::Tensor scale = get(norm + ".weight") * (get(norm + ".running_var") + kNormEpsilon).rsqrt();
    if (weight.dim() != 4 || scale.dim() != 1 || scale.size(0) != weight.size(0))
      throw Error(ErrorKind::model, "'" + weights.origin() + "': '" + name + "' and '" + norm +
                                        "' are not a convolution and its batch norm");
    const at::Tensor bias = get(norm + ".bias") - get(norm + ".running_mean") * scale;
    return Convolution{
        (weight * scale.view({-1, 1, 1, 1})).to(device, precision).contiguous(at::MemoryFormat::ChannelsLast),
        bias.to(device, precision)};
  };
  stem_ = folded("_conv_stem", "_bn0");
  for (std::size_t i = 0; i < layout_.strides.size(); ++i) {
    const std::string p = "_blocks." + std::to_string(i) + ".";
    Block block;
    if (weights.contains(p + "_expand_conv.weight")) block.expand = folded(p + "_expand_conv", p + "_bn0");
    block.depthwise = folded(p + "_depthwise_conv", p + "_bn1");
    block.project = folded(p + "_project_conv", p + "_bn2");
    blocks_.push_back(std::move(block));
  }
  const std::string further = "_blocks." + std::to_string(blocks_.size()) + "._project_conv.weight";
  if (weights.contains(further))
    throw Error(ErrorKind::model, "'" + weights.origin() + "' has more blocks than the " +
                                      std::to_string(blocks_.size()) + " that are declared");
  head_ = folded("_conv_head", "_bn1");
}

std::vector<std::int64_t> Trunk::sizes() const {
  std::vector<std::int64_t> result;
  for (const std::int64_t tap : layout_.taps)
    result.push_back(2 * blocks_.at(static_cast<std::size_t>(tap)).project.weight.size(0));
  result.push_back(head_.weight.size(0));
  return result;
}

/// Padded as TensorFlow's "same" does: what is odd goes to the right and below.
at::Tensor Trunk::convolve(const at::Tensor& x, const Convolution& c, std::int64_t stride,
                           std::int64_t groups) const {
  const std::int64_t total = std::max<std::int64_t>(c.weight.size(2) - stride, 0);
  std::int64_t padding = total / 2;
  at::Tensor padded = x;
  if (total % 2 != 0) {
    padded = at::constant_pad_nd(x, {padding, padding + 1, padding, padding + 1});
    padding = 0;
  }
  return at::conv2d(padded, c.weight, c.bias, stride, padding, 1, groups);
}

at::Tensor Trunk::pass(const at::Tensor& x, const Block& block, std::int64_t stride) const {
  at::Tensor y = block.expand.weight.defined() ? at::relu6(convolve(x, block.expand, 1, 1)) : x;
  y = at::relu6(convolve(y, block.depthwise, stride, y.size(1)));
  y = convolve(y, block.project, 1, 1);
  return stride == 1 && y.size(1) == x.size(1) ? x + y : y;
}

std::vector<at::Tensor> Trunk::features(const at::Tensor& images) const {
  at::Tensor x = ((images - layout_.mean) * (1 / layout_.deviation)).to(precision_);
  x = at::relu6(convolve(x.contiguous(at::MemoryFormat::ChannelsLast), stem_, 2, 1));
  std::vector<at::Tensor> maps;
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    x = pass(x, blocks_[i], layout_.strides[i]);
    if (std::find(layout_.taps.begin(), layout_.taps.end(), static_cast<std::int64_t>(i)) !=
        layout_.taps.end())
      maps.push_back(x.to(at::kFloat));
  }
  maps.push_back(at::relu6(convolve(x, head_, 1, 1)).to(at::kFloat));
  return maps;
}

std::vector<at::Tensor> Trunk::operator()(const at::Tensor& images) const {
  std::vector<at::Tensor> rows = features(images);
  for (std::size_t i = 0; i + 1 < rows.size(); ++i) rows[i] = mean_and_deviation(rows[i]);
  rows.back() = rows.back().mean({2, 3});
  return rows;
}

}  // namespace reverie::lit
