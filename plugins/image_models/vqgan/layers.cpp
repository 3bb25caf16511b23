#include "layers.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <numeric>

#include "norm_swish.h"
#include "reverie/network_tensor.h"

namespace reverie::vqgan {
namespace {

constexpr double kNormEpsilon = 1e-6;

std::string words(at::IntArrayRef shape) {
  std::string text;
  for (const std::int64_t side : shape) text += (text.empty() ? "" : ", ") + std::to_string(side);
  return "[" + text + "]";
}

/// activated() with weights that need no gradient. LibTorch would keep the results of norm, swish and
/// convolution for the backward pass; only the input is needed, from which the rest is computed again. That
/// is a third of the memory.
struct Activated : torch::autograd::Function<Activated> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x, const Norm& norm,
                            const Convolution& convolution) {
    NormStatistics statistics;
    const at::Tensor h =
        norm_swish(x, norm.weight, norm.bias, norm_groups(x.size(1)), kNormEpsilon, statistics);
    context->save_for_backward(
        {x, statistics.mean, statistics.inverse, norm.weight, norm.bias, convolution.weight});
    return convolution(h);
  }
  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               torch::autograd::tensor_list gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &weight = saved[5];
    const std::int64_t padding = weight.size(2) / 2;
    // Of the input, this uses the size alone.
    const at::Tensor gradient = std::get<0>(
        at::convolution_backward(gradients[0], x, weight, std::nullopt, {1, 1}, {padding, padding}, {1, 1},
                                 /*transposed=*/false, {0, 0}, /*groups=*/1, {true, false, false}));
    return {
        norm_swish_backward(gradient, x, saved[3], saved[4], norm_groups(x.size(1)), {saved[1], saved[2]}),
        at::Tensor(), at::Tensor()};
  }
};

}  // namespace

std::int64_t norm_groups(std::int64_t channels) { return std::gcd(channels, std::int64_t{32}); }

at::Tensor Convolution::operator()(const at::Tensor& x) const {
  return at::conv2d(x, weight, bias, /*stride=*/1, /*padding=*/weight.size(2) / 2);
}

at::Tensor Norm::operator()(const at::Tensor& x) const {
  const std::int64_t groups = norm_groups(x.size(1));
  // LibTorch's group norm of the channels-last layout takes several times as long backwards, on the CPU, as
  // that of the other one where groups are small.
  if (x.is_cpu())
    return at::group_norm(x.contiguous(), groups, weight, bias, kNormEpsilon)
        .contiguous(x.suggest_memory_format());
  if (x.scalar_type() == weight.scalar_type()) return at::group_norm(x, groups, weight, bias, kNormEpsilon);
  return at::group_norm(x.to(weight.scalar_type()), groups, weight, bias, kNormEpsilon).to(x.scalar_type());
}

at::Tensor activated(const at::Tensor& x, const Norm& norm, const Convolution& convolution) {
  const bool trained = norm.weight.requires_grad() || norm.bias.requires_grad() ||
                       convolution.weight.requires_grad() || convolution.bias.requires_grad();
  if (fits_norm_swish(x) && !trained) return Activated::apply(x, norm, convolution);
  return convolution(at::silu(norm(x)));
}

at::Tensor ResidualBlock::operator()(const at::Tensor& x) const {
  at::Tensor h = activated(activated(x, norm1, conv1), norm2, conv2);
  return h.add_(shortcut.weight.defined() ? shortcut(x) : x);
}

at::Tensor Attention::operator()(const at::Tensor& x) const {
  const at::Tensor h = norm(x);
  // [N, C, h, w] to one head of h * w tokens: [N, 1, h * w, C].
  const auto tokens = [](const at::Tensor& t) { return t.flatten(2).transpose(1, 2).unsqueeze(1); };
  const at::Tensor attended =
      at::scaled_dot_product_attention(tokens(query(h)), tokens(key(h)), tokens(value(h)));
  return x + projection(attended.squeeze(1).transpose(1, 2).reshape_as(x));
}

at::Tensor downsample(const at::Tensor& x, const Convolution& convolution) {
  return at::conv2d(at::constant_pad_nd(x, {0, 1, 0, 1}), convolution.weight, convolution.bias, /*stride=*/2);
}

at::Tensor upsample(const at::Tensor& x, const Convolution& convolution) {
  return convolution(at::upsample_nearest2d(x, {2 * x.size(2), 2 * x.size(3)}));
}

LayerSource::LayerSource(const Weights& weights, std::string prefix, c10::Device device, at::ScalarType dtype,
                         bool fixed)
    : weights_(weights), prefix_(std::move(prefix)), device_(device), dtype_(dtype), fixed_(fixed) {}

at::Tensor LayerSource::tensor(const std::string& name, at::IntArrayRef shape, at::ScalarType dtype) {
  const at::Tensor tensor = network_tensor(weights_, prefix_ + name);
  if (tensor.sizes() != shape)
    throw Error(ErrorKind::model, "'" + weights_.origin() + "': tensor '" + prefix_ + name +
                                      "' has the shape " + words(tensor.sizes()) +
                                      ", but by the others' it should have " + words(shape));
  taken_.insert(prefix_ + name);
  const at::Tensor result = (fixed_ ? tensor.detach() : tensor).to(device_, dtype);
  return fixed_ && shape.size() == 4 ? result.contiguous(at::MemoryFormat::ChannelsLast) : result;
}

Convolution LayerSource::convolution(const std::string& name, std::int64_t in, std::int64_t out,
                                     std::int64_t side) {
  return {tensor(name + ".weight", {out, in, side, side}, dtype_), tensor(name + ".bias", {out}, dtype_)};
}

Norm LayerSource::norm(const std::string& name, std::int64_t channels) {
  // In float, so that statistics and scaling are, whatever the precision of what is normalised.
  const at::ScalarType dtype = dtype_ == at::kDouble ? at::kDouble : at::kFloat;
  return {tensor(name + ".weight", {channels}, dtype), tensor(name + ".bias", {channels}, dtype)};
}

ResidualBlock LayerSource::residual_block(const std::string& name, std::int64_t in, std::int64_t out) {
  return {norm(name + ".norm1", in), norm(name + ".norm2", out), convolution(name + ".conv1", in, out, 3),
          convolution(name + ".conv2", out, out, 3),
          in == out ? Convolution{} : convolution(name + ".nin_shortcut", in, out, 1)};
}

Attention LayerSource::attention(const std::string& name, std::int64_t channels) {
  const auto point = [&](const char* part) { return convolution(name + part, channels, channels, 1); };
  return {norm(name + ".norm", channels), point(".q"), point(".k"), point(".v"), point(".proj_out")};
}

void LayerSource::expect_all_taken(const std::string& part) const {
  for (const std::string& name : weights_.names())
    if (name.rfind(prefix_ + part, 0) == 0 && taken_.count(name) == 0)
      throw Error(ErrorKind::unsupported, "'" + weights_.origin() + "': tensor '" + name +
                                              "' has no place in a VQGAN: this is a different network");
}

}  // namespace reverie::vqgan
