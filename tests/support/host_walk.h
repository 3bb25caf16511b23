#pragma once
// Walks over the elements of kernels for cards (reverie/device.h) by a loop, so that their arithmetic is
// tested without a card.

#include <c10/core/Device.h>

#include <cstdint>
#include <numeric>

namespace reverie::test {

/// One index after another.
struct HostWalk {
  explicit HostWalk(c10::Device) {}
  template <typename Element>
  void operator()(const Element& element, std::int64_t count) const {
    for (std::int64_t i = 0; i < count; ++i) element(i);
  }
};

/// In an order that jumps about, as that of a card's threads may.
struct ShuffledWalk {
  explicit ShuffledWalk(c10::Device) {}
  template <typename Element>
  void operator()(const Element& element, std::int64_t count) const {
    std::int64_t step = count * 5 / 13 + 1;
    while (std::gcd(step, count) != 1) ++step;
    for (std::int64_t i = 0, at = count / 3; i < count; ++i, at = (at + step) % count) element(at);
  }
};

}  // namespace reverie::test
