// How ranks on cards exchange tensors; Gloo takes the place of NCCL, which needs cards.

#include "distributed/card_group.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>
#include <torch/csrc/distributed/c10d/HashStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>

namespace reverie::distributed {
namespace {

TEST(CardGroup, NcclNeedsACardForEachRank) {
  EXPECT_TRUE(each_has_a_card({"one 0000:01:00.0", "one 0000:02:00.0", "two 0000:01:00.0"}));
  EXPECT_FALSE(each_has_a_card({"one 0000:01:00.0", "one 0000:01:00.0"})) << "two ranks on one card";
  EXPECT_FALSE(each_has_a_card({"one 0000:01:00.0", ""})) << "one on the CPU, or without the library";
  EXPECT_FALSE(each_has_a_card({"", ""}));
}

/// Three ranks in one process: what each gathers are all ranks' bytes, in their order.
TEST(CardGroup, GathersInTheOrderOfRanks) {
  constexpr int kRanks = 3;
  const auto store = c10::make_intrusive<c10d::HashStore>();
  const auto own = [](int rank) {  // not dense
    return at::arange(12, at::kFloat).view({3, 4}).t() * 0.1 + rank;
  };
  std::vector<at::Tensor> gathered(kRanks);
  std::vector<std::thread> threads;
  for (int rank = 0; rank < kRanks; ++rank)
    threads.emplace_back([&, rank] {
      const auto options = c10d::ProcessGroupGloo::Options::create(std::chrono::seconds(60));
      options->devices.push_back(c10d::ProcessGroupGloo::createDeviceForHostname("127.0.0.1"));
      const auto group = c10::make_intrusive<c10d::ProcessGroupGloo>(store, rank, kRanks, options);
      gathered[static_cast<std::size_t>(rank)] =
          gather_in_group(*group, kRanks, own(rank), [](c10d::Work& work) { work.wait(); });
    });
  for (std::thread& thread : threads) thread.join();
  for (const at::Tensor& all : gathered) {
    ASSERT_EQ(all.sizes(), (std::vector<std::int64_t>{kRanks, 4, 3}));
    for (int rank = 0; rank < kRanks; ++rank) EXPECT_TRUE(at::equal(all[rank], own(rank))) << rank;
  }
}

}  // namespace
}  // namespace reverie::distributed
