#pragma once
// Where an installation has Reverie's own libraries.

#include <filesystem>

namespace reverie {

/// lib/reverie below the prefix, or the like of lib/x86_64-linux-gnu/reverie where CMAKE_INSTALL_LIBDIR was
/// chosen so. It holds plugins/, sound_reader.so and libtorch/.
std::filesystem::path library_folder(const std::filesystem::path& prefix);

}  // namespace reverie
