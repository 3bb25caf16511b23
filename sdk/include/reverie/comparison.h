#pragma once
// ComparisonLoss: what losses that compare the picture with a target share.

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "reverie/loss.h"
#include "reverie/mask.h"
#include "reverie/resize.h"

namespace reverie {

/// Keeps target and mask at the size of the picture. They are copies: whoever gave them may go on to change
/// them, as an optimiser does.
class ComparisonLoss : public Loss {
 public:
  explicit ComparisonLoss(ImageSize size) : size_(size) {}

  Traits traits() const override {
    Traits traits;
    traits.target = traits.mask = true;
    return traits;
  }

  void set_target(const at::Tensor& image) final {
    const at::NoGradGuard no_gradient;
    target_ = image;
    if (image.defined()) {
      target_ = lanczos_resize(image.detach(), size_.height, size_.width);
      if (target_.is_alias_of(image)) target_ = target_.clone();
    }
    target_changed();
  }
  void set_mask(const at::Tensor& mask) override { mask_ = resize_mask(mask, size_.height, size_.width); }

  at::Tensor evaluate(const Context& context) final {
    // A constant, but one with a gradient.
    return target_.defined() ? compare(context) : context.image.sum() * 0;
  }

 protected:
  /// The value, where there is a target.
  virtual at::Tensor compare(const Context& context) = 0;
  /// Called without gradients when target() has become another one, or undefined.
  virtual void target_changed() {}

  const at::Tensor& target() const { return target_; }  ///< [1, 3, H, W] of the picture's size
  const at::Tensor& mask() const { return mask_; }      ///< [1, 1, H, W] of the picture's size, or undefined

 private:
  ImageSize size_;
  at::Tensor target_, mask_;
};

}  // namespace reverie
