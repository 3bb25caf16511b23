#pragma once
// Cutouts in groups, which several processes can share: the same bytes whatever their number.

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "distributed/ranks.h"

namespace reverie::engine {

class HostServices;

/// The largest number of groups, and the number that ranks use unless `cutout_groups` says otherwise.
inline constexpr std::int64_t kMostGroups = 16;

/// How many of `cutouts` are in a group: equal shares, or one more.
std::int64_t cutouts_of_group(std::int64_t group, std::int64_t groups, std::int64_t cutouts);

/// While it lives, each group draws its random numbers from generators that are seeded by the run's seed, the
/// step and the group, so that no process needs to draw those of another. At its end the run's generators are
/// as they were at its start.
class GroupRandomness {
 public:
  GroupRandomness(HostServices& host, std::int64_t step);
  ~GroupRandomness();
  GroupRandomness(const GroupRandomness&) = delete;
  GroupRandomness& operator=(const GroupRandomness&) = delete;
  void begin(std::int64_t group);

 private:
  HostServices& host_;
  std::int64_t step_;
  std::map<std::string, at::Tensor> before_;
};

/// The sum of compute(group) over all groups, by the fixed tree. [collective] with `ranks`, which may be
/// null, and are no more than there are groups: each computes its share, and all get the sum.
at::Tensor sum_over_groups(std::int64_t groups, distributed::Ranks* ranks,
                           const std::function<at::Tensor(std::int64_t)>& compute);

/// While one lives, it measures the sums over groups: the part of a step that ranks share.
class GroupClock {
 public:
  GroupClock();
  ~GroupClock();
  GroupClock(const GroupClock&) = delete;
  GroupClock& operator=(const GroupClock&) = delete;
  double seconds = 0;      ///< in all so far
  std::int64_t bytes = 0;  ///< of the newest sum: what a rank sends for each node of its share

  /// One sum. Waits for the device at both ends where a clock lives.
  class Lap {
   public:
    explicit Lap(const at::Tensor& on);
    ~Lap();
    Lap(const Lap&) = delete;
    Lap& operator=(const Lap&) = delete;
    void result(const at::Tensor& sum) const;

   private:
    at::Device device_;
    std::chrono::steady_clock::time_point start_;
  };
};

}  // namespace reverie::engine
