// The consistency of two flows, by hand and against numpy.

#include "consistency.h"

#include <fstream>

#include "animation/clips.h"
#include "conformance/tensors.h"
#include "support/numbers.h"

namespace reverie::test {
namespace {

at::Tensor still(std::int64_t height, std::int64_t width) { return at::zeros({1, 2, height, width}); }

at::Tensor row(const std::vector<float>& values, std::int64_t height) {
  return at::tensor(values).view({1, 1, 1, -1}).expand({1, 1, height, -1});
}

// A Gaussian's weights at -1, 0, 1 with the deviation 0.8.
constexpr float kBeside = 0.23899427f, kMiddle = 0.52201147f;

TEST(Reliability, IsWholeWhereNothingMoves) {
  for (const auto& [width, height] : {std::pair{9, 7}, {1, 1}, {1, 5}, {6, 1}})
    EXPECT_LT(largest(animation::reliability(still(height, width), still(height, width)) - 1), 1e-6);
}

// Its flow leads back to a pixel 1 away: 1 >= 0.01 * 1 + 0.5, so it is worth -1 before the blur.
TEST(Reliability, OfAPixelThatLeadsElsewhere) {
  at::Tensor forth = still(5, 5);
  forth[0][0][2][2] = 1;
  const at::Tensor trust = animation::reliability(still(5, 5), forth);
  at::Tensor expected = at::ones({1, 1, 5, 5});
  const float weights[] = {kBeside, kMiddle, kBeside};
  for (int y = 0; y < 3; ++y)
    for (int x = 0; x < 3; ++x) expected[0][0][y + 1][x + 1] = 1 - 2 * weights[y] * weights[x];
  EXPECT_LT(largest(trust - expected), 1e-6);
  forth[0][0][2][2] = 0.7;  // 0.49 < 0.01 * 0.49 + 0.5
  EXPECT_LT(largest(animation::reliability(still(5, 5), forth) - 1), 1e-6);
}

TEST(Reliability, OfWhatComesFromOutside) {
  at::Tensor back = still(4, 6);
  back.select(1, 0).fill_(1);  // the last column comes from beyond
  EXPECT_LT(largest(animation::reliability(back, -back) - row({1, 1, 1, 1, 1 - kBeside, kBeside}, 4)), 1e-6);
}

// Halves of which one moves by 0.2: half the jump, squared, is 0.01 >= 0.01 * 0.04 + 0.002 on both sides.
TEST(Reliability, OfAnEdgeOfMotions) {
  at::Tensor back = still(4, 7);
  back.select(1, 1).slice(2, 3, 7).fill_(0.2);
  const at::Tensor trust =
      animation::reliability(back, -back).slice(2, 0, 3);  // what comes from below is outside
  const at::Tensor expected = row({1, 1 - kBeside, kBeside, kBeside, 1 - kBeside, 1, 1}, 3).clone();
  EXPECT_LT(largest((trust - expected).slice(2, 0, 2)), 1e-6);
  back.select(1, 1).mul_(0.4);  // 0.0016 < 0.002
  EXPECT_LT(largest(animation::reliability(back, -back).slice(2, 0, 2) - 1), 1e-6);
}

TEST(Reliability, IsThatOfNumpy) {
  for (const char* name : {"calm", "wild", "line"}) {
    std::ifstream file(clips() / (std::string(name) + ".flows"), std::ios::binary);
    std::int32_t sizes[3];
    ASSERT_TRUE(file.read(reinterpret_cast<char*>(sizes), sizeof sizes));
    const at::Tensor planes = at::empty({1, sizes[0], sizes[1], sizes[2]}, at::kFloat);
    ASSERT_TRUE(file.read(reinterpret_cast<char*>(planes.mutable_data_ptr<float>()), planes.numel() * 4));
    const at::Tensor expected = planes.narrow(1, 4, 1);
    EXPECT_GT(expected.std().item<double>(), 0.05) << "there is something to compare";
    EXPECT_LT(largest(animation::reliability(planes.narrow(1, 0, 2), planes.narrow(1, 2, 2)) - expected),
              1e-5)
        << name;
  }
}

}  // namespace
}  // namespace reverie::test
