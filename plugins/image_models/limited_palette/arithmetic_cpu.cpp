#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "arithmetic.h"
#include "kernels.h"

namespace reverie::limited_palette {
namespace {

PaletteShape shape_of(const at::Tensor& logits, std::int64_t shades = 0) {
  const std::int64_t lanes = palette_kernels().lanes, palettes = logits.size(0);
  return {logits.size(1), palettes, shades, (palettes + lanes - 1) / lanes * lanes};
}

/// [..., palettes] in rows of `padded`.
at::Tensor padded(const at::Tensor& rows, const PaletteShape& shape) {
  return at::constant_pad_nd(rows, {0, shape.padded - shape.palettes}).contiguous();
}

/// Calls `work(first, last, sums, rows)` for all pixels on all threads and adds up `sums`, float of the sizes
/// given, which come zeroed. The parts do not depend on the number of threads, so neither does the result,
/// double. Each part's sum is short, for float's sake. `rows` is the kernels' working memory.
template <typename Work>
at::Tensor sum_over_pixels(const PaletteShape& shape, at::IntArrayRef sizes, const Work& work) {
  constexpr std::int64_t kParts = 16, kShort = 4096;
  const at::Tensor totals = at::zeros(c10::multiply_integers(sizes) * kParts, at::kDouble).view({kParts, -1});
  const std::int64_t part = (shape.pixels + kParts - 1) / kParts;
  at::parallel_for(0, kParts, 1, [&](std::int64_t begin, std::int64_t end) {
    const at::Tensor rows = at::empty({PaletteKernels::kRows, shape.padded}, at::kFloat);
    const at::Tensor sums = at::empty({totals.size(1)}, at::kFloat);
    for (std::int64_t k = begin; k < end; ++k) {
      const std::int64_t stop = std::min((k + 1) * part, shape.pixels);
      at::Tensor total = totals[k];
      for (std::int64_t first = k * part; first < stop; first += kShort) {
        sums.zero_();
        work(first, std::min(first + kShort, stop), sums.mutable_data_ptr<float>(),
             rows.mutable_data_ptr<float>());
        total += sums;
      }
    }
  });
  return totals.sum(0).view(sizes);
}

at::Tensor preferred(const at::Tensor& logits) {
  const PaletteShape shape = shape_of(logits);
  const at::Tensor source = logits.contiguous();
  const at::Tensor result = at::empty({shape.pixels}, at::kLong);
  at::parallel_for(0, shape.pixels, 4096, [&](std::int64_t first, std::int64_t last) {
    palette_kernels().prefer(shape, first, last, source.const_data_ptr<float>(),
                             result.mutable_data_ptr<std::int64_t>());
  });
  return result;
}

PaletteGradients colours_backward(const PaletteInput& in, const at::Tensor& half) {
  const PaletteShape shape = shape_of(in.logits, in.palette.size(0));
  const at::Tensor colours = padded(in.palette.transpose(1, 2), shape);
  const at::Tensor position = in.position.contiguous(), logits = in.logits.contiguous(),
                   gradient = half.contiguous();
  const PaletteGradients result{at::empty_like(position), at::empty_like(logits), {}};
  const at::Tensor d_colours = sum_over_pixels(
      shape, colours.sizes(), [&](std::int64_t first, std::int64_t last, float* sums, float* rows) {
        palette_kernels().colours_backward(
            shape, first, last, position.const_data_ptr<float>(), in.shade.const_data_ptr<std::int64_t>(),
            in.preferred.const_data_ptr<std::int64_t>(), logits.const_data_ptr<float>(),
            colours.const_data_ptr<float>(), gradient.const_data_ptr<float>(),
            result.position.mutable_data_ptr<float>(), result.logits.mutable_data_ptr<float>(), sums, rows);
      });
  return {result.position, result.logits,
          d_colours.narrow(2, 0, shape.palettes).transpose(1, 2).to(at::kFloat).contiguous()};
}

PaletteMoments moments(const at::Tensor& logits) {
  const PaletteShape shape = shape_of(logits);
  const at::Tensor source = logits.contiguous();
  const at::Tensor sums = sum_over_pixels(shape, {shape.palettes + 1, shape.padded},
                                          [&](std::int64_t first, std::int64_t last, float* to, float* rows) {
                                            palette_kernels().moments(
                                                shape, first, last, source.const_data_ptr<float>(), to, rows);
                                          })
                              .narrow(1, 0, shape.palettes);
  const at::Tensor upper = sums.slice(0, 1).triu();
  return {sums[0], upper + upper.triu(1).t()};
}

at::Tensor moments_backward(const at::Tensor& logits, const at::Tensor& slope, const at::Tensor& centre) {
  const PaletteShape shape = shape_of(logits);
  const at::Tensor source = logits.contiguous(), rows_of_slope = padded(slope, shape),
                   middle = centre.contiguous();
  const at::Tensor result = at::empty_like(source);
  at::parallel_for(0, shape.pixels, 4096, [&](std::int64_t first, std::int64_t last) {
    const at::Tensor rows = at::empty({PaletteKernels::kRows, shape.padded}, at::kFloat);
    palette_kernels().moments_backward(shape, first, last, source.const_data_ptr<float>(),
                                       rows_of_slope.const_data_ptr<float>(), middle.const_data_ptr<float>(),
                                       result.mutable_data_ptr<float>(), rows.mutable_data_ptr<float>());
  });
  return result;
}

}  // namespace

const PaletteArithmetic kPalettesOnCpu = {&preferred, &colours_backward, &moments, &moments_backward};

}  // namespace reverie::limited_palette
