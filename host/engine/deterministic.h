#pragma once
// The same bytes each time from LibTorch's own operators on a card.

namespace reverie::engine {

/// From here on this process uses LibTorch's deterministic algorithms, and an operator that has none throws;
/// or its usual ones. Kernels of our own always are deterministic, and so are LibTorch's on the CPU.
void use_deterministic_algorithms(bool on);

}  // namespace reverie::engine
