#include "base/installation.h"

namespace reverie {

std::filesystem::path installation_prefix() {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  return self.parent_path().parent_path();
}

}  // namespace reverie
