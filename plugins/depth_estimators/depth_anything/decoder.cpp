#include "decoder.h"

namespace reverie::depth_anything {
namespace {

at::Tensor enlarged(const at::Tensor& x, std::int64_t height, std::int64_t width) {
  return at::upsample_bilinear2d(x, {height, width}, /*align_corners=*/true);
}

}  // namespace

Decoder::Decoder(const depth_estimators::Checkpoint& file, std::int64_t width, c10::Device device,
                 at::ScalarType dtype) {
  const std::string base = "depth_head.";
  const auto weight = [&](const std::string& name, at::IntArrayRef shape) {
    return file.tensor(base + name + ".weight", shape)
        .to(device, dtype)
        .contiguous(at::MemoryFormat::ChannelsLast);
  };
  const auto bias = [&](const std::string& name, std::int64_t channels) {
    return file.tensor(base + name + ".bias", {channels}).to(device, dtype);
  };
  const auto convolution = [&](const std::string& name, std::int64_t in, std::int64_t out,
                               std::int64_t side) {
    return Convolution{weight(name, {out, in, side, side}), bias(name, out)};
  };
  const std::int64_t features = weight("scratch.layer1_rn", {-1, -1, 3, 3}).size(0);
  for (std::size_t i = 0; i < levels_.size(); ++i) {
    Level& level = levels_[i];
    const std::string index = std::to_string(i), number = std::to_string(i + 1);
    const std::int64_t channels = weight("projects." + index, {-1, width, 1, 1}).size(0);
    level.projection = convolution("projects." + index, width, channels, 1);
    if (i != 2) {
      const std::int64_t side = std::array{4, 2, 1, 3}[i];
      level.resize = convolution("resize_layers." + index, channels, channels, side);
    }
    level.narrowed = {weight("scratch.layer" + number + "_rn", {features, channels, 3, 3}), {}};
    const std::string refine = "scratch.refinenet" + number + ".";
    const auto residual = [&](const char* unit) {
      return Residual{convolution(refine + unit + ".conv1", features, features, 3),
                      convolution(refine + unit + ".conv2", features, features, 3)};
    };
    if (i != 3) level.skip = residual("resConfUnit1");  // the coarsest has nothing to be joined with
    level.joined = residual("resConfUnit2");
    level.out = convolution(refine + "out_conv", features, features, 1);
  }
  const std::int64_t half = weight("scratch.output_conv1", {-1, features, 3, 3}).size(0);
  head_ = convolution("scratch.output_conv1", features, half, 3);
  const std::int64_t narrow = weight("scratch.output_conv2.0", {-1, half, 3, 3}).size(0);
  hidden_ = convolution("scratch.output_conv2.0", half, narrow, 3);
  last_ = convolution("scratch.output_conv2.2", narrow, 1, 1);
  // The result has float's digits: steps of bfloat16's would show as terraces.
  const at::ScalarType wide = dtype == at::kDouble ? at::kDouble : at::kFloat;
  last_ = {last_.weight.to(wide), last_.bias.to(wide)};
}

at::Tensor Decoder::Convolution::operator()(const at::Tensor& x, std::int64_t stride) const {
  return at::conv2d(x, weight, bias, stride, /*padding=*/weight.size(2) / 2);
}

at::Tensor Decoder::Residual::operator()(const at::Tensor& x) const {
  return second(at::relu(first(at::relu(x)))) + x;
}

/// To 4, 2, 1 and 1/2 of the grid.
at::Tensor Decoder::resized(std::size_t level, const at::Tensor& x) const {
  const Convolution& resize = levels_[level].resize;
  if (level == 2) return x;
  if (level == 3) return resize(x, /*stride=*/2);
  return at::conv_transpose2d(x, resize.weight, resize.bias, resize.weight.size(2));
}

at::Tensor Decoder::operator()(const std::vector<at::Tensor>& taps, std::int64_t height,
                               std::int64_t width) const {
  at::Tensor path;
  std::array<at::Tensor, 4> maps;
  for (std::size_t i = 0; i < maps.size(); ++i)
    maps[i] = levels_[i].narrowed(resized(i, levels_[i].projection(taps[i])));
  for (std::size_t i = maps.size(); i-- > 0;) {
    const Level& level = levels_[i];
    const at::Tensor joined = path.defined() ? path + level.skip(maps[i]) : maps[i];
    // A 1 x 1 convolution and interpolation may change places: the weights of pixels add up to 1. As
    // published, the larger map is convolved, at four times the cost.
    const at::Tensor small = level.out(level.joined(joined));
    path = i > 0 ? enlarged(small, maps[i - 1].size(2), maps[i - 1].size(3))
                 : enlarged(small, 2 * small.size(2), 2 * small.size(3));
  }
  const at::Tensor large = enlarged(head_(path), height, width);
  return at::relu(last_(at::relu(hidden_(large)).to(last_.weight.scalar_type())));
}

}  // namespace reverie::depth_anything
