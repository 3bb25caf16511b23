#pragma once
// From brightness and palettes to colours.

#include <ATen/core/Tensor.h>

namespace reverie::limited_palette {

/// The colours [3, N] that pixels have whose brightness is `value` [N] and whose preference for each palette
/// is `logits` [palettes, N], with `palette` [colours, palettes, 3] sorted from dark to bright.
///
/// With v = clamp(value, 0, 1) * (colours - 1), a pixel has colour round(v) of the palette it prefers. That
/// has no useful gradient, so half of the gradient is that of a soft picture: the mean over palettes,
/// weighted by softmax of the logits, of what lies between colours floor(v) and ceil(v). The other half goes
/// to the colour chosen.
at::Tensor palette_colours(const at::Tensor& value, const at::Tensor& logits, const at::Tensor& palette);

/// How unevenly palettes are used, a scalar: from P = softmax of `logits` [palettes, N] over the palettes,
/// the mean of their correlation matrix [palettes, palettes] without its diagonal, which falls as palettes
/// keep apart, plus the mean of 1 / (N * deviation of each), which falls as each takes pixels of its own. 0
/// where nothing can vary: one palette or one pixel.
at::Tensor palette_normalisation(const at::Tensor& logits);

}  // namespace reverie::limited_palette
