#pragma once
// The operator `reverie::palette_backward` of elements.h, for whatever walks over the elements.

#include <ATen/ATen.h>

#include <tuple>

#include "elements.h"

namespace reverie::limited_palette {

inline constexpr const char* kPaletteSchema =
    "palette_backward(Tensor position, Tensor shade, Tensor preferred, Tensor logits, Tensor palette, Tensor "
    "half) "
    "-> (Tensor, Tensor, Tensor)";

/// The gradients of position, logits and palette: PaletteArithmetic::colours_backward of arithmetic.h.
template <typename Real, typename Walk>
std::tuple<at::Tensor, at::Tensor, at::Tensor> palette_backward(
    const at::Tensor& position, const at::Tensor& shade, const at::Tensor& preferred,
    const at::Tensor& logits, const at::Tensor& palette, const at::Tensor& half) {
  const Walk walk(position.device());
  const at::Tensor v = position.contiguous(), s = shade.contiguous(), best = preferred.contiguous(),
                   l = logits.contiguous(), colours = palette.contiguous(), g = half.contiguous();
  const std::int64_t pixels = v.size(0), palettes = l.size(0), shades = colours.size(0);
  TORCH_CHECK(pixels <= kMostPixels, "too many pixels for one sum: ", pixels);
  const at::TensorOptions whole = v.options().dtype(at::kLong);
  const at::Tensor largest = at::zeros({1}, whole), sums = at::zeros({kCopies, colours.numel()}, whole);
  const at::Tensor d_position = at::empty_like(v), d_logits = at::empty_like(l),
                   d_palette = at::empty_like(colours);
  auto* magnitude = largest.mutable_data_ptr<std::int64_t>();
  auto* totals = sums.mutable_data_ptr<std::int64_t>();
  walk(LargestElement<Real>{g.const_data_ptr<Real>(), magnitude}, 3 * pixels);
  walk(PaletteBackwardElement<Real>{pixels, palettes, shades, v.const_data_ptr<Real>(),
                                    s.const_data_ptr<std::int64_t>(), best.const_data_ptr<std::int64_t>(),
                                    l.const_data_ptr<Real>(), colours.const_data_ptr<Real>(),
                                    g.const_data_ptr<Real>(), magnitude, d_position.mutable_data_ptr<Real>(),
                                    d_logits.mutable_data_ptr<Real>(), totals},
       pixels);
  walk(PaletteSumElement<Real>{colours.numel(), totals, magnitude, d_palette.mutable_data_ptr<Real>()},
       colours.numel());
  return {d_position, d_logits, d_palette};
}

}  // namespace reverie::limited_palette
