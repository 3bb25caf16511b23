// Limited Palette's kernel for cards, walked over by a loop.

#include <torch/library.h>

#include "arithmetic.h"
#include "card_operators.h"
#include "colours.h"
#include "support/host_walk.h"
#include "support/numbers.h"

namespace reverie::test {
namespace {

bool wrong = false;

std::tuple<at::Tensor, at::Tensor, at::Tensor> backward(const at::Tensor& position, const at::Tensor& shade,
                                                        const at::Tensor& preferred, const at::Tensor& logits,
                                                        const at::Tensor& palette, const at::Tensor& half) {
  auto result = limited_palette::palette_backward<float, ShuffledWalk>(position, shade, preferred, logits,
                                                                       palette, half);
  if (wrong) std::get<2>(result).mul_(1.01);
  return result;
}
TORCH_LIBRARY_FRAGMENT(reverie, library) { library.def(limited_palette::kPaletteSchema); }
TORCH_LIBRARY_IMPL(reverie, CPU, library) { library.impl("palette_backward", &backward); }

limited_palette::PaletteInput input(std::int64_t palettes, std::int64_t shades, std::int64_t pixels,
                                    at::ScalarType dtype) {
  limited_palette::PaletteInput in;
  in.position = at::rand({pixels}, seeded(1), dtype) * (shades - 1);
  if (pixels > 3) {
    in.position[0] = 0;
    in.position[1] = shades - 1;  // the brightest
    in.position[2] = 0.5 * static_cast<double>(shades - 1);
  }
  in.shade = in.position.round().to(at::kLong);
  in.logits = at::randn({palettes, pixels}, seeded(2), dtype) * 3;
  in.preferred = in.logits.argmax(0);
  in.palette = at::rand({shades, palettes, 3}, seeded(3), dtype);
  return in;
}

TEST(PaletteElements, AreTheCpusAndLibTorchsOperators) {
  for (const auto& [palettes, shades, pixels] :
       {std::array{5, 7, 900}, {1, 4, 100}, {8, 1, 64}, {1, 1, 1}, {17, 2, 333}}) {
    SCOPED_TRACE(std::to_string(palettes) + " palettes of " + std::to_string(shades));
    const auto in = input(palettes, shades, pixels, at::kFloat);
    const at::Tensor half = at::randn({3, pixels}, seeded(4)) * 1e-4;
    const auto one = limited_palette::kPalettesOnCard.colours_backward(in, half);
    for (const auto* arithmetic : {&limited_palette::kPalettesOnCpu, &limited_palette::kPalettesAnywhere}) {
      const auto other = arithmetic->colours_backward(in, half);
      const auto expect_alike = [](const at::Tensor& a, const at::Tensor& b) {
        EXPECT_LE((a - b).norm().item<double>(), 1e-4 * b.norm().item<double>() + 1e-10);
      };
      expect_alike(one.position, other.position);
      expect_alike(one.logits, other.logits);
      expect_alike(one.palette, other.palette);
    }
  }
}

TEST(PaletteElements, GradientIsTheSlopeOfTheSoftPicture) {
  // The soft half of colours.h in double: a mean over palettes of what lies between two colours.
  const auto in = input(3, 4, 12, at::kDouble);
  const at::Tensor half = at::randn({3, 12}, seeded(4), at::kDouble);
  const auto soft = [&](const at::Tensor& position, const at::Tensor& logits, const at::Tensor& palette) {
    const at::Tensor low = position.detach().floor().clamp(0, 2), part = position - low;
    const at::Tensor index = low.to(at::kLong);
    const at::Tensor dark = palette.index_select(0, index), bright = palette.index_select(0, index + 1);
    const at::Tensor mixed =
        dark * (1 - part).view({-1, 1, 1}) + bright * part.view({-1, 1, 1});  // [N, P, 3]
    return ((mixed * at::softmax(logits, 0).t().unsqueeze(2)).sum(1) * half.t()).sum();
  };
  const at::Tensor chosen = in.palette.detach().clone().set_requires_grad(true);
  (chosen.reshape({-1, 3}).index_select(0, in.shade * 3 + in.preferred) * half.t()).sum().backward();
  const auto [position, logits, palette] = limited_palette::palette_backward<double, HostWalk>(
      in.position, in.shade, in.preferred, in.logits, in.palette, half);
  const at::Tensor v = in.position.clone().set_requires_grad(true),
                   l = in.logits.clone().set_requires_grad(true),
                   c = in.palette.clone().set_requires_grad(true);
  soft(v, l, c).backward();
  EXPECT_LT(largest(position - v.grad()), 1e-9);
  EXPECT_LT(largest(logits - l.grad()), 1e-9);
  EXPECT_LT(largest(palette - c.grad() - chosen.grad()), 1e-9);
}

TEST(PaletteElements, BytesDoNotDependOnTheOrderOfThreads) {
  const auto in = input(4, 5, 700, at::kFloat);
  const at::Tensor half = at::randn({3, 700}, seeded(4));
  const auto one = limited_palette::palette_backward<float, HostWalk>(in.position, in.shade, in.preferred,
                                                                      in.logits, in.palette, half),
             other = limited_palette::palette_backward<float, ShuffledWalk>(
                 in.position, in.shade, in.preferred, in.logits, in.palette, half);
  EXPECT_TRUE(at::equal(std::get<2>(one), std::get<2>(other)));
}

TEST(PaletteElements, AreLeftOutWhereTheyAreWrong) {
  for (const bool fault : {false, true}) {
    wrong = fault;
    CardKernels kernels("palettes", {"reverie::palette_backward"}, &limited_palette::palette_operator_agrees);
    EXPECT_EQ(kernels.usable(c10::kCPU), !fault);
  }
  wrong = false;
}

}  // namespace
}  // namespace reverie::test
