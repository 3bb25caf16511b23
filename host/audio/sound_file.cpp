#include "audio/sound_file.h"

#include "reverie/sound_source.h"

namespace reverie::audio {

void hear_sound(const PluginRegistry& registry, Host& host, const ParamsOf& params,
                const std::filesystem::path& file, const TakeSamples& take,
                std::vector<std::string>& notices) {
  const auto [source, plugin] =
      open_by_content<SoundSource>(registry, host, params, {file, kSoundRate}, "a sound");
  for (std::vector<float> samples = source->next(); !samples.empty(); samples = source->next()) take(samples);
  for (std::string& notice : source->notices()) notices.push_back(std::move(notice));
}

}  // namespace reverie::audio
