// Sounds in settings: from groups of values to variables of expressions.

#include "audio/soundtrack.h"

#include "audio/filters.h"
#include "settings/settings_fixture.h"

namespace reverie::test {
namespace {

using Values = std::map<std::string, double>;

struct Parsed {
  Settings settings;
  std::vector<audio::SoundFilter> filters;
  std::string report;
  std::vector<std::string> notices;
};

Parsed parse(const std::string& text, const PluginFile* mode = nullptr) {
  Parsed result;
  result.settings = settings_of("scenes: red\n" + text);
  std::vector<Problem> problems;
  result.filters = audio::parse_sound_filters(result.settings, plugins(), mode, problems, result.notices);
  result.report = report(problems);
  return result;
}

constexpr double kRate = 44100;

/// Silence, then a loud tone, then a soft one, then silence: a second each.
std::vector<float> steps_of_loudness() {
  std::vector<float> track(static_cast<std::size_t>(4 * kRate));
  add_tone(track, kRate, 1000, 0.8, 1, 2);
  add_tone(track, kRate, 1000, 0.2, 2, 3);
  return track;
}

audio::Soundtrack soundtrack(const std::string& text) {
  static engine::HostServices host(host_options());
  // A run that hears it all, from t = -2 on.
  const Parsed parsed = parse("frames_per_second: 10\ninput_audio: a.wav\n" + text +
                              "\nsteps_per_scene: 10000\npre_animation_steps: 1000\nsteps_per_frame: 50\n");
  EXPECT_EQ(parsed.report, "");
  EXPECT_TRUE(parsed.notices.empty());
  const std::vector<float> track = steps_of_loudness();
  return audio::Soundtrack(
      parsed.filters, [&](const audio::TakeSamples& take) { take(track); }, kRate, parsed.settings, 1, host);
}

const std::string kLoud = "input_audio_filters:\n- {variable_name: loud, filter: envelope}\n";

TEST(Soundtrack, GivesTheValuesOfAFrameAndOfTheOneBefore) {
  const audio::Soundtrack sound = soundtrack(kLoud);
  const auto expect = [&](double t, std::optional<double> before, double value, double previous) {
    const Values values = sound.values(t, before);
    ASSERT_EQ(values.size(), 2u);
    EXPECT_NEAR(values.at("loud"), value, 1e-3) << t;
    EXPECT_NEAR(values.at("loud_prev"), previous, 1e-3) << t;
  };
  expect(0.5, 0.4, 0, 0);
  expect(1, 0.9, 1, 0);
  expect(1.5, 1.4, 1, 1);
  expect(2, 1.9, 0.25, 1);
  expect(3, 2.9, 0, 0.25);
  expect(100, 99.9, 0, 0);
  expect(-1, -1.1, 0, 0);
  expect(1.5, std::nullopt, 1, 0);  // before the first frame there is nothing
  expect(1.5, -2, 1, 0);            // however long it was
}

TEST(Soundtrack, StartsAtItsOffset) {
  const audio::Soundtrack sound = soundtrack(kLoud + "input_audio_offset: 1.7");
  EXPECT_NEAR(sound.values(0, std::nullopt).at("loud"), 1, 1e-3);
  EXPECT_NEAR(sound.values(0.3, 0.2).at("loud"), 0.25, 1e-3);
  EXPECT_NEAR(sound.values(-0.7, std::nullopt).at("loud"), 1, 1e-3)
      << "before the first move there is sound, too";
}

TEST(Soundtrack, HasTheVariablesOfAllFilters) {
  const std::string text =
      "input_audio_filters:\n- variable_name: fLo\n  f_center: 1000\n  f_width: 400\n  order: 3\n"
      "- {variable_name: beat, filter: Onset, f_max: 4000}\n- {variable_name: loud, filter: envelope}";
  const Values values = soundtrack(text).values(1, 0.9);
  std::set<std::string> names;
  for (const auto& [name, value] : values) names.insert(name);
  EXPECT_EQ(names, (std::set<std::string>{"beat", "beat_prev", "fLo", "fLo_prev", "loud", "loud_prev"}));
  EXPECT_EQ(names, audio::sound_variables(parse("input_audio: a.wav\n" + text).filters));
  EXPECT_EQ(values.at("fLo"), 1);
  EXPECT_EQ(values.at("beat"), 1);
  const Parsed parsed = parse("input_audio: a.wav\n" + text);
  EXPECT_EQ(parsed.filters[0].plugin->name, "butterworth");
  EXPECT_EQ(parsed.filters[0].params.get<std::int64_t>("order"), 3);
}

TEST(Soundtrack, WithoutSoundAllIsSilentAndTold) {
  for (const std::string audio : {"", "input_audio: ''\n", "input_audio: off\n"}) {
    const Parsed parsed = parse(audio + kLoud);
    EXPECT_EQ(parsed.report, "");
    ASSERT_EQ(parsed.notices.size(), 1u);
    EXPECT_NE(parsed.notices[0].find("always 0: loud, loud_prev"), std::string::npos) << parsed.notices[0];
    EXPECT_EQ(audio::Soundtrack(parsed.filters).values(1, 0.9), (Values{{"loud", 0}, {"loud_prev", 0}}));
  }
  EXPECT_TRUE(parse("").notices.empty());
}

/// The most memory that this process has had so far, in bytes.
std::int64_t most_memory() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (std::int64_t kilobytes; word == "VmHWM:" && status >> kilobytes) return kilobytes * 1024;
  return 0;
}

// Twenty minutes, of which a run hears ten seconds: 200 MB of samples, and 1.8 MB.
TEST(Soundtrack, KeepsWhatTheRunHears) {
  static engine::HostServices host(host_options());
  const Parsed parsed = parse(
      "frames_per_second: 10\ninput_audio: a.wav\nsteps_per_scene: 100\nsteps_per_frame: 1\n"
      "pre_animation_steps: 0\ninput_audio_offset: 600\n"
      "input_audio_filters:\n- {variable_name: loud, filter: envelope}\n"
      "- {variable_name: beat, filter: onset}\n- {variable_name: band, f_center: 1000, f_width: 400}\n"
      "- {variable_name: ring, f_center: 1000, f_width: 400, order: 1, continuous: true}\n");
  ASSERT_EQ(parsed.report, "");
  // A tone from 605 s to 606 s, a softer one from 606 s to 607 s, and the loudest behind what is heard.
  const auto read = [](const audio::TakeSamples& take) {
    for (int second = 0; second < 1200; ++second) {
      std::vector<float> samples(static_cast<std::size_t>(kRate));
      const double amplitude = second == 605 ? 0.4 : second == 606 ? 0.2 : second == 900 ? 0.8 : 0;
      add_tone(samples, kRate, 1000, amplitude, 0, 1);
      take(samples);
    }
  };
  const std::int64_t before = most_memory();
  const audio::Soundtrack sound(parsed.filters, read, kRate, parsed.settings, 1, host);
  EXPECT_LT(most_memory() - before, 40'000'000);
  EXPECT_NEAR(sound.values(5.5, 5.4).at("loud"), 0.5, 1e-3);
  EXPECT_NEAR(sound.values(6.5, 6.4).at("loud"), 0.25, 1e-3);
  EXPECT_NEAR(sound.values(5.5, 5.4).at("ring"), 0.5, 1e-2);
  EXPECT_GT(sound.values(5, 4.9).at("beat"), 0.3);
  EXPECT_EQ(sound.values(9.9, 9.8).at("loud"), 0);
}

TEST(Soundtrack, AnOffsetPastTheEndIsAnErrorWithItsLine) {
  for (const char* offset : {"4", "4.5", "1e9"}) {
    const Error error =
        error_of([&] { soundtrack("input_audio_offset: " + std::string(offset) + "\n" + kLoud); });
    EXPECT_EQ(error.kind(), ErrorKind::settings);
    EXPECT_NE(std::string(error.what()).find("FILE:4: 'input_audio_offset' is "), std::string::npos)
        << error.what();
    EXPECT_NE(std::string(error.what()).find("the sound is only 4 s long"), std::string::npos)
        << error.what();
  }
  soundtrack("input_audio_offset: 3.99\n" + kLoud);
}

TEST(Soundtrack, WhatAFilterCannotDoIsAnErrorWithItsLine) {
  const auto said = [](const std::string& band) {
    const Error error =
        error_of([&] { soundtrack("input_audio_filters:\n- variable_name: fLo\n  " + band); });
    EXPECT_EQ(error.kind(), ErrorKind::settings);
    EXPECT_FALSE(error.advice().empty());
    return std::string(error.what());
  };
  const std::string low = said("f_center: 100\n  f_width: 200"),
                    high = said("f_center: 22000\n  f_width: 100");
  EXPECT_EQ(low.rfind("FILE:5: 'input_audio_filters': ", 0), 0u) << low;
  EXPECT_NE(low.find("the filter 'fLo' is 0 to 200 Hz"), std::string::npos) << low;
  EXPECT_NE(high.find("the filter 'fLo' is 21950 to 22050 Hz; it must end below 22050 Hz"), std::string::npos)
      << high;
}

TEST(Soundtrack, MistakesInGroupsAreAllFoundWithTheirLines) {
  const std::string said = parse(R"(input_audio: a.wav
input_audio_filters:
- variable_name: fLo
  f_center: 220
  f_with: 100
- variable_name: sin
  f_center: abc
  f_width: 10
- variable_name: t
  filter: envelop
- f_center: 3
  f_width: -2
- {variable_name: 2x, filter: envelope}
- {variable_name: fLo, filter: onset}
- {variable_name: fLo_prev, filter: onset}
- {variable_name: np, filter: onset}
- {variable_name: if, filter: onset}
- {variable_name: pi, filter: onset}
- {variable_name: ok, filter: onset, F_MAX: 100, f_max: 200})")
                               .report;
  for (const char* line : {
           "FILE:4: 'input_audio_filters': the filter 'fLo': its 'f_width' is missing: ",
           "FILE:6: 'input_audio_filters': the filter 'fLo': the filter butterworth has no parameter "
           "'f_with'; did you "
           "mean 'f_width'?",
           "FILE:7: 'input_audio_filters': the filter 'sin': 'sin' is a function or constant",
           "FILE:8: 'input_audio_filters': the filter 'sin': 'f_center' is abc, which is not a number",
           "FILE:10: 'input_audio_filters': the filter 't': 't' is the time",
           "FILE:11: 'input_audio_filters': the filter 't': there is no plugin 'envelop'",
           "FILE:12: 'input_audio_filters': filter 4: its 'variable_name' is missing",
           "FILE:13: 'input_audio_filters': filter 4: 'f_width' is -2, which is out of range",
           "FILE:14: 'input_audio_filters': the filter '2x': '2x' is not a name",
           "FILE:15: 'input_audio_filters': the variable 'fLo' is given twice",
           "FILE:16: 'input_audio_filters': the variable 'fLo_prev' is given twice",
           "FILE:17: 'input_audio_filters': the filter 'np': 'np' is not a name",
           "FILE:18: 'input_audio_filters': the filter 'if': 'if' is not a name",
           "FILE:19: 'input_audio_filters': the filter 'pi': 'pi' is a function or constant",
           "FILE:20: 'input_audio_filters': the filter 'ok': 'f_max' is given twice",
       })
    EXPECT_NE(said.find(line), std::string::npos) << line << "\nis not in\n" << said;
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n') + 1, 15) << said;
}

}  // namespace
}  // namespace reverie::test
