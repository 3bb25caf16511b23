#include <ATen/ATen.h>

#include <algorithm>

#include "arithmetic.h"

namespace reverie::limited_palette {
namespace {

/// Calls `work(first, count)` for all pixels in order, so many at a time that a GPU's memory suffices.
template <typename Work>
void for_chunks(std::int64_t pixels, std::int64_t numbers_per_pixel, const Work& work) {
  const std::int64_t size = std::max<std::int64_t>((1 << 26) / numbers_per_pixel, 1);
  for (std::int64_t first = 0; first < pixels; first += size) work(first, std::min(size, pixels - first));
}

/// The gradient of what a softmax over dimension 0 made `weights` of.
at::Tensor softmax_gradient(const at::Tensor& weights, const at::Tensor& gradient) {
  return weights * (gradient - (weights * gradient).sum(0, /*keepdim=*/true));
}

/// 1 where a row's number is that of the pixel: [rows, n].
at::Tensor indicator(const at::Tensor& numbers, std::int64_t rows) {
  return (at::arange(rows, numbers.options()).unsqueeze(1) == numbers).to(at::kFloat);
}

at::Tensor preferred(const at::Tensor& logits) { return at::argmax(logits, 0); }

// Sums over pixels are matrix products here: unlike scattered additions, they have the same result every
// time.
PaletteGradients colours_backward(const PaletteInput& in, const at::Tensor& half) {
  const std::int64_t shades = in.palette.size(0), palettes = in.palette.size(1);
  const at::Tensor colours = in.palette.transpose(1, 2).reshape({shades * 3, palettes});
  const at::Tensor number = at::arange(shades, in.position.options()).unsqueeze(1);
  at::Tensor d_colours = at::zeros_like(colours);
  const PaletteGradients result{at::empty_like(in.position), at::empty_like(in.logits), {}};
  for_chunks(in.position.size(0), std::max(palettes, 3 * shades), [&](std::int64_t first, std::int64_t n) {
    const auto part = [&](const at::Tensor& whole) { return whole.narrow(-1, first, n); };
    const auto repeat_channels = [&](const at::Tensor& share) {  // [shades, n] to [shades * 3, n]
      return (share.unsqueeze(1) * part(half).unsqueeze(0)).view({shades * 3, n});
    };
    const at::Tensor position = part(in.position), weights = at::softmax(part(in.logits), 0);
    // A colour of the soft picture counts by how near its number is to the position.
    const at::Tensor soft = repeat_channels((1 - (position - number).abs()).clamp_min(0));
    part(result.logits).copy_(softmax_gradient(weights, colours.t().matmul(soft)));
    const at::Tensor hard = repeat_channels(indicator(part(in.shade), shades));
    d_colours += soft.matmul(weights.t()) + hard.matmul(indicator(part(in.preferred), palettes).t());
    // On the brightest colour the slope is that from the one before it: clamped pixels can come back.
    const at::Tensor low = position.floor().clamp_max(shades - 2);
    const at::Tensor slope = (number == low + 1).to(at::kFloat) - (number == low).to(at::kFloat);
    part(result.position)
        .copy_((colours.matmul(weights) * repeat_channels(slope)).sum(0) * (shades > 1 ? 1 : 0));
  });
  return {result.position, result.logits, d_colours.view({shades, 3, palettes}).transpose(1, 2).contiguous()};
}

PaletteMoments moments(const at::Tensor& logits) {
  const std::int64_t palettes = logits.size(0);
  const at::TensorOptions exact = logits.options().dtype(at::kDouble);
  PaletteMoments result{at::zeros({palettes}, exact), at::zeros({palettes, palettes}, exact)};
  for_chunks(logits.size(1), palettes, [&](std::int64_t first, std::int64_t n) {
    const at::Tensor x = at::softmax(logits.narrow(1, first, n), 0) - 1.0 / static_cast<double>(palettes);
    result.sum += x.sum(1);
    result.products += x.matmul(x.t());
  });
  return result;
}

at::Tensor moments_backward(const at::Tensor& logits, const at::Tensor& slope, const at::Tensor& centre) {
  const at::Tensor result = at::empty_like(logits);
  for_chunks(logits.size(1), logits.size(0), [&](std::int64_t first, std::int64_t n) {
    const at::Tensor weights = at::softmax(logits.narrow(1, first, n), 0);
    result.narrow(1, first, n).copy_(softmax_gradient(weights, slope.matmul(weights - centre.unsqueeze(1))));
  });
  return result;
}

}  // namespace

const PaletteArithmetic kPalettesAnywhere = {&preferred, &colours_backward, &moments, &moments_backward};

}  // namespace reverie::limited_palette
