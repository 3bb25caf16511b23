#pragma once
// From LibTorch's side of the library, compiled by the C++ compiler, to CUDA's.

#include <cstdint>

namespace reverie::cuda {

/// Calls `element` with each index below `count`, in a grid of threads on the stream. Null, or what CUDA says
/// went wrong. Exists for the elements that elements.cu lists.
template <typename Element>
const char* launch(const Element& element, std::int64_t count, void* stream);

}  // namespace reverie::cuda
