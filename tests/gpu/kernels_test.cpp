// What needs a card. Without one, everything here is skipped.

#include <ATen/ATen.h>
#include <dlfcn.h>

#include "arithmetic.h"
#include "augmented_cutouts.h"
#include "correlation.h"
#include "cutouts_on_card.h"
#include "losses/direct_on_card.h"
#include "reverie/warp.h"
#include "support/device.h"
#include "support/numbers.h"

namespace reverie::test {
namespace {

const c10::Device kCard(c10::kCUDA, 0);

struct OnCard : testing::Test {
  void SetUp() override {
    if (!there_is_a_card()) GTEST_SKIP() << "there is no card";
#ifdef REVERIE_CUDA_LIBRARY
    static void* const library = ::dlopen(REVERIE_CUDA_LIBRARY, RTLD_NOW | RTLD_LOCAL);
    ASSERT_NE(library, nullptr) << ::dlerror();
#else
    GTEST_SKIP() << "there is a card, but no kernels: this was built without REVERIE_CUDA";
#endif
  }
};

TEST_F(OnCard, KernelsAgreeWithLibTorchsOperators) {
  EXPECT_TRUE(pytti::cutout_kernels_for_cards().usable(kCard));
  EXPECT_TRUE(detail::warp_kernels_for_cards().usable(kCard));
  EXPECT_TRUE(losses::direct_kernels_for_cards().usable(kCard));
  EXPECT_TRUE(limited_palette::palette_kernels_for_cards().usable(kCard));
  EXPECT_TRUE(raft::look_up_kernels_for_cards().usable(kCard));
}

struct Seen {
  at::Tensor images, gradient;
};
Seen look(c10::Device device) {
  const at::Tensor leaf = at::rand({1, 3, 300, 260}, seeded(1)).to(device).set_requires_grad(true);
  const auto cutouts = pytti::draw_cutouts(30, 260, 300, 96, {}, seeded(2));
  const pytti::Augmentation changes = pytti::draw_augmentation(30, 96, seeded(3));
  const at::Tensor images = pytti::take_augmented_cutouts(leaf, cutouts, 96, {}, changes, {});
  (images * at::randn({30, 3, 96, 96}, seeded(4)).to(device)).sum().backward();
  return {images.detach().cpu(), leaf.grad().cpu()};
}

TEST_F(OnCard, CutoutsAreTheCpusWithTheirNoise) {
  const Seen card = look(kCard), cpu = look(c10::kCPU);
  const at::Tensor off = (card.images - cpu.images).abs() > 1e-3;
  EXPECT_LE(off.sum().item<std::int64_t>(), off.numel() / 2000);
  EXPECT_LT((card.gradient - cpu.gradient).norm().item<double>(), 5e-3 * cpu.gradient.norm().item<double>());
}

TEST_F(OnCard, CutoutsAreTheSameBytesEachTime) {
  const Seen first = look(kCard);
  for (int i = 0; i < 5; ++i) {
    const Seen again = look(kCard);
    EXPECT_TRUE(at::equal(first.images, again.images));
    EXPECT_TRUE(at::equal(first.gradient, again.gradient));
  }
}

TEST_F(OnCard, WarpsAreTheCpus) {
  const at::Tensor canvas = at::rand({1, 5, 90, 110}, seeded(1)),
                   places = at::rand({1, 2, 200, 150}, seeded(2)) * 300 - 100;
  for (const Sampling sampling : {Sampling::nearest, Sampling::bilinear, Sampling::bicubic})
    for (const Infill infill : {Infill::mirror, Infill::wrap, Infill::black, Infill::smear})
      EXPECT_LT(largest(warp(canvas.to(kCard), places.to(kCard), sampling, infill).cpu() -
                        warp(canvas, places, sampling, infill)),
                1e-4);
}

}  // namespace
}  // namespace reverie::test
