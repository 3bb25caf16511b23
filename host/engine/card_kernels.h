#pragma once
// The library of kernels for NVIDIA's cards (cuda/), which exists where the program was built with
// REVERIE_CUDA.

namespace reverie::engine {

/// Loads it, the first time. Where it is missing or cannot be loaded, a line of the log says so and
/// LibTorch's operators do the work. Also leads LibTorch's warnings on this thread to the log.
void load_card_kernels();

/// A function that the library exports; null where it is not loaded.
void* card_function(const char* name);

}  // namespace reverie::engine
