#include "perceptual.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

namespace reverie::train_vqgan {
namespace {

constexpr double kMean[] = {0.48145466, 0.4578275, 0.40821073};  // CLIP's, of pictures 0..1
constexpr double kDeviation[] = {0.26862954, 0.26130258, 0.27577711};
constexpr int kLayers = 3;  // the deepest knows more of what is shown than of how it looks

at::Tensor unit(const at::Tensor& x) { return x / x.square().sum(1, /*keepdim=*/true).add(1e-6).sqrt(); }

}  // namespace

Perceptual::Perceptual(const Weights& resnet, at::ScalarType dtype) : dtype_(dtype) {
  const auto channels = [](const double(&v)[3]) {
    return at::tensor({v[0], v[1], v[2]}, at::kFloat).view({1, 3, 1, 1});
  };
  mean_ = channels(kMean) * 2 - 1;
  deviation_ = channels(kDeviation) * 2;
  for (const std::string n : {"1", "2", "3"})
    stem_.push_back(fused(resnet, "visual.conv" + n, "visual.bn" + n));
  for (int layer = 1; layer <= kLayers; ++layer) {
    for (int i = 0;; ++i) {
      const std::string p = "visual.layer" + std::to_string(layer) + "." + std::to_string(i) + ".";
      if (!resnet.contains(p + "conv1.weight")) break;
      Block block{fused(resnet, p + "conv1", p + "bn1"),
                  fused(resnet, p + "conv2", p + "bn2"),
                  fused(resnet, p + "conv3", p + "bn3"),
                  {},
                  layer > 1 && i == 0 ? 2 : 1};
      if (i == 0) block.shortcut = fused(resnet, p + "downsample.0", p + "downsample.1");
      blocks_.push_back(std::move(block));
    }
  }
}

Perceptual::Convolution Perceptual::fused(const Weights& resnet, const std::string& convolution,
                                          const std::string& norm) const {
  const auto get = [&](const std::string& name) { return resnet.tensor(name).to(at::kFloat); };
  const at::Tensor scale = get(norm + ".weight") * (get(norm + ".running_var") + 1e-5).rsqrt();
  return {(get(convolution + ".weight") * scale.view({-1, 1, 1, 1}))
              .to(dtype_)
              .contiguous(at::MemoryFormat::ChannelsLast),
          (get(norm + ".bias") - get(norm + ".running_mean") * scale).to(dtype_)};
}

std::vector<at::Tensor> Perceptual::features(const at::Tensor& pictures) const {
  const auto convolve = [](const at::Tensor& x, const Convolution& c, std::int64_t stride = 1) {
    return at::conv2d(x, c.weight, c.bias, stride, c.weight.size(2) / 2);
  };
  std::vector<at::Tensor> result;
  at::Tensor x = ((pictures - mean_) / deviation_).to(dtype_).contiguous(at::MemoryFormat::ChannelsLast);
  for (std::size_t i = 0; i < stem_.size(); ++i) x = at::relu(convolve(x, stem_[i], i == 0 ? 2 : 1));
  result.push_back(x);
  x = at::avg_pool2d(x, 2);
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    const Block& block = blocks_[i];
    at::Tensor h = at::relu(convolve(at::relu(convolve(x, block.conv1)), block.conv2));
    if (block.stride > 1) {
      h = at::avg_pool2d(h, block.stride);
      x = at::avg_pool2d(x, block.stride);
    }
    if (block.shortcut.weight.defined()) x = convolve(x, block.shortcut);
    x = at::relu(convolve(h, block.conv3) + x);
    if (i + 1 == blocks_.size() || blocks_[i + 1].stride > 1) result.push_back(x);
  }
  return result;
}

at::Tensor Perceptual::operator()(const at::Tensor& pictures, const at::Tensor& wanted) const {
  std::vector<at::Tensor> goal;
  {
    at::NoGradGuard no_grad;
    goal = features(wanted);
  }
  const std::vector<at::Tensor> seen = features(pictures);
  at::Tensor sum = at::zeros({});
  for (std::size_t i = 0; i < seen.size(); ++i)
    sum = sum + (unit(seen[i].to(at::kFloat)) - unit(goal[i].to(at::kFloat))).square().sum(1).mean();
  return sum / double(seen.size());
}

}  // namespace reverie::train_vqgan
