#pragma once
// The sound of a file, as audio filters hear it.

#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "plugins/open_by_content.h"

namespace reverie::audio {

inline constexpr int kSoundRate = 44100;  ///< samples a second

/// Gets the samples, piece by piece.
using TakeSamples = std::function<void(std::span<const float>)>;

/// The whole sound of a file at kSoundRate, by the sound source that accepts it; none of it is kept. What the
/// source has to say is added to `notices`. Throws Error(file): there is no such file, or no sound in it;
/// Error(plugin): no sound source is installed.
void hear_sound(const PluginRegistry& registry, Host& host, const ParamsOf& params,
                const std::filesystem::path& file, const TakeSamples& take,
                std::vector<std::string>& notices);

}  // namespace reverie::audio
