#include "losses/smoothing.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <optional>

#include "losses/built_in.h"
#include "losses/masked.h"

namespace reverie {
namespace {

/// Left to autograd, each of the four slices would get a gradient as large as the whole picture.
struct Smoothing : torch::autograd::Function<Smoothing> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& image,
                            const std::optional<at::Tensor>& mask) {
    at::Tensor result = at::zeros({}, image.options());
    torch::autograd::variable_list steps;
    for (const std::int64_t axis : {2, 3}) {
      const std::int64_t length = image.size(axis) - 1;
      at::Tensor step = image.narrow(axis, 1, length) - image.narrow(axis, 0, length);
      if (mask) step.mul_(mask->narrow(axis, 0, length));
      // The mean over no differences at all (a picture one pixel wide) would not be a number.
      if (length > 0) result = result + at::mse_loss(step, at::zeros({}, step.options()).expand_as(step));
      steps.push_back(step);
    }
    context->save_for_backward({steps[0], steps[1], mask.value_or(at::Tensor())});
    return result;
  }
  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               torch::autograd::tensor_list gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor& mask = saved[2];
    auto sizes = saved[0].sizes().vec();
    sizes[2] += 1;
    const at::Tensor total = at::zeros(sizes, saved[0].options());
    for (const std::int64_t axis : {2, 3}) {
      at::Tensor step = saved[static_cast<std::size_t>(axis - 2)];
      const std::int64_t length = step.size(axis);
      if (length == 0) continue;
      if (mask.defined()) step = step * mask.narrow(axis, 0, length);
      step = step * (gradients[0] * (2.0 / static_cast<double>(step.numel())));
      total.narrow(axis, 1, length).add_(step);
      total.narrow(axis, 0, length).sub_(step);
    }
    return {total, at::Tensor()};
  }
};

class SmoothingLoss final : public Loss {
 public:
  explicit SmoothingLoss(ImageSize size) : size_(size) {}

  void set_target(const at::Tensor&) override {}
  void set_mask(const at::Tensor& mask) override { mask_ = resize_mask(mask, size_.height, size_.width); }
  at::Tensor evaluate(const at::Tensor& image, ImageModel&) override { return smoothing_loss(image, mask_); }

 private:
  ImageSize size_;
  at::Tensor mask_;
};

}  // namespace

at::Tensor smoothing_loss(const at::Tensor& image, const at::Tensor& mask) {
  return Smoothing::apply(image, mask.defined() ? std::optional(mask) : std::nullopt);
}

std::unique_ptr<Loss> make_smoothing_loss(ImageSize size) { return std::make_unique<SmoothingLoss>(size); }

}  // namespace reverie
