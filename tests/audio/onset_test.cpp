#include "audio/filters.h"

namespace reverie::test {
namespace {

constexpr double kRate = 44100;
constexpr double kLatest = 128 / kRate;  // how late an onset may be heard: a hop

TEST(Onset, IsTheSpectralFluxWhereItIsLargest) {
  for (const std::vector<double>& line : numbers_in("onsets.txt")) {
    const double rate = line[0], fps = line[3];
    SCOPED_TRACE(std::to_string(rate) + " Hz, " + std::to_string(line[1]) + " to " + std::to_string(line[2]) +
                 " Hz");
    const auto it = filter("onset", {{"f_min", line[1]}, {"f_max", line[2]}});
    play(*it, reference_track(rate), rate, fps);
    for (std::size_t k = 0; k + 4 < line.size(); ++k)
      EXPECT_NEAR(value_at(*it, static_cast<double>(k) / fps), line[4 + k], 1e-4) << "frame " << k;
  }
}

TEST(Onset, FramesWithAClickKnowItAndNoOthersDo) {
  // At the start, between frames, on frames' first samples, and at the end of the track.
  const std::vector<double> clicks = {0, 0.31, 0.5, 1, 1.26, 1.5, 1.75, 1.98};
  std::vector<float> track(static_cast<std::size_t>(2 * kRate));
  for (const double t : clicks) track[static_cast<std::size_t>(std::llround(t * kRate))] = 0.9f;
  for (const double fps : {12.0, 24.0, 30.0, 8.0}) {
    const auto it = filter("onset");
    play(*it, track, kRate, fps);
    for (int k = 0; k < 2 * fps; ++k) {
      const double begin = k / fps, end = (k + 1) / fps, edge = 0.5 / kRate;
      bool holds = false, late = false;
      for (const double t : clicks) {
        holds = holds || (t > begin - edge && t < end - kLatest);
        late = late || (t >= end - kLatest && t < end - edge) || (t < begin - edge && t >= begin - kLatest);
      }
      const double value = value_at(*it, begin);
      if (late) continue;  // it may count in either
      // How spectra lie over a click changes its flux by up to a 13th.
      EXPECT_GE(value, holds ? 0.92 : 0) << "frame " << k << " of " << fps << " a second";
      EXPECT_LE(value, holds ? 1 : 0) << "frame " << k << " of " << fps << " a second";
    }
  }
}

TEST(Onset, SofterClicksCountLess) {
  std::vector<float> track(44100);
  track[10240] = 0.8f;
  track[20480] = 0.4f;
  track[30720] = -0.2f;
  const auto it = filter("onset");
  play(*it, track, kRate, 100);
  EXPECT_EQ(value_at(*it, 10240 / kRate), 1);
  EXPECT_NEAR(value_at(*it, 20480 / kRate), 0.5, 1e-4);
  EXPECT_NEAR(value_at(*it, 30720 / kRate), 0.25, 1e-4);
}

TEST(Onset, SteadySoundIsNoOnset) {
  std::vector<float> track(static_cast<std::size_t>(3 * kRate));
  add_tone(track, kRate, 440, 0.5, 1, 3);
  const auto it = filter("onset");
  play(*it, track, kRate, 10);
  EXPECT_EQ(value_at(*it, 1.0), 1);
  for (double t = 1.1; t < 2.9; t += 0.1) EXPECT_LT(value_at(*it, t), 0.01) << t;
}

TEST(Onset, ListensToItsFrequenciesOnly) {
  std::vector<float> track(static_cast<std::size_t>(3 * kRate));
  add_tone(track, kRate, 80, 0.5, 0.5, 1.5);
  add_tone(track, kRate, 6000, 0.5, 2, 3);
  const auto bass = filter("onset", {{"f_max", 400}});
  play(*bass, track, kRate, 10);
  EXPECT_GT(value_at(*bass, 0.5), 0.9);
  EXPECT_LT(value_at(*bass, 2), 0.05);
  const auto treble = filter("onset", {{"f_min", 3000}});
  play(*treble, track, kRate, 10);
  EXPECT_LT(value_at(*treble, 0.5), 0.05);
  EXPECT_GT(value_at(*treble, 2), 0.9);
}

TEST(Onset, RefusesBandsThatHoldNothing) {
  const auto said = [](const std::map<std::string, double>& params) {
    return std::string(
        error_of([&] { play(*filter("onset", params, "beat"), std::vector<float>(100), kRate, 12); }).what());
  };
  EXPECT_NE(said({{"f_min", 300}, {"f_max", 200}})
                .find("'beat' covers no frequencies: its f_min is not below its f_max"),
            std::string::npos);
  EXPECT_NE(said({{"f_min", 30000}}).find("not below half the sound's sample rate"), std::string::npos);
}

}  // namespace
}  // namespace reverie::test
