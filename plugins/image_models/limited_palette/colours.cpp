#include "colours.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "arithmetic.h"

namespace reverie::limited_palette {
namespace {

const PaletteArithmetic& arithmetic(const at::Tensor& tensor) {
  if (tensor.is_cpu()) return kPalettesOnCpu;
  return palette_kernels_for_cards().usable(tensor.device()) ? kPalettesOnCard : kPalettesAnywhere;
}

struct PaletteColours : torch::autograd::Function<PaletteColours> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& value,
                            const at::Tensor& logits, const at::Tensor& palette) {
    const at::Tensor position = value.clamp(0, 1).nan_to_num(0) * (palette.size(0) - 1);
    const at::Tensor shade = position.round().to(at::kLong);  // to even, half-way between
    const at::Tensor preferred = arithmetic(logits).preferred(logits);
    context->save_for_backward({value, position, shade, preferred, logits, palette});
    return palette.reshape({-1, 3}).t().contiguous().index_select(1, shade * palette.size(1) + preferred);
  }

  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               torch::autograd::tensor_list gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &value = saved[0], &palette = saved[5];
    const PaletteGradients result = arithmetic(value).colours_backward(
        {saved[1], saved[2], saved[3], saved[4], palette}, gradients[0] * 0.5);
    const at::Tensor d_value = result.position * (palette.size(0) - 1);
    // Beyond 0..1, only what leads back.
    const at::Tensor keep =
        ((value >= 0).logical_or(d_value < 0)).logical_and((value <= 1).logical_or(d_value > 0));
    return {d_value * keep, result.logits, result.palette};
  }
};

struct PaletteNormalisation : torch::autograd::Function<PaletteNormalisation> {
  static constexpr double kLeastDeviation = 1e-6;  // what that of a palette nobody uses counts as

  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& logits) {
    const PaletteMoments moments = arithmetic(logits).moments(logits);
    const double n = static_cast<double>(logits.size(1)), each = 1.0 / static_cast<double>(logits.size(0));
    const at::Tensor mean = moments.sum / n;
    const at::Tensor covariance = moments.products - mean.outer(mean) * n;  // times n
    const at::Tensor deviation =
        (covariance.diagonal().clamp_min(0) / (n - 1) + kLeastDeviation * kLeastDeviation).sqrt();
    const at::Tensor scale = (deviation.outer(deviation) * n).reciprocal();
    at::Tensor correlation = covariance * scale;
    correlation.fill_diagonal_(0);
    const at::Tensor presence = (deviation * n).reciprocal();

    // With D the loss's derivative by the covariance, that by x is (D + D') (x - mean).
    at::Tensor slope = scale * (2 * each * each);
    const at::Tensor by_deviation = (correlation.sum(1) * (-2 * each * each) - presence * each) / deviation;
    slope.diagonal().copy_(by_deviation / (deviation * (n - 1)));
    context->save_for_backward({logits, slope.to(at::kFloat), (mean + each).to(at::kFloat)});
    return (correlation.sum() * (each * each) + presence.sum() * each).to(at::kFloat);
  }

  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               torch::autograd::tensor_list gradients) {
    const auto saved = context->get_saved_variables();
    return {arithmetic(saved[0]).moments_backward(saved[0], saved[1], saved[2]).mul_(gradients[0])};
  }
};

}  // namespace

at::Tensor palette_colours(const at::Tensor& value, const at::Tensor& logits, const at::Tensor& palette) {
  return PaletteColours::apply(value, logits, palette);
}

at::Tensor palette_normalisation(const at::Tensor& logits) {
  if (logits.size(0) == 1 || logits.size(1) == 1) return logits.sum() * 0;
  return PaletteNormalisation::apply(logits);
}

}  // namespace reverie::limited_palette
