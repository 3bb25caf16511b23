#pragma once
// What the program asks of the library that is linked to FFmpeg's; see sound_file.h.

#include <filesystem>
#include <string>
#include <vector>

namespace reverie {

using ReadSound = std::vector<float>(const std::filesystem::path& path, std::vector<std::string>& notices);

inline constexpr const char* kReadSoundSymbol = "reverie_read_sound";

}  // namespace reverie
