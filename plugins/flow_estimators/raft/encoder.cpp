#include "encoder.h"

#include <ATen/ATen.h>

namespace reverie::raft {

Encoder::Encoder(const Source& source, bool context, std::int64_t out) {
  const bool small = source.layout().variant == Variant::small;
  const Norm norm = !context ? Norm::instance : small ? Norm::none : Norm::batch;
  const std::string whole =
      context ? source.name("cnet", "context_encoder") : source.name("fnet", "feature_encoder");
  std::int64_t width = small ? 32 : 64;
  stem_ = source.convolution(whole + source.name(".conv1", ".convnormrelu.0"), 3, width, k7x7, /*stride=*/2,
                             norm, whole + source.name(".norm1", ".convnormrelu.1"));
  const std::int64_t widths[] = {width, small ? 64 : 96, small ? 96 : 128};
  for (std::size_t stage = 0; stage < 3; ++stage)
    for (const bool first : {true, false}) {
      const std::string name = whole + ".layer" + std::to_string(stage + 1) + (first ? ".0" : ".1");
      const auto take = [&](int number, std::int64_t in, std::int64_t channels, Kernel kernel,
                            std::int64_t stride) {
        const std::string n = std::to_string(number);
        return source.convolution(name + source.name(".conv" + n, ".convnormrelu" + n + ".0"), in, channels,
                                  kernel, stride, norm,
                                  name + source.name(".norm" + n, ".convnormrelu" + n + ".1"));
      };
      const std::int64_t wide = widths[stage], stride = first && stage > 0 ? 2 : 1;
      Block block;
      if (small)
        block.convolutions = {take(1, width, wide / 4, kPoint, 1), take(2, wide / 4, wide / 4, k3x3, stride),
                              take(3, wide / 4, wide, kPoint, 1)};
      else
        block.convolutions = {take(1, width, wide, k3x3, stride), take(2, wide, wide, k3x3, 1)};
      if (stride > 1)
        block.shortcut = source.convolution(name + ".downsample.0", width, wide, kPoint, stride, norm,
                                            name + ".downsample.1");
      width = wide;
      blocks_.push_back(block);
    }
  projection_ = source.convolution(whole + source.name(".conv2", ".conv"), width, out, kPoint);
}

at::Tensor Encoder::operator()(const at::Tensor& pictures) const {
  at::Tensor x = stem_.activated(pictures);
  for (const Block& block : blocks_) {
    at::Tensor y = x;
    for (const Convolution& convolution : block.convolutions) y = convolution.activated(y);
    x = at::relu(y + (block.shortcut.weight.defined() ? block.shortcut.normalised(x) : x));
  }
  return projection_(x);
}

}  // namespace reverie::raft
