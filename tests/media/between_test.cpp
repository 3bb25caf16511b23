// Pictures between two pictures whose true motion is known.

#include "media/between.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "conformance/tensors.h"
#include "support/numbers.h"

namespace reverie::test {
namespace {

using media::between;

at::Tensor flow_of(std::int64_t width, std::int64_t height, double x, double y) {
  return at::tensor({x, y}, at::kFloat).view({1, 2, 1, 1}).expand({1, 2, height, width}).contiguous();
}

TEST(Between, WhatMovesAsAWholeIsInTheMiddle) {
  const std::int64_t width = 48, height = 32;
  const at::Tensor ground = random_picture(width + 16, height + 8, 1);
  const auto cut = [&](std::int64_t x, std::int64_t y) {
    return ground.slice(3, x, x + width).slice(2, y, y + height).contiguous();
  };
  // What is at p in the first is at p - (8, 4) in the second.
  const at::Tensor first = cut(0, 0), second = cut(8, 4), there = flow_of(width, height, -8, -4),
                   back = flow_of(width, height, 8, 4);
  // In two corners there is what neither picture has.
  const at::Tensor known = at::ones({1, 1, height, width});
  known.slice(2, height - 4).slice(3, 0, 8).zero_();
  known.slice(2, 0, 4).slice(3, width - 8).zero_();
  for (int quarter = 1; quarter < 4; ++quarter) {
    const at::Tensor made = between({first, second, there, back}, quarter / 4.0);
    EXPECT_LT(largest((made - cut(2 * quarter, quarter)) * known), 0.005)
        << quarter << ", also at the edges, where one picture alone has what is there";
  }
}

TEST(Between, WhatCoversOtherThingsStaysInFront) {
  const std::int64_t width = 64, height = 40, side = 16;
  const at::Tensor ground = random_picture(width, height, 2), thing = random_picture(side, side, 3);
  const auto shown = [&](std::int64_t x) {
    at::Tensor picture = ground.clone();
    picture.slice(3, x, x + side).slice(2, 12, 12 + side).copy_(thing);
    return picture;
  };
  const auto flow_at = [&](std::int64_t x, double motion) {
    at::Tensor flow = flow_of(width, height, 0, 0);
    flow.slice(3, x, x + side).slice(2, 12, 12 + side).select(1, 0).fill_(motion);
    return flow;
  };
  // Towards the right by 12 pixels, over a ground that stands still.
  const at::Tensor first = shown(10), second = shown(22);
  const at::Tensor made = between({first, second, flow_at(10, 12), flow_at(22, -12)}, 0.5);
  const at::Tensor difference = (made - shown(16)).abs().amax(1);
  EXPECT_LT(difference.mean().item<double>(), 0.002);
  EXPECT_LT((difference > 0.05).to(at::kFloat).sum().item<double>(), 40)
      << "pixels, which lie at the edges of the thing";
  // Mixed without motion, a quarter of the picture would be wrong.
  EXPECT_GT(((first + second) / 2 - shown(16)).abs().mean().item<double>(), 0.02);
}

TEST(Between, NothingMovesWhereNothingMoved) {
  const at::Tensor first = random_picture(20, 10, 4), second = random_picture(20, 10, 5),
                   still = flow_of(20, 10, 0, 0);
  EXPECT_LT(largest(between({first, first, still, still}, 0.3) - first), 1e-6);
  const at::Tensor mixed = between({first, second, still, still}, 0.25);
  EXPECT_LT(largest(mixed - at::lerp(first, second, 0.25)), 0.05)
      << "what changes without motion is mixed by time";
}

TEST(Between, FlowsThatAreNoNumbersLeadNowhere) {
  const at::Tensor picture = random_picture(12, 9, 6), nowhere = flow_of(12, 9, std::nan(""), 1e30);
  EXPECT_TRUE(is_picture(between({picture, picture, nowhere, nowhere}, 0.5)));
}

}  // namespace
}  // namespace reverie::test
