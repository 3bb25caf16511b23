#include "cutouts_on_card.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cstring>

#include "elements.h"

namespace reverie::pytti {
namespace {

constexpr const char *kForward = "reverie::augmented_cutouts",
                     *kBackward = "reverie::augmented_cutouts_backward";

/// [N, sizeof(AugmentedCutout)] bytes on the device. The copy does not wait for the card.
at::Tensor bytes_of(const std::vector<AugmentedCutout>& cutouts, c10::Device device) {
  const auto size = static_cast<std::int64_t>(sizeof(AugmentedCutout));
  const at::Tensor bytes = at::empty({static_cast<std::int64_t>(cutouts.size()), size},
                                     at::TensorOptions().dtype(at::kByte).pinned_memory(device.is_cuda()));
  std::memcpy(bytes.mutable_data_ptr<std::uint8_t>(), cutouts.data(),
              cutouts.size() * sizeof(AugmentedCutout));
  return bytes.to(device, /*non_blocking=*/true);
}

struct TakeByOperators : torch::autograd::Function<TakeByOperators> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& picture,
                            const at::Tensor& cutouts, std::int64_t side) {
    static const auto op =
        card_operator<std::tuple<at::Tensor, at::Tensor>(const at::Tensor&, const at::Tensor&, std::int64_t)>(
            kForward);
    const auto [warped, result] = op.call(picture, cutouts, side);
    context->save_for_backward({warped, cutouts});
    context->saved_data["height"] = picture.size(2);
    context->saved_data["width"] = picture.size(3);
    return result;
  }
  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               torch::autograd::tensor_list gradients) {
    static const auto op = card_operator<at::Tensor(const at::Tensor&, const at::Tensor&, const at::Tensor&,
                                                    std::int64_t, std::int64_t)>(kBackward);
    const auto saved = context->get_saved_variables();
    return {op.call(saved[0], gradients[0], saved[1], context->saved_data["height"].toInt(),
                    context->saved_data["width"].toInt()),
            at::Tensor(), at::Tensor()};
  }
};

}  // namespace

std::vector<AugmentedCutout> describe(const std::vector<Cutout>& cutouts, const Augmentation& a) {
  std::vector<AugmentedCutout> result(cutouts.size());
  const at::Tensor affine = a.affine.contiguous(), perspective = a.perspective.contiguous();
  for (std::size_t i = 0; i < cutouts.size(); ++i) {
    const auto n = static_cast<std::int64_t>(i);
    AugmentedCutout& g = result[i];
    g.x = cutouts[i].x;
    g.y = cutouts[i].y;
    g.width = cutouts[i].width;
    g.height = cutouts[i].height;
    std::copy_n(affine.const_data_ptr<float>() + n * 6, 6, g.affine);
    std::copy_n(perspective.const_data_ptr<float>() + n * 9, 9, g.perspective);
    g.hue = a.hue.accessor<float, 1>()[n];
    g.saturation = a.saturation.accessor<float, 1>()[n];
    for (std::int64_t k = 0; k < 4; ++k)
      g.erased[k] = static_cast<std::int64_t>(a.erased.accessor<float, 2>()[n][k]);
    g.noise = a.noise.accessor<float, 1>()[n];
    for (std::int64_t k = 0; k < 2; ++k)
      g.noise_key[k] = static_cast<std::uint32_t>(a.noise_key.accessor<std::int64_t, 2>()[n][k]);
  }
  return result;
}

bool fits_operators(const at::Tensor& picture, std::int64_t side) {
  return picture.scalar_type() == at::kFloat && side <= kGreatestCutout && picture.size(2) < kGreatestSide &&
         picture.size(3) < kGreatestSide;
}

at::Tensor take_cutouts_by_operators(const at::Tensor& picture, const std::vector<Cutout>& places,
                                     std::int64_t side, const Augmentation& changes) {
  return TakeByOperators::apply(picture, bytes_of(describe(places, changes), picture.device()), side);
}

bool cutout_operators_agree(c10::Device device) {
  constexpr std::int64_t kCount = 16, kSide = 64, kWidth = 150, kHeight = 130;
  const at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(std::uint64_t{1});
  const CutoutSettings settings{1, 0.25, "clamp", 0.25};
  const auto places = draw_cutouts(kCount, kWidth, kHeight, kSide, settings, generator);
  Augmentation changes = draw_augmentation(kCount, kSide, generator);
  const at::Tensor picture = at::rand({1, 3, kHeight, kWidth}, generator).to(device);
  const at::Tensor direction = at::randn({kCount, 3, kSide, kSide}, generator).to(device);
  changes.noise.zero_();
  const auto look = [&](const auto& take) {
    const at::Tensor leaf = picture.clone().set_requires_grad(true);
    const at::Tensor images = take(leaf);
    images.mul(direction).sum().backward();
    return std::pair(images.detach(), leaf.grad());
  };
  const auto [images, gradient] =
      look([&](const at::Tensor& x) { return take_cutouts_by_operators(x, places, kSide, changes); });
  const auto [expected, slope] = look([&](const at::Tensor& x) {
    return augment_without_noise(take_cutouts(x, places, kSide, settings), changes);
  });
  // A point exactly on the edge of the perspective may round to either side of it.
  const auto off = ((images - expected).abs() <= 1e-3).logical_not().sum().item<std::int64_t>();
  const double error = (gradient - slope).norm().item<double>(), size = slope.norm().item<double>();
  if (!(off <= images.numel() / 1000 && error <= 1e-2 * size)) return false;
  // Noise, by its moments: that of LibTorch's operators is another.
  changes.noise.fill_(0.1);
  const at::Tensor noise = take_cutouts_by_operators(picture, places, kSide, changes) - images;
  const double mean = noise.mean().item<double>(), deviation = noise.std().item<double>();
  return std::abs(mean) < 2e-3 && std::abs(deviation - 0.1) < 2e-3;
}

CardKernels& cutout_kernels_for_cards() {
  static CardKernels kernels("augmented cutouts", {kForward, kBackward}, &cutout_operators_agree);
  return kernels;
}

}  // namespace reverie::pytti
