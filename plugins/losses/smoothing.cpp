/// Smoothing: total variation, how uneven the picture is.
///
/// The mean of the squared differences to the right neighbours plus that to the lower ones. Under a mask they
/// are multiplied by its value at the left or upper pixel before they are squared.

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <optional>

#include "reverie/loss.h"
#include "reverie/mask.h"
#include "reverie/plugin.h"

namespace reverie {
namespace {

/// Left to autograd, each of the four slices would get a gradient as large as the whole picture.
struct TotalVariation : torch::autograd::Function<TotalVariation> {
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

class Smoothing final : public Loss {
 public:
  Smoothing(Host&, const Params&, const Setup& setup) : size_(setup.size) {}

  Traits traits() const override {
    Traits traits;
    traits.mask = true;
    return traits;
  }
  void set_mask(const at::Tensor& mask) override { mask_ = resize_mask(mask, size_.height, size_.width); }
  at::Tensor evaluate(const Context& context) override {
    return TotalVariation::apply(context.image, mask_.defined() ? std::optional(mask_) : std::nullopt);
  }

 private:
  ImageSize size_;
  at::Tensor mask_;
};

}  // namespace

REVERIE_EXPORT_PLUGIN(Smoothing, Loss, "smoothing", "1.0", "total variation: makes the picture even",
                      kNoParams, "", "smoothing_weight");

}  // namespace reverie
