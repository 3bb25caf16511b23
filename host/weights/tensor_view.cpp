#include "weights/tensor_view.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace reverie::weights {
namespace {

void reverse_each(char* bytes, std::size_t size, std::size_t number) {
  for (char* end = bytes + size; bytes < end; bytes += number) std::reverse(bytes, bytes + number);
}

}  // namespace

at::Tensor view_as_tensor(char* data, std::shared_ptr<const void> keep, at::ScalarType type,
                          at::IntArrayRef shape, at::IntArrayRef strides, bool swapped) {
  const at::TensorOptions options = at::TensorOptions().dtype(type);
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return at::empty(shape, options);

  const std::size_t element = c10::elementSize(type);
  if (type == at::kBool) return view_as_tensor(data, std::move(keep), at::kByte, shape, strides).ne(0);
  if (!swapped && reinterpret_cast<std::uintptr_t>(data) % element == 0)
    return at::from_blob(
        data, shape, strides, [keep = std::move(keep)](void*) {}, options);

  std::int64_t span = 1;  // elements from the first to the last, which strides may visit more than once
  for (std::size_t i = 0; i < shape.size(); ++i) span += (shape[i] - 1) * strides[i];
  at::Tensor copy = at::empty({span}, options);
  char* elements = static_cast<char*>(copy.mutable_data_ptr());
  std::memcpy(elements, data, copy.nbytes());
  if (swapped) reverse_each(elements, copy.nbytes(), c10::isComplexType(type) ? element / 2 : element);
  return copy.as_strided(shape, strides);
}

}  // namespace reverie::weights
