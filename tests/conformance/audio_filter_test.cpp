#include "reverie/audio_filter.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "conformance/promise.h"
#include "conformance/tensors.h"
#include "fixtures/plugins_under_test.h"

namespace reverie::test {
namespace {

class AudioFilterConformance : public testing::TestWithParam<std::string> {
 protected:
  AudioFilterConformance() : host_(host_options()) {}

  const PluginFile& plugin() const { return plugins().find(AudioFilter::kKind, GetParam()); }
  std::shared_ptr<AudioFilter> filter() { return make<AudioFilter>(plugin(), host_); }

  /// What it gives comes from a file that no default can name, not from the sound.
  bool reads_a_file() const {
    const PluginDescriptor& descriptor = *plugin().descriptor;
    const std::span params(descriptor.params, descriptor.param_count);
    return std::any_of(params.begin(), params.end(), [](const ParamSpec& spec) {
      return spec.type == reverie::ParamType::text && !*spec.default_text &&
             std::string(spec.name).ends_with("_file");
    });
  }

  /// Swelling and fading tones of many pitches.
  static std::vector<float> track(double seconds, double rate) {
    std::vector<float> samples(static_cast<std::size_t>(seconds * rate));
    for (std::size_t i = 0; i < samples.size(); ++i) {
      const double t = static_cast<double>(i) / rate;
      double sum = 0;
      for (const double pitch : {55.0, 220.0, 880.0, 3520.0}) sum += std::sin(6.283185307 * pitch * t);
      samples[i] = static_cast<float>(sum / 4 * std::sin(3 * t));
    }
    return samples;
  }

  engine::HostServices host_;
};

TEST_P(AudioFilterConformance, ValuesLieBetweenZeroAndOne) {
  promise(
      "analyse()",
      "values 0..1, among them the variable that the settings named; a loud track is not silent, unless the "
      "values come from a file that a parameter NAME_file names");
  for (const double rate : {44100.0, 8000.0}) {
    for (const double frames_per_second : {12.0, 29.97, 0.5}) {
      SCOPED_TRACE(std::to_string(rate) + " Hz, " + std::to_string(frames_per_second) + " frames per second");
      const std::vector<float> samples = track(3, rate);
      const auto it = filter();
      play(*it, samples, rate, frames_per_second);
      double most = 0;
      for (double t = 0; t < 3; t += 1 / frames_per_second) {
        const std::map<std::string, double> values = it->analyse(t);
        ASSERT_TRUE(values.count("band")) << "the variable that the settings named";
        for (const auto& [name, value] : values) {
          EXPECT_GE(value, 0) << name << " at " << t;
          EXPECT_LE(value, 1) << name << " at " << t;
          most = std::max(most, value);
        }
      }
      if (!reads_a_file()) {
        EXPECT_GT(most, 0) << "a loud track says something";
      }
    }
  }
}

TEST_P(AudioFilterConformance, OutsideTheTrackEveryValueIsZero) {
  promise("analyse()", "before the start and past the end every value is 0");
  const std::vector<float> samples = track(2, 44100);
  const auto it = filter();
  play(*it, samples, 44100, 12);
  const std::map<std::string, double> inside = it->analyse(1);
  for (const double t : {-1000.0, -1.0, -0.1, 2.0, 2.1, 3.0, 1e6, 1e12}) {
    const std::map<std::string, double> values = it->analyse(t);
    EXPECT_EQ(values.size(), inside.size()) << "at " << t;
    for (const auto& [name, value] : values) {
      EXPECT_TRUE(inside.count(name)) << name << ": names never come or go";
      EXPECT_EQ(value, 0) << name << " at " << t;
    }
  }
}

TEST_P(AudioFilterConformance, SilenceAndEmptinessAreZero) {
  promise("analyse()", "silence is 0");
  for (const std::size_t length : {0, 1, 100, 44100}) {
    const std::vector<float> samples(length);
    const auto it = filter();
    play(*it, samples, 44100, 12);
    for (const double t : {0.0, 0.5, 2.0})
      for (const auto& [name, value] : it->analyse(t))
        EXPECT_EQ(value, 0) << name << " of " << length << " samples at " << t;
  }
}

TEST_P(AudioFilterConformance, AnyOrderGivesTheSameValues) {
  promise("analyse()", "the same values, in whatever order frames are asked for");
  const std::vector<float> samples = track(2, 44100);
  const auto it = filter();
  play(*it, samples, 44100, 12);
  std::vector<std::map<std::string, double>> forward;
  for (int i = 0; i < 24; ++i) forward.push_back(it->analyse(i / 12.0));
  for (int i = 23; i >= 0; --i)
    EXPECT_EQ(it->analyse(i / 12.0), forward[static_cast<std::size_t>(i)]) << "frame " << i;
}

// A frame is compared with the whole track, however little of it the run hears, and in whatever pieces it
// comes.
TEST_P(AudioFilterConformance, PartOfTheTrackSoundsAsInTheWhole) {
  promise("hear()", "the whole track goes by, in pieces of any size; only heard_from..heard_to is kept");
  const std::vector<float> samples = track(3, 44100);
  const auto whole = filter();
  play(*whole, samples, 44100, 12);
  for (const std::size_t piece : {1, 777, 200000}) {
    const auto part = filter();
    // From 1 s to 1.5 s, on its own memory: nothing else can be read.
    const std::vector<float> heard(samples.begin() + 44100, samples.begin() + 66150);
    part->begin({44100, 12, 44100, 66150});
    for (std::size_t begin = 0; begin < samples.size(); begin += piece)
      part->hear(std::span(samples).subspan(begin, std::min(piece, samples.size() - begin)));
    part->end(heard);
    for (int frame = 12; frame < 18; ++frame)
      for (const auto& [name, value] : whole->analyse(frame / 12.0))
        EXPECT_EQ(part->analyse(frame / 12.0).at(name), value) << name << " of frame " << frame;
  }
}

INSTANTIATE_TEST_SUITE_P(All, AudioFilterConformance, testing::ValuesIn(names_of(AudioFilter::kKind)),
                         name_as_is);

}  // namespace
}  // namespace reverie::test
