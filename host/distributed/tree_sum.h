#pragma once
// A sum over a fixed tree of groups: its bytes do not depend on which process adds which of them.
//
// The leaves are the groups 0 to G - 1, G a power of two. A node of 2^k groups begins at a multiple of 2^k,
// and is the sum of its two halves. Floating-point addition is not associative, so a sum in another order
// gives other bytes.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <vector>

namespace reverie::distributed {

/// Consecutive groups: first to last - 1.
struct Groups {
  std::int64_t first = 0, last = 0;
  std::int64_t size() const { return last - first; }
};

/// The groups of one of `ranks` processes. Shares differ by one group at most; a rank beyond the groups has
/// none.
Groups share_of(std::int64_t rank, std::int64_t ranks, std::int64_t groups);

/// The nodes that together are `share`, as few as there can be, in order.
std::vector<Groups> nodes_of(const Groups& share);

/// The sum of a node. leaf(group) returns a new tensor, of the same shape for each group.
at::Tensor sum_node(const Groups& node, const std::function<at::Tensor(std::int64_t)>& leaf);

/// The sum of all groups from the sums of nodes that together are all groups, in order.
at::Tensor sum_nodes(const std::vector<Groups>& nodes, const std::vector<at::Tensor>& sums);

}  // namespace reverie::distributed
