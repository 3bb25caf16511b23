// What is exchanged besides tensors.

#include <ATen/ATen.h>

#include <algorithm>

#include "distributed/ranks.h"

namespace reverie::distributed {

bool Ranks::any(bool here) { return gather(at::full({1}, here ? 1 : 0, at::kByte)).any().item<bool>(); }

std::vector<std::string> Ranks::gather(const std::string& text) {
  const at::Tensor sizes = gather(at::full({1}, static_cast<std::int64_t>(text.size()), at::kLong)).flatten();
  const auto longest = sizes.max().item<std::int64_t>();
  at::Tensor own = at::zeros({longest}, at::kByte);
  std::copy(text.begin(), text.end(), own.mutable_data_ptr<std::uint8_t>());
  const at::Tensor all = gather(own);
  std::vector<std::string> texts;
  for (std::int64_t i = 0; i < count(); ++i) {
    const auto* bytes = all[i].const_data_ptr<std::uint8_t>();
    texts.emplace_back(bytes, bytes + sizes[i].item<std::int64_t>());
  }
  return texts;
}

}  // namespace reverie::distributed
