#pragma once
// The names under which a pickled checkpoint holds its tensors.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "weights/pickled_tensor.h"

namespace reverie::weights {

struct PickledTensors {
  std::vector<PickledTensor> tensors;
  std::map<std::string, std::size_t> names;     ///< positions in `tensors`; several names may share one
  std::map<std::string, std::string> metadata;  ///< texts, numbers and truth values, by name as well
};

/// Finds all tensors. A name is the path that leads to a tensor, joined by dots: keys of dictionaries,
/// attributes of objects, positions in lists, of which the first is 0. A tensor that is the whole pickle has
/// the empty name. If two tensors have the same name, it is listed, but cannot be read. Metadata leaves out
/// what lists hold. Throws Damaged when values nest deeper, or share parts more often, than in any
/// checkpoint.
PickledTensors name_tensors(const pickle::Document& document, std::uint64_t file_size);

}  // namespace reverie::weights
