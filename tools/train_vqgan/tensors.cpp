#include "tensors.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>

namespace reverie::train {
namespace {

class Initialiser {
 public:
  explicit Initialiser(at::Generator generator) : generator_(std::move(generator)) {}

  void convolution(const std::string& name, std::int64_t in, std::int64_t out, std::int64_t side,
                   double gain = 1) {
    tensors[name + ".weight"] =
        (at::randn({out, in, side, side}, generator_) * (gain * std::sqrt(2.0 / double(in * side * side))))
            .contiguous(at::MemoryFormat::ChannelsLast);
    tensors[name + ".bias"] = at::zeros({out});
  }
  void norm(const std::string& name, std::int64_t channels) {
    tensors[name + ".weight"] = at::ones({channels});
    tensors[name + ".bias"] = at::zeros({channels});
  }
  void block(const std::string& name, std::int64_t in, std::int64_t out) {
    norm(name + ".norm1", in);
    convolution(name + ".conv1", in, out, 3);
    norm(name + ".norm2", out);
    convolution(name + ".conv2", out, out, 3, 0.1);
    if (in != out) convolution(name + ".nin_shortcut", in, out, 1, M_SQRT1_2);
  }

  Tensors tensors;

 private:
  at::Generator generator_;
};

constexpr std::int64_t kDiscriminatorWidths[] = {3, 32, 64, 128};

}  // namespace

std::vector<std::string> TensorWeights::names() const {
  std::vector<std::string> result;
  for (const auto& [name, tensor] : tensors) result.push_back(name);
  return result;
}

Tensors first_values(const Design& design, at::Generator generator) {
  Initialiser init(generator);
  const std::vector<std::int64_t>& widths = design.widths;
  const std::size_t last = widths.size() - 1;
  init.convolution("encoder.conv_in", 3, widths[0], 3, M_SQRT1_2);
  for (std::size_t level = 0; level <= last; ++level) {
    const std::string name = "encoder.down." + std::to_string(level) + ".";
    for (std::int64_t i = 0; i < design.blocks; ++i)
      init.block(name + "block." + std::to_string(i), widths[i == 0 && level > 0 ? level - 1 : level],
                 widths[level]);
    if (level < last) init.convolution(name + "downsample.conv", widths[level], widths[level], 3, M_SQRT1_2);
  }
  for (const std::string half : {"encoder", "decoder"})
    for (const char* part : {".mid.block_1", ".mid.block_2"})
      init.block(half + part, widths[last], widths[last]);
  init.norm("encoder.norm_out", widths[last]);
  init.convolution("encoder.conv_out", widths[last], design.latent, 3);
  init.convolution("quant_conv", design.latent, design.embedding, 1, M_SQRT1_2);
  init.convolution("post_quant_conv", design.embedding, design.latent, 1, M_SQRT1_2);
  init.convolution("decoder.conv_in", design.latent, widths[last], 3, M_SQRT1_2);
  for (std::size_t level = last + 1; level-- > 0;) {
    const std::string name = "decoder.up." + std::to_string(level) + ".";
    for (std::int64_t i = 0; i <= design.blocks; ++i)
      init.block(name + "block." + std::to_string(i), widths[i == 0 && level < last ? level + 1 : level],
                 widths[level]);
    if (level > 0) init.convolution(name + "upsample.conv", widths[level], widths[level], 3, M_SQRT1_2);
  }
  init.norm("decoder.norm_out", widths[0]);
  init.convolution("decoder.conv_out", widths[0], 3, 3, 0.5);
  init.tensors[kCodebook] = at::zeros({design.codes, design.embedding});
  return std::move(init.tensors);
}

Tensors first_discriminator(at::Generator generator) {
  Initialiser init(generator);
  for (int i = 0; i < 3; ++i)
    init.convolution(std::to_string(i), kDiscriminatorWidths[i], kDiscriminatorWidths[i + 1], 4);
  for (int i = 1; i < 3; ++i) init.norm("norm" + std::to_string(i), kDiscriminatorWidths[i + 1]);
  init.convolution("3", kDiscriminatorWidths[3], 1, 3, 0.1);
  return std::move(init.tensors);
}

at::Tensor discriminate(const Tensors& discriminator, const at::Tensor& images, at::ScalarType dtype) {
  const auto get = [&](const std::string& name) { return discriminator.at(name); };
  at::Tensor x = images.to(dtype).contiguous(at::MemoryFormat::ChannelsLast);
  for (int i = 0; i < 4; ++i) {
    const std::string n = std::to_string(i);
    x = at::conv2d(x, get(n + ".weight").to(dtype), get(n + ".bias").to(dtype), i < 2 ? 2 : 1, 1);
    if (i == 1 || i == 2) x = at::group_norm(x, 8, get("norm" + n + ".weight"), get("norm" + n + ".bias"));
    if (i < 3) x = at::leaky_relu(x, 0.2);
  }
  return x.to(at::kFloat);
}

void Adam::update(Tensors& tensors, double rate, std::int64_t step) {
  at::NoGradGuard no_grad;
  const double correction1 = 1 - std::pow(beta1_, double(step)),
               correction2 = 1 - std::pow(beta2_, double(step));
  for (auto& [name, tensor] : tensors) {
    const at::Tensor gradient = tensor.grad();
    if (!gradient.defined()) continue;
    at::Tensor& mean = means[name];
    at::Tensor& square = squares[name];
    if (!mean.defined()) mean = at::zeros_like(tensor), square = at::zeros_like(tensor);
    mean.lerp_(gradient, 1 - beta1_);
    square.mul_(beta2_).addcmul_(gradient, gradient, 1 - beta2_);
    tensor.addcdiv_(mean, (square / correction2).sqrt_().add_(1e-8), -rate / correction1);
    tensor.mutable_grad().reset();
  }
}

}  // namespace reverie::train
