#pragma once
// Opacity: which parts of a still are transparent. It is optimised together with the picture: perceptors see
// that over a background which is another one in each step, so that only what is opaque can be relied on, and
// what is opaque counts as loss, so that only what is needed is.

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <string>

#include "settings/settings.h"

namespace reverie::engine {

class Opacity {
 public:
  /// Of pictures of the size of `picture` [1, 3, H, W], and on their device. Begins wholly opaque. With
  /// `alpha` off there is nothing.
  Opacity(const Settings& settings, const at::Tensor& picture);

  bool is_on() const { return values_.defined(); }

  /// To be optimised.
  const at::Tensor& parameter() const { return values_; }

  /// [1, 1, H, W] 0..1, differentiable.
  at::Tensor decode() const;

  /// `picture` over a random background that is even, or blotched; drawn from a CPU generator.
  /// Differentiable.
  at::Tensor over_background(const at::Tensor& picture, at::Generator generator) const;

  /// `picture` over grey checks, for those who watch. Without gradient.
  at::Tensor over_checks(const at::Tensor& picture) const;

  /// What is opaque, times alpha_weight; a scalar with a gradient.
  at::Tensor loss() const;

  /// For pictures of another size; other parameters afterwards.
  void resize(const at::Tensor& picture);
  /// ResizesGradients::resize_gradients() of its parameter.
  at::Tensor resize_gradients(const at::Tensor& values, int power) const;

  std::map<std::string, at::Tensor> state() const;
  /// Throws Error(model) where it is of another size.
  void load_state(const std::map<std::string, at::Tensor>& state);

 private:
  double weight_ = 0;
  std::int64_t height_ = 0, width_ = 0;
  at::Tensor values_;  // [1, 1, h, w], coarser than the picture; undefined: off
};

}  // namespace reverie::engine
