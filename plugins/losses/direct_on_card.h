#pragma once
// The direct loss by one kernel for cards, `reverie::direct_loss` (see reverie/card_kernels.h).

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <torch/csrc/autograd/custom_function.h>

#include <tuple>

#include "direct_element.h"
#include "reverie/card_kernels.h"
#include "reverie/colour.h"
#include "reverie/mask.h"

namespace reverie::losses {

inline constexpr const char* kDirectSchema =
    "direct_loss(Tensor image, Tensor target, Tensor colour, Tensor? mask) -> (Tensor, Tensor)";

/// The mean over red, green, blue, saturation and value, by LibTorch's operators.
inline at::Tensor direct_loss(const at::Tensor& image, const at::Tensor& target, const at::Tensor& colour,
                              const at::Tensor& mask) {
  // Three of five channels and two of five, apart: putting them together would copy all of them.
  return masked_mse(image, target, mask) * 0.6 + masked_mse(saturation_value(image), colour, mask) * 0.4;
}

/// The operator: the loss and its gradient, for whatever walks over the elements.
template <typename Real, typename Walk>
std::tuple<at::Tensor, at::Tensor> walk_direct_loss(const at::Tensor& image, const at::Tensor& target,
                                                    const at::Tensor& colour,
                                                    const std::optional<at::Tensor>& mask) {
  const Walk walk(image.device());
  const at::Tensor a = image.contiguous(), b = target.contiguous(), c = colour.contiguous(),
                   m = mask ? mask->contiguous() : at::Tensor();
  const std::int64_t pixels = a.size(2) * a.size(3);
  const at::Tensor values = at::empty({pixels}, a.options()), gradient = at::empty_like(a);
  walk(DirectElement<Real>{a.const_data_ptr<Real>(), b.const_data_ptr<Real>(), c.const_data_ptr<Real>(),
                           m.defined() ? m.const_data_ptr<Real>() : nullptr, pixels,
                           values.mutable_data_ptr<Real>(), gradient.mutable_data_ptr<Real>()},
       pixels);
  return {values.sum(), gradient};
}

struct DirectByOperator : torch::autograd::Function<DirectByOperator> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& image,
                            const at::Tensor& target, const at::Tensor& colour,
                            const std::optional<at::Tensor>& mask) {
    static const auto op = card_operator<std::tuple<at::Tensor, at::Tensor>(
        const at::Tensor&, const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&)>(
        "reverie::direct_loss");
    const auto [value, gradient] = op.call(image, target, colour, mask);
    context->save_for_backward({gradient});
    return value;
  }
  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               torch::autograd::tensor_list gradients) {
    return {context->get_saved_variables()[0] * gradients[0], at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

/// direct_loss() by the operator, which must be loaded for the image's device.
inline at::Tensor direct_loss_by_operator(const at::Tensor& image, const at::Tensor& target,
                                          const at::Tensor& colour, const at::Tensor& mask) {
  return DirectByOperator::apply(image, target, colour, mask.defined() ? std::optional(mask) : std::nullopt);
}

inline bool direct_operator_agrees(c10::Device device) {
  const at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(std::uint64_t{1});
  const at::Tensor picture = at::rand({1, 3, 40, 50}, generator),
                   target = at::rand({1, 3, 40, 50}, generator),
                   mask = at::rand({1, 1, 40, 50}, generator).to(device);
  picture.select(2, 0).fill_(0.5);  // greys, whose channels tie
  picture.select(2, 1).zero_();
  const at::Tensor goal = target.to(device), colour = saturation_value(goal);
  for (const bool masked : {false, true}) {
    const at::Tensor one = picture.to(device).clone().set_requires_grad(true),
                     other = picture.to(device).clone().set_requires_grad(true);
    const at::Tensor m = masked ? mask : at::Tensor();
    const at::Tensor value = direct_loss_by_operator(one, goal, colour, m),
                     expected = direct_loss(other, goal, colour, m);
    (value * 3).backward();
    (expected * 3).backward();
    if (!((value - expected).abs().item<double>() <= 1e-5 * expected.item<double>())) return false;
    if (!((one.grad() - other.grad()).norm().item<double>() <= 1e-4 * other.grad().norm().item<double>()))
      return false;
  }
  return true;
}

inline CardKernels& direct_kernels_for_cards() {
  static CardKernels kernels("the direct loss", {"reverie::direct_loss"}, &direct_operator_agrees);
  return kernels;
}

}  // namespace reverie::losses
