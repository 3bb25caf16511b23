#pragma once
// What an optimiser knows of parameters, where the picture that they make gets another size: it goes on with
// that instead of starting again. Two optional parts: one of the image model, which knows what its parameters
// are, and one of the optimiser, which knows what it remembers of them.

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "reverie/extension.h"

namespace reverie {

/// Of a Resizable.
class REVERIE_PUBLIC ResizesGradients {
 public:
  static constexpr const char* kId = "reverie.resizes_gradients/1";
  virtual ~ResizesGradients() = default;

  /// [frame] `values` are of the shapes that all parameters had before resize(), in their order: averages of
  /// the loss's gradients (`power` 1), or of their squares (2). What these averages are about now, for the
  /// parameter `index` as it is now. Of squares, no value is below 0, nor 0 where nothing is known.
  virtual at::Tensor resize_gradients(std::size_t index, const std::vector<at::Tensor>& values,
                                      int power) = 0;
};

/// Of an Optimiser.
class REVERIE_PUBLIC GoesOnResized {
 public:
  static constexpr const char* kId = "reverie.goes_on_resized/1";
  virtual ~GoesOnResized() = default;

  /// resize_gradients() of the model.
  using Resize =
      std::function<at::Tensor(std::size_t index, const std::vector<at::Tensor>& values, int power)>;

  /// [frame] Of a new instance: `before` is the state() of one for the parameters before, of the same plugin
  /// with the same settings.
  virtual void go_on_from(const std::map<std::string, at::Tensor>& before, const Resize& resize) = 0;
};

/// The gradients of values that lie beside each other, [N, C, h, w], for `height` times `width` of them: each
/// of these has a smaller part of the picture.
inline at::Tensor spread_gradients(const at::Tensor& values, std::int64_t height, std::int64_t width,
                                   int power) {
  const double share =
      static_cast<double>(values.size(2) * values.size(3)) / static_cast<double>(height * width);
  return at::upsample_bilinear2d(values, {height, width}, /*align_corners=*/false)
      .mul_(power == 2 ? share * share : share);
}

/// go_on_from() for a state of tensors by "<parameter>.<part>", of the parameter's shape or one number for
/// all of it, which stays. `power` says of a part what it averages: 1 gradients, 2 their squares. Each tensor
/// of `own` gets its value.
inline void take_resized(const std::map<std::string, at::Tensor>& own,
                         const std::map<std::string, at::Tensor>& before, const GoesOnResized::Resize& resize,
                         const std::function<int(const std::string& part)>& power) {
  const at::NoGradGuard no_grad;
  for (const auto& [name, tensor] : own) {
    const std::size_t dot = name.find('.');
    const std::string part = name.substr(dot);
    std::vector<at::Tensor> values;
    for (std::size_t i = 0; before.count(std::to_string(i) + part); ++i)
      values.push_back(before.at(std::to_string(i) + part));
    // There may be more parameters than before; what counts steps counts those of the run.
    tensor.copy_(values.at(0).dim() == 0 ? values[0]
                                         : resize(std::stoul(name), values, power(part.substr(1))));
  }
}

}  // namespace reverie
