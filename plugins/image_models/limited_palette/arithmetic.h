#pragma once
// What is computed for every pixel and palette: by kernels on the CPU, where LibTorch's operators would spend
// most of the time on passes over memory; by those operators on any device; and on a card by its kernels.

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "reverie/card_kernels.h"

namespace reverie::limited_palette {

/// What a picture consists of, without gradients.
struct PaletteInput {
  at::Tensor position;   ///< [N], brightness as 0..shades - 1
  at::Tensor shade;      ///< [N], the same rounded, int64
  at::Tensor preferred;  ///< [N], the palette with the highest logit, int64
  at::Tensor logits;     ///< [palettes, N]
  at::Tensor palette;    ///< [shades, palettes, 3]
};

/// Of palette_colours() (see colours.h).
struct PaletteGradients {
  at::Tensor position, logits, palette;
};

/// Of x = softmax of a pixel's logits - 1 / palettes, in double: less their mean, products do not drown in
/// it.
struct PaletteMoments {
  at::Tensor sum;       ///< [palettes], of x
  at::Tensor products;  ///< [palettes, palettes], of x x'
};

struct PaletteArithmetic {
  at::Tensor (*preferred)(const at::Tensor& logits);
  /// `half` [3, N] is half of the gradient of the colours.
  PaletteGradients (*colours_backward)(const PaletteInput& input, const at::Tensor& half);
  PaletteMoments (*moments)(const at::Tensor& logits);
  /// The gradient of `logits` when that of their softmax is slope (softmax - centre), `slope` [palettes,
  /// palettes] symmetric, `centre` [palettes].
  at::Tensor (*moments_backward)(const at::Tensor& logits, const at::Tensor& slope, const at::Tensor& centre);
};

extern const PaletteArithmetic kPalettesOnCpu, kPalettesAnywhere;
/// For devices where palette_kernels_for_cards() is usable.
extern const PaletteArithmetic kPalettesOnCard;

/// Compares that with kPalettesAnywhere.
bool palette_operator_agrees(c10::Device device);
CardKernels& palette_kernels_for_cards();

}  // namespace reverie::limited_palette
