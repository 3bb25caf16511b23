// In place of ranks.cpp where Gloo's headers are not installed.

#include <ATen/ATen.h>

#include "distributed/ranks.h"

namespace reverie::distributed {

Ranks::Ranks(const RankEnvironment&) {
  throw Error(ErrorKind::usage,
              "this program was built without Gloo, so a run cannot be shared between processes",
              "install libgloo-dev (its headers are enough) and build again");
}
Ranks::~Ranks() = default;
std::int64_t Ranks::rank() const { return 0; }
std::int64_t Ranks::count() const { return 1; }
bool Ranks::use_cards(c10::Device, void* (*)(const char*)) { return false; }
at::Tensor Ranks::gather(const at::Tensor& values) { return values.unsqueeze(0); }
void Ranks::leave(const std::string&) noexcept {}
void note_end(const std::filesystem::path&, std::int64_t, const std::string&) noexcept {}

}  // namespace reverie::distributed
