#include "audio/filters.h"

namespace reverie::test {
namespace {

constexpr double kRate = 44100;

TEST(Envelope, IsTheRootMeanSquareOverThatOfTheLoudestStretch) {
  for (const std::vector<double>& line : numbers_in("envelopes.txt")) {
    const double rate = line[0], fps = line[1], offset = line[2];
    SCOPED_TRACE(std::to_string(rate) + " Hz, " + std::to_string(fps) + " frames per second");
    const auto it = filter("envelope");
    const std::vector<float> track = reference_track(rate);
    play(*it, track, rate, fps);
    for (std::size_t k = 0; k + 3 < line.size(); ++k)
      EXPECT_NEAR(value_at(*it, offset + static_cast<double>(k) / fps), line[3 + k], 1e-6) << "frame " << k;
  }
}

TEST(Envelope, FollowsLoudnessWhateverThePitch) {
  std::vector<float> track(static_cast<std::size_t>(3 * kRate));
  add_tone(track, kRate, 100, 0.8, 0, 1);
  add_tone(track, kRate, 5000, 0.4, 1.5, 2.5);
  const auto it = filter("envelope");
  play(*it, track, kRate, 10);  // whole periods of both
  EXPECT_NEAR(value_at(*it, 0.5), 1, 1e-6);
  EXPECT_NEAR(value_at(*it, 2), 0.5, 1e-6);
  // Half a frame of sound, half of silence.
  EXPECT_NEAR(value_at(*it, 2.45), 0.5 * std::sqrt(0.5), 1e-6);
  EXPECT_EQ(value_at(*it, 1.2), 0);
}

}  // namespace
}  // namespace reverie::test
