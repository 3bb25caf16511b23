#include "augmented_cutouts.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/custom_class.h>

#include <algorithm>

#include "cutouts_on_card.h"
#include "reverie/cpu.h"

namespace reverie::pytti {

extern const CutoutKernels cutout_kernels_baseline;

const CutoutKernels& cutout_kernels() {
#if defined(__x86_64__)
  extern const CutoutKernels cutout_kernels_avx2, cutout_kernels_avx512;
  static const CutoutKernels& chosen =
      choose_kernels(cutout_kernels_baseline, cutout_kernels_avx2, cutout_kernels_avx512);
  return chosen;
#else
  return cutout_kernels_baseline;
#endif
}

namespace {

constexpr std::int64_t kBand = 32;  // rows of the picture whose gradient one thread sums up

/// What autograd keeps for the way back, beside tensors.
struct Kept : torch::CustomClassHolder {
  explicit Kept(std::vector<AugmentedCutout> all) : cutouts(std::move(all)) {}
  std::vector<AugmentedCutout> cutouts;
};

struct TakeAugmentedCutouts : torch::autograd::Function<TakeAugmentedCutouts> {
  /// Planar [1, 3, H, W] to interleaved [H, W, 4].
  static at::Tensor interleaved(const at::Tensor& image) {
    const at::Tensor planes = image.contiguous();
    const std::int64_t height = image.size(2), width = image.size(3), plane = height * width;
    const at::Tensor result = at::empty({height, width, 4}, image.options());
    const float* from = planes.const_data_ptr<float>();
    float* to = result.mutable_data_ptr<float>();
    at::parallel_for(0, height, kBand, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t y = begin; y < end; ++y) {
        const float* row = from + y * width;
        cutout_kernels().interleave(width, row, row + plane, row + 2 * plane, to + y * width * 4);
      }
    });
    return result;
  }

  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& image,
                            const std::vector<AugmentedCutout>& cutouts, std::int64_t side) {
    const auto count = static_cast<std::int64_t>(cutouts.size());
    const at::Tensor source = interleaved(image);
    const std::int64_t width = image.size(3), each = 3 * side * side;
    const at::Tensor result = at::empty({count, 3, side, side}, image.options());
    const at::Tensor warped = at::empty_like(result);
    const float* from = source.const_data_ptr<float>();
    float* before = warped.mutable_data_ptr<float>();
    float* after = result.mutable_data_ptr<float>();
    at::parallel_for(0, count, 1, [&](std::int64_t begin, std::int64_t end) {
      const at::Tensor pooled = at::empty({side * side * 4}, at::kFloat);
      const at::Tensor line = at::empty({std::max(image.size(2), width) * 4}, at::kFloat);
      for (std::int64_t n = begin; n < end; ++n)
        cutout_kernels().forward(cutouts[static_cast<std::size_t>(n)], side, from, width,
                                 pooled.mutable_data_ptr<float>(), line.mutable_data_ptr<float>(),
                                 before + n * each, after + n * each);
    });
    if (image.requires_grad()) {
      context->save_for_backward({warped});
      context->saved_data["shape"] = image.sizes();
      context->saved_data["cutouts"] = c10::IValue::make_capsule(c10::make_intrusive<Kept>(cutouts));
    }
    return result;
  }

  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               torch::autograd::tensor_list gradients) {
    const at::Tensor warped = context->get_saved_variables()[0], d_out = gradients[0].contiguous();
    const std::vector<std::int64_t> shape = context->saved_data["shape"].toIntVector();
    const auto kept = c10::static_intrusive_pointer_cast<Kept>(context->saved_data["cutouts"].toCapsule());
    const AugmentedCutout* cutouts = kept->cutouts.data();
    const std::int64_t count = warped.size(0), side = warped.size(2), height = shape[2], width = shape[3];
    const std::int64_t each = 3 * side * side, plane = height * width;

    const at::Tensor d_pooled = at::empty({count, side, side, 4}, warped.options());
    float* pooled = d_pooled.mutable_data_ptr<float>();
    at::parallel_for(0, count, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t n = begin; n < end; ++n)
        cutout_kernels().backward(cutouts[n], side, warped.const_data_ptr<float>() + n * each,
                                  d_out.const_data_ptr<float>() + n * each, pooled + n * side * side * 4);
    });
    const at::Tensor result = at::empty(shape, warped.options());
    float* to = result.mutable_data_ptr<float>();
    // Cutouts overlap: a thread owns rows of the picture, and adds all cutouts to them in their order.
    at::parallel_for(0, (height + kBand - 1) / kBand, 1, [&](std::int64_t begin, std::int64_t end) {
      const at::Tensor line = at::empty({std::max(height, width) * 4}, at::kFloat);
      const at::Tensor band = at::empty({kBand * width * 4}, at::kFloat);
      float* rows = band.mutable_data_ptr<float>();
      for (std::int64_t b = begin; b < end; ++b) {
        const std::int64_t first = b * kBand, last = std::min(first + kBand, height);
        std::fill_n(rows, kBand * width * 4, 0.0f);
        for (std::int64_t n = 0; n < count; ++n)
          cutout_kernels().backward_pooling(cutouts[n], side, pooled + n * side * side * 4, first, last,
                                            width, line.mutable_data_ptr<float>(), rows);
        for (std::int64_t y = first; y < last; ++y) {
          float* row = to + y * width;
          cutout_kernels().separate(width, rows + (y - first) * width * 4, row, row + plane, row + 2 * plane);
        }
      }
    });
    return {result, at::Tensor(), at::Tensor()};
  }
};

}  // namespace

at::Tensor take_augmented_cutouts(const at::Tensor& image, const std::vector<Cutout>& cutouts,
                                  std::int64_t side, const CutoutSettings& settings,
                                  const Augmentation& changes, at::Generator generator) {
  const bool on_cpu = image.device().is_cpu();
  if (!on_cpu && !(fits_operators(image, side) && cutout_kernels_for_cards().usable(image.device())))
    return augment(take_cutouts(image, cutouts, side, settings), changes, std::move(generator));
  const auto [source, places] = extend_picture(image, cutouts, settings);
  if (!on_cpu) return take_cutouts_by_operators(source, places, side, changes);
  return TakeAugmentedCutouts::apply(source, describe(places, changes), side);
}

}  // namespace reverie::pytti
