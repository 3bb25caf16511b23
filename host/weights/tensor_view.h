#pragma once
// From bytes of a file to a tensor.

#include <ATen/core/Tensor.h>

#include <memory>

namespace reverie::weights {

/// A tensor of the elements at `data`, checked before to lie in memory that `keep` holds. It shares that
/// memory where it can; a copy is made of elements that are not aligned, that are stored highest byte first
/// (`swapped`), and of bools, of which any byte but 0 and 1 would be undefined behaviour to read.
at::Tensor view_as_tensor(char* data, std::shared_ptr<const void> keep, at::ScalarType type,
                          at::IntArrayRef shape, at::IntArrayRef strides, bool swapped = false);

}  // namespace reverie::weights
