#include "plugins/library_folder.h"

namespace reverie {

std::filesystem::path library_folder(const std::filesystem::path& prefix) {
  std::error_code error;
  std::filesystem::path installed = prefix / REVERIE_LIBDIR / "reverie";
  // The build tree has lib/, whatever installations have.
  return std::filesystem::exists(installed, error) ? installed : prefix / "lib/reverie";
}

}  // namespace reverie
