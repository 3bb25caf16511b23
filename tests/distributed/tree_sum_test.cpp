// The sum over groups: the same bytes whoever adds what.

#include "distributed/tree_sum.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <bit>

#include "distributed/facts.h"
#include "engine/cutout_groups.h"

namespace reverie::distributed {
namespace {

/// Numbers of very different sizes, so that every order of additions gives other bytes.
at::Tensor leaf(std::int64_t group) {
  const at::Tensor base = at::arange(1, 33, at::kFloat);
  return at::sin(base * static_cast<double>(group + 1)) *
         std::pow(10.0, static_cast<double>(group * 7 % 11) - 5);
}

/// As `ranks` processes do it, and then one of them.
at::Tensor sum_by(std::int64_t ranks, std::int64_t groups) {
  std::vector<Groups> nodes;
  std::vector<at::Tensor> sums;
  for (std::int64_t rank = 0; rank < ranks; ++rank)
    for (const Groups& node : nodes_of(share_of(rank, ranks, groups))) {
      nodes.push_back(node);
      sums.push_back(sum_node(node, leaf));
    }
  return sum_nodes(nodes, sums);
}

TEST(TreeSum, has_the_same_bytes_for_any_number_of_ranks) {
  for (const std::int64_t groups : {1, 2, 4, 8, 16}) {
    const at::Tensor alone = sum_node({0, groups}, leaf);
    for (std::int64_t ranks = 1; ranks <= groups; ++ranks)
      EXPECT_TRUE(at::equal(sum_by(ranks, groups), alone)) << ranks << " ranks, " << groups << " groups";
  }
}

TEST(TreeSum, is_the_sum_in_pairs) {
  const at::Tensor pairs = ((leaf(0) + leaf(1)) + (leaf(2) + leaf(3)));
  EXPECT_TRUE(at::equal(sum_by(3, 4), pairs));
  const at::Tensor in_a_row = ((leaf(0) + leaf(1)) + leaf(2)) + leaf(3);
  EXPECT_FALSE(at::equal(pairs, in_a_row)) << "these numbers would not notice another order";
}

TEST(TreeSum, shares_are_all_groups_once_and_nearly_equal) {
  for (std::int64_t ranks = 1; ranks <= 20; ++ranks) {
    std::int64_t next = 0;
    for (std::int64_t rank = 0; rank < ranks; ++rank) {
      const Groups share = share_of(rank, ranks, 16);
      EXPECT_EQ(share.first, next);
      EXPECT_GE(share.size(), 16 / ranks);
      EXPECT_LE(share.size(), (16 + ranks - 1) / ranks);
      next = share.last;
    }
    EXPECT_EQ(next, 16);
  }
}

TEST(TreeSum, nodes_are_powers_of_two_at_their_multiples) {
  for (std::int64_t first = 0; first <= 16; ++first)
    for (std::int64_t last = first; last <= 16; ++last) {
      std::int64_t next = first;
      for (const Groups& node : nodes_of({first, last})) {
        EXPECT_EQ(node.first, next);
        EXPECT_TRUE(std::has_single_bit(static_cast<std::uint64_t>(node.size())));
        EXPECT_EQ(node.first % node.size(), 0);
        next = node.last;
      }
      EXPECT_EQ(next, last);
    }
}

TEST(CutoutGroups, hold_all_cutouts) {
  for (const std::int64_t cutouts : {1, 3, 16, 40, 100}) {
    std::int64_t all = 0;
    for (std::int64_t group = 0; group < 16; ++group) all += engine::cutouts_of_group(group, 16, cutouts);
    EXPECT_EQ(all, cutouts);
  }
}

TEST(Facts, that_differ_are_listed_with_who_has_what) {
  const Facts one = {{"version", "1"}, {"device", "cpu"}}, two = {{"version", "1"}, {"device", "cuda:0"}};
  EXPECT_EQ(differences({one, one}), "");
  const std::string table = differences({one, two, one});
  EXPECT_NE(table.find("device of rank 0: cpu"), std::string::npos) << table;
  EXPECT_NE(table.find("device of rank 1: cuda:0"), std::string::npos) << table;
  EXPECT_EQ(table.find("version"), std::string::npos) << table;
  Facts more = one;
  more.emplace_back("SHA-256 of a.pt", "12ab");
  for (const std::vector<Facts>& some : {std::vector<Facts>{one, more}, {more, one}})
    EXPECT_NE(differences(some).find(": 12ab"), std::string::npos) << "one rank alone has it";
}

}  // namespace
}  // namespace reverie::distributed
