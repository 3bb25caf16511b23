#include "layers.h"

#include <ATen/ATen.h>

#include "instance_norm.h"
#include "reverie/network_tensor.h"

namespace reverie::raft {
namespace {

constexpr double kBatchNormEpsilon = 1e-5;

std::string words(at::IntArrayRef shape) {
  std::string text;
  for (const std::int64_t side : shape) text += (text.empty() ? "" : ", ") + std::to_string(side);
  return "[" + text + "]";
}

}  // namespace

at::Tensor Convolution::operator()(const at::Tensor& x) const {
  return at::conv2d(x, weight, bias, /*stride=*/{stride, stride},
                    /*padding=*/{weight.size(2) / 2, weight.size(3) / 2});
}

at::Tensor Convolution::activated(const at::Tensor& x) const {
  if (norm == Norm::instance) return instance_norm((*this)(x), /*relu=*/true);
  return at::relu((*this)(x));
}

at::Tensor Convolution::normalised(const at::Tensor& x) const {
  if (norm == Norm::instance) return instance_norm((*this)(x), /*relu=*/false);
  return (*this)(x);
}

Layout Layout::of(const Weights& weights) {
  // Behind DataParallel and in training checkpoints.
  for (const std::string prefix : {"", "module.", "state_dict.", "state_dict.module.", "model."}) {
    const auto has = [&](const char* name) { return weights.contains(prefix + name); };
    if (has("feature_encoder.convnormrelu.0.weight"))
      return {has("feature_encoder.layer1.0.convnormrelu3.0.weight") ? Variant::small : Variant::large, true,
              prefix};
    if (has("fnet.conv1.weight"))
      return {has("att.to_qk.weight")             ? Variant::gma
              : has("fnet.layer1.0.conv3.weight") ? Variant::small
                                                  : Variant::large,
              false, prefix};
  }
  throw Error(ErrorKind::model,
              "'" + weights.origin() +
                  "' holds neither RAFT nor GMA: it has no tensor 'feature_encoder.convnormrelu.0.weight' "
                  "(torchvision's naming) and no 'fnet.conv1.weight' (the authors')",
              "give a checkpoint of one of them; docs/motion.md says where they are published");
}

Convolution Source::convolution(const std::string& name, std::int64_t in, std::int64_t out,
                                Kernel kernel) const {
  return convolution(name, in, out, kernel, 1, Norm::none, {});
}

Convolution Source::convolution(const std::string& name, std::int64_t in, std::int64_t out, Kernel kernel,
                                std::int64_t stride, Norm norm, const std::string& norm_name) const {
  at::Tensor weight = tensor(name + ".weight", {out, in, kernel.height, kernel.width}),
             bias = tensor(name + ".bias", {out});
  if (norm == Norm::batch) {
    const auto of_norm = [&](const char* part) { return tensor(norm_name + part, {out}); };
    const at::Tensor scale = of_norm(".weight") / (of_norm(".running_var") + kBatchNormEpsilon).sqrt();
    weight = weight * scale.view({out, 1, 1, 1});
    bias = (bias - of_norm(".running_mean")) * scale + of_norm(".bias");
  }
  return {placed(weight), norm == Norm::instance ? at::Tensor() : placed(bias), stride, norm};
}

at::Tensor Source::tensor(const std::string& name, at::IntArrayRef shape) const {
  const at::Tensor found = network_tensor(weights_, layout_.prefix + name);
  if (found.sizes() != shape)
    throw Error(ErrorKind::model,
                "'" + weights_.origin() + "': tensor '" + layout_.prefix + name + "' has the shape " +
                    words(found.sizes()) + " instead of " + words(shape),
                "give a checkpoint of RAFT or GMA as it was published");
  return found.to(at::kDouble);
}

at::Tensor Source::placed(const at::Tensor& tensor) const {
  const at::Tensor result = tensor.to(device_, dtype_);
  return result.dim() == 4 ? result.contiguous(at::MemoryFormat::ChannelsLast) : result;
}

}  // namespace reverie::raft
