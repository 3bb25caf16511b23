#pragma once
// The sound of a file, as audio filters hear it.

#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace reverie {

inline constexpr int kSoundRate = 44100;  ///< samples a second

/// Gets the samples, piece by piece.
using TakeSamples = std::function<void(std::span<const float>)>;

/// The whole sound of any file that FFmpeg's libraries decode, mixed to one channel of 16-bit samples at
/// kSoundRate, as -1..1 in steps of 1 / 32768; none of it is kept. Nothing but this file is read. Parts that
/// cannot be decoded are left out and told in `notices`. Throws Error(file): there is no such file, or no
/// sound in it.
///
/// `library` is sound_reader.so, which is loaded when a sound is first read: linked to the program, FFmpeg's
/// libraries would cost every start 28 ms. Throws Error(plugin) when it cannot be.
void hear_sound(const std::filesystem::path& library, const std::filesystem::path& file,
                const TakeSamples& take, std::vector<std::string>& notices);

}  // namespace reverie
