#pragma once
// Small differentiable operations that image models share.

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

namespace reverie {

namespace detail {
struct ClampWithGradient : torch::autograd::Function<ClampWithGradient> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x, double low,
                            double high) {
    context->save_for_backward({x});
    context->saved_data["low"] = low;
    context->saved_data["high"] = high;
    return x.clamp(low, high);
  }
  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               torch::autograd::tensor_list gradients) {
    const at::Tensor& gradient = gradients[0];
    const at::Tensor x = context->get_saved_variables()[0];
    const double low = context->saved_data["low"].toDouble(), high = context->saved_data["high"].toDouble();
    // Descent moves against the gradient: outside the range, only a step back towards it is let through.
    const at::Tensor keep =
        ((x >= low).logical_or(gradient < 0)).logical_and((x <= high).logical_or(gradient > 0));
    return {gradient * keep, at::Tensor(), at::Tensor()};
  }
};
}  // namespace detail

/// x limited to low..high. Unlike at::clamp, values outside still receive gradients that lead them back
/// inside.
inline at::Tensor clamp_with_gradient(const at::Tensor& x, double low, double high) {
  return detail::ClampWithGradient::apply(x, low, high);
}

/// Repeats each pixel of [N, C, H, W] `factor` times in both directions.
inline at::Tensor upscale_nearest(const at::Tensor& x, std::int64_t factor) {
  return factor == 1 ? x : at::upsample_nearest2d(x, {x.size(2) * factor, x.size(3) * factor});
}

}  // namespace reverie
