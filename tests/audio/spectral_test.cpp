#include "audio/filters.h"

namespace reverie::test {
namespace {

constexpr double kRate = 44100;

std::shared_ptr<AudioFilter> spectral(const std::string& measure, const std::string& note = "A") {
  static engine::HostServices host(host_options());
  const PluginFile& plugin = plugins().find(AudioFilter::kKind, "spectral");
  Settings settings = default_params(plugin);
  for (const auto& [param, text] : {std::pair{"measure", measure}, {"note", note}}) {
    SettingValue value = *settings.find(param);
    value.text = text;
    settings.set(param, value);
  }
  return create<AudioFilter>(plugin, host, settings, {"band"});
}

TEST(Spectral, TheCentroidOfAToneIsItsPlaceAmongTheOctaves) {
  for (const double pitch : {200.0, 900.0, 3000.0}) {
    std::vector<float> track(static_cast<std::size_t>(kRate));
    add_tone(track, kRate, pitch, 0.5, 0, 1);
    const auto it = spectral("centroid");
    play(*it, track, kRate, 10);
    EXPECT_NEAR(value_at(*it, 0.5), std::log(pitch / 100) / std::log(8000.0 / 100), 0.005) << pitch;
  }
}

TEST(Spectral, TheCentroidLiesBetweenTwoTonesByTheirAmplitudes) {
  std::vector<float> track(static_cast<std::size_t>(kRate));
  add_tone(track, kRate, 500, 0.2, 0, 1);
  add_tone(track, kRate, 2000, 0.6, 0, 1);
  const auto it = spectral("centroid");
  play(*it, track, kRate, 10);  // whole periods of both
  EXPECT_NEAR(value_at(*it, 0.3), std::log((500 * 0.2 + 2000 * 0.6) / 0.8 / 100) / std::log(80.0), 0.002);
  for (float& sample : track) sample *= 0.01f;
  const auto quiet = spectral("centroid");
  play(*quiet, track, kRate, 10);
  EXPECT_NEAR(value_at(*quiet, 0.3), value_at(*it, 0.3), 1e-4) << "whatever the loudness";
}

TEST(Spectral, ChromaIsTheEnergyOfANoteInAllOctaves) {
  // An A in two octaves, and half as loud an E: a quarter of one A's energy, an eighth of both.
  std::vector<float> track(static_cast<std::size_t>(kRate));
  add_tone(track, kRate, 440, 0.4, 0, 1);
  add_tone(track, kRate, 880, 0.4, 0, 1);
  add_tone(track, kRate, 659.255, 0.2, 0, 1);
  for (const auto& [note, share] : {std::pair{"A", 1.0}, {"E", 0.125}, {"C", 0.0}, {"G#", 0.0}, {"D", 0.0}}) {
    const auto it = spectral("chroma", note);
    play(*it, track, kRate, 10);
    EXPECT_NEAR(value_at(*it, 0.5), share, 0.01) << note;
  }
}

TEST(Spectral, EveryNoteOfTheScaleIsItself) {
  const char* notes[] = {"C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"};
  for (int key = 0; key < 12; ++key) {
    // MIDI's numbers: 69 is the A of 440 Hz, 72 the C above.
    std::vector<float> track(static_cast<std::size_t>(kRate));
    add_tone(track, kRate, 440 * std::pow(2, (72 + key - 69) / 12.0), 0.5, 0, 1);
    for (int other = 0; other < 12; ++other) {
      const auto it = spectral("chroma", notes[other]);
      play(*it, track, kRate, 10);
      EXPECT_NEAR(value_at(*it, 0.5), other == key ? 1 : 0, 0.03) << notes[key] << " as " << notes[other];
    }
  }
}

}  // namespace
}  // namespace reverie::test
