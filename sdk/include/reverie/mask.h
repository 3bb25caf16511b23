#pragma once
// Masks, and comparisons under them.

#include <ATen/ATen.h>

namespace reverie {

/// `mask` [1, 1, H, W] to [1, 1, height, width], a copy; undefined stays undefined. Bilinear, and averaging
/// where it shrinks, so that all of the mask counts (the reference samples, and passes over what lies between
/// the samples).
inline at::Tensor resize_mask(const at::Tensor& mask, std::int64_t height, std::int64_t width) {
  if (!mask.defined()) return mask;
  if (mask.size(2) == height && mask.size(3) == width) return mask.detach().clone();
  return at::_upsample_bilinear2d_aa(mask.detach(), {height, width}, /*align_corners=*/false);
}

/// Mean of (a * mask - b * mask)^2 over all elements, also those where the mask is 0. An undefined mask is
/// one of ones.
inline at::Tensor masked_mse(const at::Tensor& a, const at::Tensor& b, const at::Tensor& mask) {
  return mask.defined() ? ((a - b) * mask).square().mean() : at::mse_loss(a, b);
}

}  // namespace reverie
