#pragma once
// How PyTorch's pickles describe a tensor: a call of one of a few functions of torch._utils, with a reference
// to a storage, which lies outside of the pickle, and a layout within it.

#include <c10/core/ScalarType.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "weights/pickle.h"

namespace reverie::weights {

struct PickledTensor {
  std::string problem;  ///< why it cannot be read; if not empty, nothing else counts

  std::string storage;  ///< the key under which the file keeps the storage
  std::uint64_t storage_elements = 0;
  std::uint64_t storage_bytes = 0;
  c10::ScalarType type = c10::kFloat;
  std::uint64_t offset = 0;  ///< bytes from the storage's beginning to the first element
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> strides;  ///< in elements, not negative; all that they reach lies in the storage
};

/// The tensor that `id` stands for, or nothing if it stands for something else. Strides of 0 let a few bytes
/// claim to be any number of elements; `file_size` bounds that.
std::optional<PickledTensor> rebuild_tensor(const pickle::Document& document, pickle::Id id,
                                            std::uint64_t file_size);

/// The size in bytes of every storage that the pickle refers to, in a tensor or elsewhere, by its key. Throws
/// Damaged when two references disagree, or have elements of a type that is not known.
std::map<std::string, std::uint64_t> storage_sizes(const pickle::Document& document);

}  // namespace reverie::weights
