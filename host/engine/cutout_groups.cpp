#include "engine/cutout_groups.h"

#include <ATen/ATen.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "distributed/tree_sum.h"
#include "engine/host_services.h"

namespace reverie::engine {

using distributed::Groups;
using distributed::nodes_of;
using distributed::share_of;
using distributed::sum_node;
using distributed::sum_nodes;
namespace {

/// SplitMix64 (Steele, Lea and Flood 2014): neighbours get numbers that have nothing in common.
std::uint64_t mixed(std::uint64_t value) {
  value += 0x9E3779B97F4A7C15U;
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9U;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBU;
  return value ^ (value >> 31);
}

GroupClock* clock_that_lives = nullptr;

void wait_for(const at::Device& device) {
  if (!device.is_cpu()) c10::impl::VirtualGuardImpl(device.type()).synchronizeDevice(device.index());
}

}  // namespace

std::int64_t cutouts_of_group(std::int64_t group, std::int64_t groups, std::int64_t cutouts) {
  return share_of(group, groups, cutouts).size();
}

GroupRandomness::GroupRandomness(HostServices& host, std::int64_t step) : host_(host), step_(step) {
  for (const auto& [name, generator] : host_.generators()) before_[name] = generator.get_state();
}

GroupRandomness::~GroupRandomness() {
  for (auto& [name, generator] : host_.generators()) generator.set_state(before_.at(name));
}

void GroupRandomness::begin(std::int64_t group) {
  std::uint64_t number = 0;  // of the generator
  for (auto& [name, generator] : host_.generators()) {
    const auto place =
        (static_cast<std::uint64_t>(step_) * kMostGroups + static_cast<std::uint64_t>(group)) * 4 + number++;
    // The CPU's generator takes 32 bits.
    generator.set_current_seed(mixed(mixed(host_.seed()) ^ mixed(place)) >> 32);
  }
}

at::Tensor sum_over_groups(std::int64_t groups, distributed::Ranks* ranks,
                           const std::function<at::Tensor(std::int64_t)>& compute) {
  if (!ranks || ranks->count() == 1) return sum_node({0, groups}, compute);
  std::vector<at::Tensor> own;
  for (const Groups& node : nodes_of(share_of(ranks->rank(), ranks->count(), groups)))
    own.push_back(sum_node(node, compute));
  // All send as many tensors as the rank that has the most nodes.
  std::vector<Groups> nodes;
  std::vector<std::pair<std::int64_t, std::int64_t>> places;  // of each node: rank, and number there
  std::int64_t most = 0;
  for (std::int64_t rank = 0; rank < ranks->count(); ++rank) {
    std::int64_t number = 0;
    for (const Groups& node : nodes_of(share_of(rank, ranks->count(), groups))) {
      nodes.push_back(node);
      places.emplace_back(rank, number++);
    }
    most = std::max(most, number);
  }
  const at::Device device = own[0].device();
  const at::Tensor none = at::zeros_like(own[0]);
  while (static_cast<std::int64_t>(own.size()) < most) own.push_back(none);
  const at::Tensor all = ranks->gather(at::stack(own)).to(device);
  std::vector<at::Tensor> sums;
  for (const auto& [rank, number] : places) sums.push_back(all[rank][number]);
  return sum_nodes(nodes, sums);
}

GroupClock::GroupClock() { clock_that_lives = this; }
GroupClock::~GroupClock() { clock_that_lives = nullptr; }

GroupClock::Lap::Lap(const at::Tensor& on) : device_(on.device()) {
  if (clock_that_lives) wait_for(device_);
  start_ = std::chrono::steady_clock::now();
}

GroupClock::Lap::~Lap() {
  if (!clock_that_lives) return;
  wait_for(device_);
  clock_that_lives->seconds +=
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

void GroupClock::Lap::result(const at::Tensor& sum) const {
  if (clock_that_lives) clock_that_lives->bytes = static_cast<std::int64_t>(sum.nbytes());
}

}  // namespace reverie::engine
