// The memory account of a card. Without a card, everything here is skipped.

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "engine/memory_account.h"
#include "support/device.h"

namespace reverie::test {
namespace {

TEST(MemoryOnCard, TensorsBelongToTheScopeThatTookThem) {
  if (!there_is_a_card()) GTEST_SKIP() << "there is no card";
  constexpr double kMega = 1'000'000, kShare = 0.1;
  const c10::Device card(c10::kCUDA, 0);
  const auto megabytes = [&](std::int64_t count) {
    return at::ones({count * 1'000'000}, at::TensorOptions(at::kByte).device(card));
  };
  megabytes(1);  // what the device needs for itself
  engine::MemoryAccount account;
  account.count_on(card);
  at::Tensor first, second;
  {
    const engine::MemoryScope scope("first");
    first = megabytes(300);
    const engine::MemoryScope inner("second");
    second = megabytes(70);
    megabytes(200);
  }
  const engine::MemoryAccount::Report report = account.report();
  for (const auto& line : report.lines) {
    if (line.component == "first") {
      EXPECT_NEAR(static_cast<double>(line.now), 300 * kMega, kShare * 300 * kMega);
    }
    if (line.component == "second") {
      EXPECT_NEAR(static_cast<double>(line.now), 70 * kMega, kShare * 70 * kMega);
      EXPECT_NEAR(static_cast<double>(line.most), 270 * kMega, kShare * 270 * kMega);
    }
  }
  EXPECT_GE(report.lines.size(), 2u);
}

}  // namespace
}  // namespace reverie::test
