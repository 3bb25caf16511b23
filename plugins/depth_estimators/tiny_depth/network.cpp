#include "network.h"
#include "reverie/network_tensor.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

namespace reverie::tiny_depth {
namespace {

constexpr std::int64_t kMultiple = 32;  // five halvings

const Layer& layer_called(std::string_view name) {
  return *std::find_if(std::begin(kLayers), std::end(kLayers),
                       [&](const Layer& l) { return l.name == name; });
}

std::string words(at::IntArrayRef shape) {
  std::string text;
  for (const std::int64_t side : shape) text += (text.empty() ? "" : ", ") + std::to_string(side);
  return "[" + text + "]";
}

/// What the network sees: colours around 0, the height in the picture from -1 to 1, and at the right and
/// below as much of the outermost pixels as its halvings need.
at::Tensor seen(const at::Tensor& pictures) {
  const std::int64_t height = pictures.size(2), width = pictures.size(3);
  const at::Tensor rows = (at::arange(height, pictures.options()) + 0.5) * (2.0 / double(height)) - 1;
  const at::Tensor input = at::cat(
      {(pictures - 0.5) * 4, rows.view({1, 1, -1, 1}).expand({pictures.size(0), 1, height, width})}, 1);
  return at::replication_pad2d(input, {0, (kMultiple - width % kMultiple) % kMultiple, 0,
                                       (kMultiple - height % kMultiple) % kMultiple});
}

/// The side of what the network sees for a picture's side, even and at least 2.
std::int64_t seen_side(std::int64_t side, std::int64_t longer) {
  return 2 * std::max<std::int64_t>(1, std::llround(double(kSide) * double(side) / double(longer) / 2));
}

}  // namespace

at::Tensor depth_logits(const at::Tensor& pictures, const Convolve& convolve) {
  const auto apply = [&](const std::string& name, const at::Tensor& x) {
    return convolve(layer_called(name), x);
  };
  const auto block = [&](const std::string& name, const at::Tensor& x) {
    return at::relu(apply(name + ".1", at::relu(apply(name + ".0", x))) + x);
  };
  const auto up = [&](const char* name, const at::Tensor& x, const at::Tensor& skip) {
    const at::Tensor larger = at::upsample_bilinear2d(x, {skip.size(2), skip.size(3)}, false);
    return at::relu(apply(name, at::cat({larger, skip}, 1)));
  };
  const at::Tensor x1 = at::relu(apply("down1", seen(pictures)));
  const at::Tensor x2 = block("block2", at::relu(apply("down2", x1)));
  const at::Tensor x3 = block("block3", at::relu(apply("down3", x2)));
  const at::Tensor x4 = block("block4", at::relu(apply("down4", x3)));
  const at::Tensor x5 = block("block6", block("block5", at::relu(apply("down5", x4))));
  const at::Tensor all = apply("depth", up("up1", up("up2", up("up3", up("up4", x5, x4), x3), x2), x1));
  const at::Tensor result = all.narrow(2, 0, pictures.size(2) / 2).narrow(3, 0, pictures.size(3) / 2);
  return result.scalar_type() == at::kDouble ? result : result.to(at::kFloat);
}

at::Tensor depth_of_logits(const at::Tensor& logits, std::int64_t height, std::int64_t width) {
  const at::Tensor large = at::upsample_bilinear2d(logits, {height, width}, /*align_corners=*/false);
  // Rounding may go beyond the range by a unit in the last place.
  return (at::sigmoid(large) * (kFarthest - kNearest) + kNearest).clamp(kNearest, kFarthest);
}

Network::Network(const Weights& weights, c10::Device device, at::ScalarType dtype) : dtype_(dtype) {
  const auto take = [&](const std::string& name, at::IntArrayRef shape) {
    const at::Tensor tensor = network_tensor(weights, name);
    if (tensor.sizes() != shape)
      throw Error(ErrorKind::model,
                  "'" + weights.origin() + "': tensor '" + name + "' has the shape " + words(tensor.sizes()) +
                      " instead of " + words(shape),
                  "give a file made by tools/train_depth");
    return tensor.to(device, dtype);
  };
  for (const Layer& layer : kLayers) {
    const std::string name(layer.name);
    convolutions_[layer.name] = {
        take(name + ".weight", {layer.out, layer.in, 3, 3}).contiguous(at::MemoryFormat::ChannelsLast),
        take(name + ".bias", {layer.out})};
  }
}

at::Tensor Network::operator()(const at::Tensor& pictures) const {
  const std::int64_t height = pictures.size(2), width = pictures.size(3), longer = std::max(height, width);
  const at::Tensor fitted = at::_upsample_bilinear2d_aa(
      pictures, {seen_side(height, longer), seen_side(width, longer)}, /*align_corners=*/false);
  const at::Tensor logits = depth_logits(fitted, [this](const Layer& layer, const at::Tensor& x) {
    const Convolution& convolution = convolutions_.at(layer.name);
    return at::conv2d(x.to(dtype_, /*non_blocking=*/false, /*copy=*/false, at::MemoryFormat::ChannelsLast),
                      convolution.weight, convolution.bias, layer.stride, /*padding=*/1);
  });
  return depth_of_logits(logits, height, width);
}

}  // namespace reverie::tiny_depth
