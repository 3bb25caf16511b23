#pragma once
// Optimal assignment: which of two equally large groups belong together, so that all pairs together are as
// close as can be.

#include <cstddef>
#include <limits>
#include <vector>

#include "reverie/cutout_method.h"

namespace reverie::engine {

inline constexpr std::size_t kUnassigned = std::numeric_limits<std::size_t>::max();

/// Pairs rows with columns so that the sum of the pairs' costs is least. `cost` is a rows x columns matrix,
/// row by row, of finite numbers of any sign. Returns each row's column; where there are more rows than
/// columns, kUnassigned for the rows left over. The same costs give the same result, also among several
/// optimal ones. Time rows * rows * columns at most.
std::vector<std::size_t> optimal_assignment(const std::vector<double>& cost, std::size_t rows,
                                            std::size_t columns);

/// For each place of `from` the index of the place in `to` that it is paired with, so that the sum of the
/// distances of their centres is least. There must be as many in both.
std::vector<std::size_t> match_by_position(const std::vector<CutoutPlace>& from,
                                           const std::vector<CutoutPlace>& to);

}  // namespace reverie::engine
