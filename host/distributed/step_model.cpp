#include "distributed/step_model.h"

#include <algorithm>

#include "distributed/tree_sum.h"

namespace reverie::distributed {

double StepModel::share(std::int64_t ranks) const {
  std::int64_t most = 0;
  for (std::int64_t rank = 0; rank < ranks; ++rank) {
    std::int64_t own = 0;
    const Groups mine = share_of(rank, ranks, groups);
    for (std::int64_t group = mine.first; group < mine.last; ++group)
      own += share_of(group, groups, cutouts).size();
    most = std::max(most, own);
  }
  return static_cast<double>(most) / static_cast<double>(cutouts);
}

std::int64_t StepModel::sent(std::int64_t ranks) const {
  if (ranks == 1) return 0;
  std::size_t most = 0;
  for (std::int64_t rank = 0; rank < ranks; ++rank)
    most = std::max(most, nodes_of(share_of(rank, ranks, groups)).size());
  return static_cast<std::int64_t>(most) * one.bytes;
}

double StepModel::transfer(std::int64_t ranks) const {
  if (ranks == 1) return 0;
  return static_cast<double>(ranks - 1) *
         (2 * connection.latency + static_cast<double>(sent(ranks)) / connection.bytes_per_second);
}

double StepModel::step(std::int64_t ranks) const {
  return one.serial + one.parallel * share(ranks) + transfer(ranks);
}

std::int64_t StepModel::memory(std::int64_t ranks) const {
  return one.memory + (ranks == 1 ? 0 : (ranks + 1) * sent(ranks));
}

}  // namespace reverie::distributed
