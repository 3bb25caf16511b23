#pragma once
// share_of_batch(): how many cutouts of a batch belong to a share of all.

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace reverie {

/// How many of the `count` cutouts of a batch belong to `share` (0..1) of all `all` cutouts of a step. Where
/// the batch is all of them: the share, rounded. Else chance rounds up or down, so that the batches of a step
/// have the share together, on average; rounding each by itself would give small shares to no batch at all.
inline std::int64_t share_of_batch(double share, std::int64_t count, std::int64_t all, at::Generator chance) {
  if (count >= all) return std::llround(static_cast<double>(count) * share);
  const double of_all = std::round(static_cast<double>(all) * share);
  const double wanted = of_all * static_cast<double>(count) / static_cast<double>(all);
  if (wanted == std::floor(wanted)) return static_cast<std::int64_t>(wanted);
  const bool up = at::rand({}, chance, at::kDouble).item<double>() < wanted - std::floor(wanted);
  return std::min(count, static_cast<std::int64_t>(std::floor(wanted)) + (up ? 1 : 0));
}

}  // namespace reverie
