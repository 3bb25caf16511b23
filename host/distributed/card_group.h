#pragma once
// What the library of kernels for cards (cuda/) exports for ranks: c10d's NCCL backend. Both functions are
// extern "C" and found by name, so that the program is not linked to CUDA.

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <set>
#include <string>
#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>
#include <vector>

namespace reverie::distributed {

/// Throws what c10d throws.
using MakeCardGroup = void(const c10::intrusive_ptr<c10d::Store>& store, int rank, int count,
                           c10::intrusive_ptr<c10d::Backend>& group);
inline constexpr const char* kMakeCardGroup = "reverie_make_card_group";

/// Writes the card's address on the PCI bus of this machine, with a 0 at the end.
using AddressOfCard = void(int index, char* address, int size);
inline constexpr const char* kAddressOfCard = "reverie_address_of_card";

/// NCCL wants a card for each rank. `cards` are the machine and address of each rank's, empty without one.
inline bool each_has_a_card(const std::vector<std::string>& cards) {
  const std::set<std::string> different(cards.begin(), cards.end());
  return different.size() == cards.size() && different.count("") == 0;
}

/// Each rank's tensor, one after the other, [count, ...] on their device. The sums are made by the fixed tree
/// of tree_sum.h afterwards: NCCL's own would depend on the number of ranks. `wait` returns when it is done.
template <typename Wait>
at::Tensor gather_in_group(c10d::Backend& group, std::int64_t count, const at::Tensor& values,
                           const Wait& wait) {
  at::Tensor own = values.detach().contiguous();
  std::vector<std::int64_t> shape = own.sizes().vec();
  shape.insert(shape.begin(), count);
  at::Tensor all = at::empty(shape, own.options());
  std::vector<at::Tensor> inputs = {own};
  std::vector<std::vector<at::Tensor>> outputs = {all.unbind(0)};
  const c10::intrusive_ptr<c10d::Work> work = group.allgather(outputs, inputs);
  wait(*work);
  return all;
}

}  // namespace reverie::distributed
