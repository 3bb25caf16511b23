#pragma once
// What the program asks of the library that is linked to FFmpeg's; see sound_file.h.

#include "audio/sound_file.h"

namespace reverie {

using HearSound = void(const std::filesystem::path& path, const TakeSamples& take,
                       std::vector<std::string>& notices);

inline constexpr const char* kHearSoundSymbol = "reverie_hear_sound";

}  // namespace reverie
