#include "decoder.h"

namespace reverie::adabins {
namespace {

constexpr double kNormEpsilon = 1e-5;
constexpr double kLeak = 0.01;

at::Tensor leaky(at::Tensor x) { return at::leaky_relu_(x, kLeak); }

}  // namespace

Decoder::Decoder(const Layers& layers, const std::vector<std::int64_t>& widths) {
  const std::string base = "decoder.";
  deepest_ = layers.convolution(base + "conv2", widths.back(), -1, 1);
  std::int64_t width = deepest_.weight.size(0);
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const std::string net = base + "up" + std::to_string(i + 1) + "._net.";
    const std::int64_t skip = widths[widths.size() - 2 - i];
    steps_[i].first = layers.normed(net + "0", net + "1", width + skip, -1, 3, kNormEpsilon);
    width = steps_[i].first.weight.size(0);
    steps_[i].second = layers.normed(net + "3", net + "4", width, width, 3, kNormEpsilon);
  }
  last_ = layers.convolution(base + "conv3", width, -1, 3);
}

at::Tensor Decoder::operator()(const std::vector<at::Tensor>& maps) const {
  // As published, this convolution of single pixels has a frame of zeros around: the map grows by a pixel of
  // nothing but the bias on each side.
  at::Tensor x = at::conv2d(maps.back(), deepest_.weight, deepest_.bias, 1, /*padding=*/1);
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const at::Tensor& skip = maps[maps.size() - 2 - i];
    const at::Tensor larger =
        at::upsample_bilinear2d(x, {skip.size(2), skip.size(3)}, /*align_corners=*/true);
    x = leaky(steps_[i].second(leaky(steps_[i].first(at::cat({larger, skip}, 1)))));
  }
  return last_(x);
}

}  // namespace reverie::adabins
