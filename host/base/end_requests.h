#pragma once
// How often a process has been asked to end, where one request may come by several ways.

#include <sys/types.h>

#include <atomic>
#include <cstdint>

namespace reverie {

/// A batch system signals all processes of a job, and the process that started the others may pass the signal
/// on: each of these then gets it twice, but was asked once. So signals from the parent and signals from
/// others are counted apart, and there have been as many requests as the larger number says.
class EndRequests {
 public:
  /// A signal has come from this process (siginfo_t::si_pid); `parent` is the own parent. Returns the number
  /// of requests so far, or 0 for a copy of one that was counted before. May be called by signal handlers, on
  /// several threads at the same time.
  std::uint32_t add(pid_t sender, pid_t parent) noexcept {
    const bool by_parent = sender == parent;
    const std::uint64_t before = counts_.fetch_add(by_parent ? kOneByParent : 1);
    const auto others = static_cast<std::uint32_t>(before),
               parents = static_cast<std::uint32_t>(before >> 32);
    const std::uint32_t now = (by_parent ? parents : others) + 1;
    return now > (by_parent ? others : parents) ? now : 0;
  }

 private:
  static constexpr std::uint64_t kOneByParent = std::uint64_t{1} << 32;
  std::atomic<std::uint64_t> counts_ = 0;  // one number, so that two threads agree on the order
};

}  // namespace reverie
