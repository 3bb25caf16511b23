// One request to end, however many ways it comes.

#include "base/end_requests.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <barrier>
#include <string>
#include <thread>
#include <vector>

namespace reverie {
namespace {

constexpr pid_t kParent = 10, kOther = 20, kThird = 30;

TEST(EndRequests, copies_that_the_parent_passes_on_are_no_requests) {
  EndRequests requests;
  EXPECT_EQ(requests.add(kOther, kParent), 1u);
  EXPECT_EQ(requests.add(kParent, kParent), 0u);
  EXPECT_EQ(requests.add(kThird, kParent), 2u) << "of another program than the first, which cannot be known";
  EXPECT_EQ(requests.add(kParent, kParent), 0u);
}

TEST(EndRequests, the_parent_may_be_the_first) {
  EndRequests requests;
  EXPECT_EQ(requests.add(kParent, kParent), 1u);
  EXPECT_EQ(requests.add(kOther, kParent), 0u);
  EXPECT_EQ(requests.add(kParent, kParent), 2u);
}

/// Whatever the order of the signals: as many requests as the larger number of signals of one kind, each
/// counted once.
TEST(EndRequests, are_counted_once_in_any_order) {
  std::string signals = "ooopp";
  std::sort(signals.begin(), signals.end());
  do {
    EndRequests requests;
    std::uint32_t expected = 0;
    for (std::size_t i = 0; i < signals.size(); ++i) {
      const auto end = signals.begin() + static_cast<std::ptrdiff_t>(i) + 1;
      const auto most = static_cast<std::uint32_t>(
          std::max(std::count(signals.begin(), end, 'o'), std::count(signals.begin(), end, 'p')));
      EXPECT_EQ(requests.add(signals[i] == 'p' ? kParent : kOther, kParent), most > expected ? most : 0);
      expected = most;
    }
  } while (std::next_permutation(signals.begin(), signals.end()));
}

TEST(EndRequests, of_two_threads_at_once_are_one) {
  for (int round = 0; round < 100; ++round) {
    EndRequests requests;
    std::barrier both(2);
    std::uint32_t sum[2] = {};
    std::vector<std::thread> threads;
    for (const pid_t sender : {kParent, kOther})
      threads.emplace_back([&, sender] {
        both.arrive_and_wait();
        sum[sender == kParent] = requests.add(sender, kParent);
      });
    for (std::thread& thread : threads) thread.join();
    ASSERT_EQ(sum[0] + sum[1], 1u);
  }
}

}  // namespace
}  // namespace reverie
