#pragma once
// What CMake makes of the files in pages/.

#include <span>
#include <string_view>

namespace reverie::web {

struct PageFile {
  std::string_view name, bytes;
};
std::span<const PageFile> page_files();
std::span<const PageFile> studio_files();  ///< of host/serve/pages

}  // namespace reverie::web
