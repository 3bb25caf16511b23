#pragma once
// What a step of a run takes when ranks share it, from the terms of one rank's step:
//
//   step(n) = serial + parallel * share(n) + transfer(n)
//
// share(n) is the largest share of the cutouts that one of n ranks has: 1/n where n divides the groups.

#include <cstdint>

namespace reverie::distributed {

/// A rank's step, measured in one process.
struct MeasuredStep {
  double serial = 0;        ///< seconds of what every rank repeats
  double parallel = 0;      ///< seconds of all cutouts, which ranks share
  std::int64_t bytes = 0;   ///< of the sum of a node: the picture's gradient, and the losses
  std::int64_t memory = 0;  ///< of a process that does all groups, at most
};

/// Between two neighbours.
struct Connection {
  double latency = 0;           ///< seconds of an exchange of nearly nothing
  double bytes_per_second = 0;  ///< in each direction
};

struct StepModel {
  MeasuredStep one{};
  std::int64_t cutouts = 1, groups = 16;
  Connection connection{};

  /// The largest share of the cutouts that one of `ranks` has, 0..1.
  double share(std::int64_t ranks) const;
  /// What each rank sends to each of the others in a step: a sum for each node of the share that has the
  /// most.
  std::int64_t sent(std::int64_t ranks) const;
  /// Two exchanges in a ring of ranks - 1 passes: whether to stop, and the sums. Seconds; 0 for one rank.
  double transfer(std::int64_t ranks) const;
  double step(std::int64_t ranks) const;
  /// Of each rank: groups are computed one after another, so shares of any size need the same; besides, a
  /// rank holds its own sums and those of all.
  std::int64_t memory(std::int64_t ranks) const;
};

}  // namespace reverie::distributed
