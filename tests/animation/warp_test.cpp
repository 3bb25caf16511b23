// Looking pictures up at other places, against LibTorch's own sampling and padding.

#include "reverie/warp.h"

#include <torch/library.h>
#include <limits>

#include "reverie/warp_operator.h"
#include "support/host_walk.h"
#include "support/numbers.h"

namespace reverie::test {
namespace {

constexpr Sampling kSamplings[] = {Sampling::nearest, Sampling::bilinear, Sampling::bicubic};
constexpr Infill kInfills[] = {Infill::mirror, Infill::wrap, Infill::black, Infill::smear};

const char* name(Sampling sampling) {
  return sampling == Sampling::nearest ? "nearest" : sampling == Sampling::bilinear ? "bilinear" : "bicubic";
}
const char* name(Infill infill) {
  return infill == Infill::mirror  ? "mirror"
         : infill == Infill::wrap  ? "wrap"
         : infill == Infill::black ? "black"
                                   : "smear";
}

at::Tensor noise(at::IntArrayRef sizes, std::uint64_t seed) { return at::rand(sizes, seeded(seed)); }

bool upside_down = false;  // a kernel that is wrong

at::Tensor warp_by_elements(const at::Tensor& canvas, const at::Tensor& places, std::int64_t sampling,
                            std::int64_t infill) {
  const at::Tensor result = detail::walk_warp<ShuffledWalk>(canvas, places, sampling, infill);
  return upside_down ? result.flip({2}) : result;
}
// The kernel for cards, walked over by a loop.
TORCH_LIBRARY_FRAGMENT(reverie, library) { library.def(detail::kWarpSchema); }
TORCH_LIBRARY_IMPL(reverie, CPU, library) { library.impl("warp", &warp_by_elements); }

/// Calls `check` for every combination, and for all implementations.
template <typename Check>
void for_all(const Check& check) {
  for (const Sampling sampling : kSamplings)
    for (const Infill infill : kInfills)
      for (const auto& [how, implementation] : {std::pair{"on the CPU", &warp},
                                                {"anywhere", &detail::warp_anywhere},
                                                {"by the card's kernel", &detail::warp_by_operator}}) {
        SCOPED_TRACE(std::string(name(sampling)) + ", " + name(infill) + ", " + how);
        check(sampling, infill, [=](const at::Tensor& canvas, const at::Tensor& places) {
          return implementation(canvas, places, sampling, infill);
        });
      }
}

/// LibTorch's sampling in double, at places counted in pixels.
at::Tensor grid_sampled(const at::Tensor& canvas, const at::Tensor& places, Sampling sampling,
                        std::int64_t padding) {
  const at::Tensor gaps =
      at::tensor({static_cast<double>(canvas.size(3) - 1), static_cast<double>(canvas.size(2) - 1)});
  const at::Tensor grid = places.to(at::kDouble).permute({0, 2, 3, 1}) * 2 / gaps - 1;
  const std::int64_t mode = sampling == Sampling::bilinear ? 0 : sampling == Sampling::nearest ? 1 : 2;
  return at::grid_sampler(canvas.to(at::kDouble), grid, mode, padding, /*align_corners=*/true);
}

/// Scattered over the picture and up to `beyond` times its size around it.
at::Tensor scattered(const at::Tensor& canvas, double beyond, std::uint64_t seed) {
  const at::Tensor size = at::tensor({canvas.size(3), canvas.size(2)}, at::kFloat).view({1, 2, 1, 1});
  return (noise({1, 2, 40, 50}, seed) * (1 + 2 * beyond) - beyond) * size;
}

TEST(Warp, LeavesEveryBitWhereNothingMoves) {
  for_all([](Sampling, Infill, const auto& warped) {
    for (const auto& [channels, height, width] :
         {std::array{3, 17, 33}, {1, 1, 1}, {4, 1, 9}, {21, 6, 1}, {5, 2, 2}}) {
      const at::Tensor canvas = noise({1, channels, height, width}, 1) * 1e4 - 5e3;
      EXPECT_TRUE(at::equal(warped(canvas, pixel_places(height, width, at::kCPU)), canvas));
    }
  });
}

TEST(Warp, AgreesWithLibTorchsSampling) {
  for (const auto& [channels, height, width] : {std::array{3, 13, 19}, {1, 24, 5}, {6, 2, 3}})
    for_all([&, c = channels, h = height, w = width](Sampling sampling, Infill infill, const auto& warped) {
      if (infill == Infill::wrap) return;  // LibTorch has none
      const at::Tensor canvas = noise({1, c, h, w}, 2), places = scattered(canvas, 2.5, 3);
      const std::int64_t padding = infill == Infill::black ? 0 : infill == Infill::smear ? 1 : 2;
      const at::Tensor difference = warped(canvas, places) - grid_sampled(canvas, places, sampling, padding);
      EXPECT_LT(largest(difference), 2e-5) << c << "x" << h << "x" << w;
    });
}

TEST(Warp, WrapIsAnEndlessTiling) {
  for_all([](Sampling sampling, Infill infill, const auto& warped) {
    if (infill != Infill::wrap) return;
    const at::Tensor canvas = noise({1, 3, 7, 11}, 4), places = scattered(canvas, 1.5, 5);
    // Five tiles a side: the bicubic filter's reach from 1.5 sizes outside is within them.
    const at::Tensor tiles = canvas.repeat({1, 1, 5, 5});
    const at::Tensor shifted = places + at::tensor({22.0f, 14.0f}).view({1, 2, 1, 1});
    EXPECT_LT(largest(warped(canvas, places) - grid_sampled(tiles, shifted, sampling, 0)), 2e-5);
  });
}

TEST(Warp, MovesByWholePixelsExactly) {
  const at::Tensor canvas = noise({1, 3, 9, 12}, 6);
  for_all([&](Sampling, Infill infill, const auto& warped) {
    for (const std::int64_t dx : {-5, 3, 8})
      for (const std::int64_t dy : {-8, 0, 2}) {
        const auto move = at::tensor({static_cast<float>(dx), static_cast<float>(dy)}).view({1, 2, 1, 1});
        const at::Tensor moved = warped(canvas, pixel_places(9, 12, at::kCPU) - move);
        const auto cut = [&](const at::Tensor& padded) {
          return padded.slice(2, 8 - dy, 8 - dy + 9).slice(3, 8 - dx, 8 - dx + 12);
        };
        const at::Tensor expected =
            infill == Infill::wrap     ? at::roll(canvas, {dy, dx}, {2, 3})
            : infill == Infill::mirror ? cut(at::reflection_pad2d(canvas, {8, 8, 8, 8}))
            : infill == Infill::black  ? cut(at::constant_pad_nd(canvas, {8, 8, 8, 8}))
                                       : cut(at::replication_pad2d(canvas, {8, 8, 8, 8}));
        EXPECT_TRUE(at::equal(moved, expected)) << dx << ", " << dy;
      }
  });
}

TEST(Warp, NearestTakesTheRightOrLowerPixelHalfWayBetweenTwo) {
  const at::Tensor canvas = noise({1, 3, 9, 12}, 7);
  for (const bool anywhere : {false, true}) {
    const at::Tensor places = pixel_places(9, 12, at::kCPU) - 0.5;
    const at::Tensor moved = anywhere ? detail::warp_anywhere(canvas, places, Sampling::nearest, Infill::wrap)
                                      : warp(canvas, places, Sampling::nearest, Infill::wrap);
    EXPECT_TRUE(at::equal(moved, canvas));
  }
}

TEST(Warp, AgreesWithItselfFarOutsideAndWhereThereIsNoPlace) {
  for (const float far : {1e3f, 1e5f, 1e30f}) {
    const at::Tensor canvas = noise({1, 7, 23, 31}, 8), places = scattered(canvas, far, 9);
    places[0][0][0][0] = std::numeric_limits<float>::quiet_NaN();
    places[0][1][0][1] = std::numeric_limits<float>::infinity();
    places[0][0][0][2] = -std::numeric_limits<float>::infinity();
    for_all([&](Sampling sampling, Infill infill, const auto& warped) {
      const at::Tensor result = warped(canvas, places);
      EXPECT_LT(largest(result - warp(canvas, places, sampling, infill)), 5e-6);
      EXPECT_TRUE(result.isfinite().all().item<bool>());
    });
  }
}

TEST(Warp, TakesAnyLayoutAndAnyFloatingPointType) {
  const at::Tensor canvas = noise({1, 3, 20, 30}, 10), places = scattered(canvas, 1, 11);
  const at::Tensor plain = warp(canvas, places, Sampling::bicubic, Infill::mirror);
  const at::Tensor strided = noise({1, 3, 20, 30}, 10).transpose(2, 3).contiguous().transpose(2, 3);
  ASSERT_FALSE(strided.is_contiguous());
  EXPECT_TRUE(at::equal(warp(strided, places, Sampling::bicubic, Infill::mirror), plain));
  const at::Tensor doubles =
      warp(canvas.to(at::kDouble), places.to(at::kDouble), Sampling::bicubic, Infill::mirror);
  EXPECT_EQ(doubles.scalar_type(), at::kDouble);
  EXPECT_LT(largest(doubles - plain), 1e-5);
  EXPECT_FALSE(warp(at::ones({1, 1, 4, 4}).set_requires_grad(true), places, Sampling::nearest, Infill::wrap)
                   .requires_grad());
}

// Tensors without values, which no operator mixes with those of the CPU, stand for every other device.
// LibTorch cannot pick pixels from them, but all that says which pixels.
TEST(Warp, FindsPixelsOnTheDeviceOfThePlaces) {
  const at::Tensor places = pixel_places(5, 6, at::kMeta);
  ASSERT_TRUE(places.is_meta());
  for (const Sampling sampling : kSamplings)
    for (const Infill infill : kInfills) {
      const detail::AxisTaps taps = detail::axis_taps(places.select(1, 0), 9, sampling, infill);
      ASSERT_FALSE(taps.index.empty());
      for (const at::Tensor& index : taps.index) EXPECT_TRUE(index.is_meta());
      for (const at::Tensor& weight : taps.weight) EXPECT_TRUE(weight.is_meta());
    }
}

TEST(Warp, RefusesWhatItCannotWarp) {
  const at::Tensor canvas = at::zeros({1, 3, 4, 4}), places = pixel_places(4, 4, at::kCPU);
  const auto refuses = [](const at::Tensor& pixels, const at::Tensor& where) {
    EXPECT_THROW(warp(pixels, where, Sampling::bilinear, Infill::wrap), Error);
  };
  refuses(canvas[0], places);
  refuses(at::zeros({2, 3, 4, 4}), places);
  refuses(at::zeros({1, 3, 0, 4}), places);
  refuses(at::zeros({1, 3, 4, 4}, at::kByte), places);
  refuses(canvas, places.permute({0, 2, 3, 1}));
  refuses(canvas, at::zeros({2, 2, 4, 4}));
}

TEST(Warp, AKernelForCardsIsUsedWhereItAgrees) {
  for (const bool wrong : {false, true}) {
    upside_down = wrong;
    CardKernels kernels("warps", {"reverie::warp"}, &detail::warp_operator_agrees);
    EXPECT_EQ(kernels.usable(c10::kCPU), !wrong);
  }
  upside_down = false;
}

}  // namespace
}  // namespace reverie::test
