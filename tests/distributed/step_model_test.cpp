// What is predicted for a run over ranks, from figures that were measured.

#include "distributed/step_model.h"

#include <gtest/gtest.h>

namespace reverie::distributed {
namespace {

/// 1 s is repeated, 8 s are shared, 1000 bytes are sent at 500 bytes a second after 0.25 s.
StepModel model(std::int64_t cutouts = 48, std::int64_t groups = 16) {
  return {{1, 8, 1000, 1'000'000}, cutouts, groups, {0.25, 500}};
}

TEST(StepModel, of_one_rank_is_what_was_measured) {
  EXPECT_EQ(model().step(1), 9);
  EXPECT_EQ(model().memory(1), 1'000'000);
  EXPECT_EQ(model().sent(1), 0);
  EXPECT_EQ(model().transfer(1), 0);
}

// By hand: serial + parallel / n + (n - 1) * (2 * latency + bytes / bandwidth).
TEST(StepModel, of_equal_shares_is_serial_and_a_part_of_the_parallel_and_the_transfer) {
  EXPECT_DOUBLE_EQ(model().step(2), 1 + 4 + 1 * (0.5 + 2));
  EXPECT_DOUBLE_EQ(model().step(4), 1 + 2 + 3 * (0.5 + 2));
  EXPECT_DOUBLE_EQ(model().step(16), 1 + 0.5 + 15 * (0.5 + 2));
}

// Three ranks have the groups 0-4, 5-9 and 10-15. The second one's are the sums of 5, of 6 and 7, and of 8
// and 9.
TEST(StepModel, waits_for_the_largest_share_and_sends_the_most_nodes) {
  EXPECT_DOUBLE_EQ(model().share(3), 6.0 / 16);
  EXPECT_EQ(model().sent(3), 3000);
  EXPECT_DOUBLE_EQ(model().step(3), 1 + 3 + 2 * (0.5 + 6));
  // Five cutouts in four groups: 1, 1, 1 and 2.
  EXPECT_DOUBLE_EQ(model(5, 4).share(1), 1);
  EXPECT_DOUBLE_EQ(model(5, 4).share(2), 3.0 / 5);
  EXPECT_DOUBLE_EQ(model(5, 4).share(4), 2.0 / 5);
}

TEST(StepModel, more_ranks_never_have_larger_shares) {
  for (const std::int64_t cutouts : {1, 5, 16, 19, 40, 100})
    for (std::int64_t ranks = 2; ranks <= 16; ++ranks) {
      EXPECT_LE(model(cutouts).share(ranks), model(cutouts).share(ranks - 1)) << cutouts << " " << ranks;
      EXPECT_GE(model(cutouts).share(ranks), 1.0 / static_cast<double>(ranks));
    }
}

/// The groups are computed one by one, so what ranks need more than one process is only what they exchange.
TEST(StepModel, memory_grows_by_the_sums_that_are_exchanged_alone) {
  for (std::int64_t ranks = 2; ranks <= 16; ++ranks)
    EXPECT_EQ(model().memory(ranks) - model().memory(1), (ranks + 1) * model().sent(ranks)) << ranks;
}

TEST(StepModel, a_quicker_network_makes_quicker_steps) {
  StepModel quick = model();
  quick.connection.bytes_per_second *= 10;
  for (std::int64_t ranks = 2; ranks <= 16; ++ranks) EXPECT_LT(quick.step(ranks), model().step(ranks));
  EXPECT_EQ(quick.step(1), model().step(1));
}

}  // namespace
}  // namespace reverie::distributed
