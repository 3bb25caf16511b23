// The filter tempo on sounds whose beats are known.

#include <algorithm>

#include "audio/filters.h"
#include "support/numbers.h"

namespace reverie::test {
namespace {

constexpr double kRate = 22050;

std::shared_ptr<AudioFilter> tempo(const std::string& measure,
                                   const std::map<std::string, double>& params = {}) {
  static engine::HostServices host(host_options());
  const PluginFile& plugin = plugins().find(AudioFilter::kKind, "tempo");
  Settings settings = default_params(plugin);
  SettingValue value = *settings.find("measure");
  value.text = measure;
  settings.set("measure", value);
  for (const auto& [param, number] : params) set(settings, param, number);
  return create<AudioFilter>(plugin, host, settings, {"band"});
}

/// A drum at each of these moments, a short burst of noise that fades, over quiet noise.
std::vector<float> drums(const std::vector<double>& moments, double seconds) {
  const auto count = static_cast<std::int64_t>(seconds * kRate);
  const at::Tensor noise = at::randn({count}, seeded(5));
  const float* values = noise.const_data_ptr<float>();
  std::vector<float> track(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < track.size(); ++i) track[i] = 0.002f * values[i];
  for (const double moment : moments)
    for (double t = 0; t < 0.1; t += 1 / kRate) {
      const auto i = static_cast<std::size_t>((moment + t) * kRate);
      if (i < track.size()) track[i] += static_cast<float>(0.2 * std::exp(-t * 40)) * values[i];
    }
  return track;
}

std::vector<double> every(double distance, double first, double seconds) {
  std::vector<double> moments;
  for (double t = first; t < seconds; t += distance) moments.push_back(t);
  return moments;
}

TEST(Tempo, PhaseRunsFromBeatToBeat) {
  for (const double bpm : {75.0, 100.0, 128.0, 150.0}) {
    const double period = 60 / bpm, first = 0.31;
    const auto it = tempo("phase");
    play(*it, drums(every(period, first, 20), 20), kRate, 50);
    for (double t = 2; t < 18; t += 0.137) {
      const double expected = std::fmod(t - first, period) / period, phase = value_at(*it, t);
      // On a circle: the moment before a beat is near the one behind it.
      const double apart = std::abs(phase - expected), around = std::min(apart, 1 - apart);
      EXPECT_LT(around * period, 0.03) << bpm << " at " << t;
    }
  }
}

TEST(Tempo, PulsesAreWhereTheBeatsAre) {
  const double period = 0.5, first = 0.2;
  const auto it = tempo("pulse");
  const double fps = 20;
  play(*it, drums(every(period, first, 15), 15), kRate, fps);
  int pulses = 0;
  for (int frame = 0; frame < 15 * 20; ++frame) {
    const double value = value_at(*it, frame / fps);
    ASSERT_TRUE(value == 0 || value == 1);
    pulses += value == 1;
    if (value == 0) continue;
    const double away = std::fmod(frame / fps + 0.025 - first + period, period);
    EXPECT_LT(std::min(away, period - away), 0.06) << frame;
  }
  EXPECT_NEAR(pulses, 30, 1);
}

TEST(Tempo, BeatsGoOnThroughRests) {
  std::vector<double> moments = every(0.5, 0.25, 20);
  std::erase_if(moments, [](double t) { return t > 8 && t < 11; });
  const auto it = tempo("phase");
  play(*it, drums(moments, 20), kRate, 50);
  for (double t = 8.1; t < 11; t += 0.11) {
    const double apart = std::abs(value_at(*it, t) - std::fmod(t - 0.25, 0.5) / 0.5);
    EXPECT_LT(std::min(apart, 1 - apart), 0.12) << t;
  }
}

TEST(Tempo, AGivenTempoIsTaken) {
  // Drums twice a second are eighth notes at 60 beats per minute.
  const auto it = tempo("pulse", {{"tempo", 60}});
  play(*it, drums(every(0.5, 0.25, 20), 20), kRate, 20);
  int pulses = 0;
  for (int frame = 0; frame < 20 * 20; ++frame) pulses += value_at(*it, frame / 20.0) == 1;
  EXPECT_NEAR(pulses, 20, 1);
}

TEST(Tempo, BarsHaveTheirBeats) {
  const double period = 0.5, first = 0.25;
  for (const auto& [beats, begins] : {std::pair{4, 1}, {3, 1}, {4, 3}}) {
    const auto it = tempo("bar", {{"beats_per_bar", double(beats)}, {"first_beat", double(begins)}});
    play(*it, drums(every(period, first, 20), 20), kRate, 50);
    for (double t = 2.1; t < 18; t += 0.237) {
      const double bar = beats * period;
      const double expected = std::fmod(t - first - (begins - 1) * period + bar, bar) / bar;
      const double apart = std::abs(value_at(*it, t) - expected);
      EXPECT_LT(std::min(apart, 1 - apart) * bar, 0.03) << beats << " from " << begins << " at " << t;
    }
  }
}

}  // namespace
}  // namespace reverie::test
