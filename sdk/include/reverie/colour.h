#pragma once
// Colour measures that image models and losses share.

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

namespace reverie {

namespace detail {
/// (brightest - darkest channel) / brightest channel. Its slope grows without limit towards black, where no
/// eye can tell one saturation from another: below one level of 8 bits it is held at that level's.
struct Saturation : torch::autograd::Function<Saturation> {
  static constexpr double kEpsilon = 1e-8, kLevel = 1.0 / 255;

  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& brightest,
                            const at::Tensor& range) {
    const at::Tensor divisor = brightest + kEpsilon, saturation = range / divisor;
    context->save_for_backward({divisor, saturation});
    return saturation;
  }
  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               torch::autograd::tensor_list gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor by_range = gradients[0] / saved[0].clamp_min(kLevel);
    return {-by_range * saved[1], by_range};
  }
};
}  // namespace detail

/// Saturation and value of HSV (Smith 1978, "Color gamut transform pairs"), without the hue, whose circle no
/// squared difference measures: RGB [N, 3, H, W] 0..1 to [N, 2, H, W] 0..1. Differentiable everywhere in
/// 0..1: channels that tie share the gradient, so that a grey has none for its saturation, and at black it is
/// finite.
inline at::Tensor saturation_value(const at::Tensor& rgb) {
  const at::Tensor value = at::amax(rgb, 1, /*keepdim=*/true);
  return at::cat({detail::Saturation::apply(value, value - at::amin(rgb, 1, /*keepdim=*/true)), value}, 1);
}

/// [N, 3, H, W] to [N, 5, H, W]: red, green, blue, saturation, value. What direct losses compare: the mean
/// squared difference of two pictures' is more sensitive to washed-out colours than that of RGB alone.
inline at::Tensor rgb_saturation_value(const at::Tensor& rgb) {
  return at::cat({rgb, saturation_value(rgb)}, 1);
}

}  // namespace reverie
