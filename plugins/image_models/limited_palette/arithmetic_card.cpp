#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include "arithmetic.h"
#include "card_operators.h"

namespace reverie::limited_palette {
namespace {

PaletteGradients colours_backward(const PaletteInput& in, const at::Tensor& half) {
  if (in.position.size(0) > kMostPixels || in.position.scalar_type() != at::kFloat)
    return kPalettesAnywhere.colours_backward(in, half);
  static const auto op = card_operator<std::tuple<at::Tensor, at::Tensor, at::Tensor>(
      const at::Tensor&, const at::Tensor&, const at::Tensor&, const at::Tensor&, const at::Tensor&,
      const at::Tensor&)>("reverie::palette_backward");
  const auto [position, logits, palette] =
      op.call(in.position, in.shade, in.preferred, in.logits, in.palette, half);
  return {position, logits, palette};
}

}  // namespace

const PaletteArithmetic kPalettesOnCard = {
    [](const at::Tensor& logits) { return kPalettesAnywhere.preferred(logits); }, &colours_backward,
    [](const at::Tensor& logits) { return kPalettesAnywhere.moments(logits); },
    [](const at::Tensor& logits, const at::Tensor& slope, const at::Tensor& centre) {
      return kPalettesAnywhere.moments_backward(logits, slope, centre);
    }};

bool palette_operator_agrees(c10::Device device) {
  constexpr std::int64_t kPixels = 3000, kPalettes = 5, kShades = 7;
  const at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(std::uint64_t{1});
  PaletteInput in;
  in.position = (at::rand({kPixels}, generator) * (kShades - 1)).to(device);
  in.shade = in.position.round().to(at::kLong);
  in.logits = at::randn({kPalettes, kPixels}, generator).to(device);
  in.preferred = in.logits.argmax(0);
  in.palette = at::rand({kShades, kPalettes, 3}, generator).to(device);
  const at::Tensor half = at::randn({3, kPixels}, generator).to(device);
  const PaletteGradients one = kPalettesOnCard.colours_backward(in, half),
                         other = kPalettesAnywhere.colours_backward(in, half);
  const auto alike = [](const at::Tensor& a, const at::Tensor& b) {
    return (a - b).norm().item<double>() <= 1e-3 * b.norm().item<double>();
  };
  return alike(one.position, other.position) && alike(one.logits, other.logits) &&
         alike(one.palette, other.palette);
}

CardKernels& palette_kernels_for_cards() {
  static CardKernels kernels("Limited Palette's gradient", {"reverie::palette_backward"},
                             &palette_operator_agrees);
  return kernels;
}

}  // namespace reverie::limited_palette
