#include "layers.h"

namespace reverie::adabins {

at::Tensor Convolution::operator()(const at::Tensor& x) const {
  const std::int64_t side = weight.size(2);
  if (stride == 1) return at::conv2d(x, weight, bias, 1, /*padding=*/side / 2, 1, groups);
  const auto missing = [&](std::int64_t size) {
    return std::max<std::int64_t>(0, (size - 1) / stride * stride + side - size);
  };
  const std::int64_t rows = missing(x.size(2)), columns = missing(x.size(3));
  const at::Tensor padded =
      at::constant_pad_nd(x, {columns / 2, columns - columns / 2, rows / 2, rows - rows / 2});
  return at::conv2d(padded, weight, bias, stride, at::IntArrayRef{0}, 1, groups);
}

at::Tensor swish(const at::Tensor& x) {
  if (x.requires_grad()) return at::silu(x);
  at::Tensor result = x;
  return at::silu_(result);
}

at::Tensor Layers::tensor(const std::string& name, at::IntArrayRef shape) const {
  return file_.tensor(name, shape).to(device_, dtype_ == at::kDouble ? at::kDouble : at::kFloat);
}

Convolution Layers::finished(const at::Tensor& weight, const at::Tensor& bias) const {
  return {weight.to(dtype_).contiguous(at::MemoryFormat::ChannelsLast), bias.to(dtype_)};
}

Convolution Layers::convolution(const std::string& name, std::int64_t in, std::int64_t out,
                                std::int64_t side) const {
  const at::Tensor weight = tensor(name + ".weight", {out, in, side, side});
  return finished(weight, tensor(name + ".bias", {weight.size(0)}));
}

Convolution Layers::normed(const std::string& name, const std::string& norm, std::int64_t in,
                           std::int64_t out, std::int64_t side, double epsilon) const {
  const at::Tensor weight = tensor(name + ".weight", {out, in, side, side});
  const std::int64_t channels = weight.size(0);
  const auto statistic = [&](const char* part) { return tensor(norm + part, {channels}); };
  const at::Tensor scale = statistic(".weight") / (statistic(".running_var") + epsilon).sqrt();
  at::Tensor centre = statistic(".running_mean");
  if (contains(name + ".bias")) centre = centre - tensor(name + ".bias", {channels});
  return finished(weight * scale.view({-1, 1, 1, 1}), statistic(".bias") - centre * scale);
}

}  // namespace reverie::adabins
