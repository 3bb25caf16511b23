#include "distributed/tree_sum.h"

namespace reverie::distributed {

Groups share_of(std::int64_t rank, std::int64_t ranks, std::int64_t groups) {
  return {rank * groups / ranks, (rank + 1) * groups / ranks};
}

std::vector<Groups> nodes_of(const Groups& share) {
  std::vector<Groups> nodes;
  for (std::int64_t first = share.first; first < share.last;) {
    std::int64_t size = 1;
    while (first % (2 * size) == 0 && first + 2 * size <= share.last) size *= 2;
    nodes.push_back({first, first + size});
    first += size;
  }
  return nodes;
}

at::Tensor sum_node(const Groups& node, const std::function<at::Tensor(std::int64_t)>& leaf) {
  if (node.size() == 1) return leaf(node.first);
  const std::int64_t middle = node.first + node.size() / 2;
  at::Tensor sum = sum_node({node.first, middle}, leaf);
  return sum.add_(sum_node({middle, node.last}, leaf));
}

at::Tensor sum_nodes(const std::vector<Groups>& nodes, const std::vector<at::Tensor>& sums) {
  std::size_t next = 0;  // nodes are met in their order
  const std::function<at::Tensor(const Groups&)> sum_of = [&](const Groups& node) {
    if (nodes.at(next).first == node.first && nodes[next].last == node.last) return sums.at(next++).clone();
    const std::int64_t middle = node.first + node.size() / 2;
    at::Tensor sum = sum_of({node.first, middle});
    return sum.add_(sum_of({middle, node.last}));
  };
  return sum_of({nodes.front().first, nodes.back().last});
}

}  // namespace reverie::distributed
