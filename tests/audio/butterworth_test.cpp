// The band-pass against SciPy's, and against what a band-pass is.

#include "../../plugins/audio/second_order_sections.h"

#include "audio/filters.h"

namespace reverie::test {
namespace {

constexpr double kRate = 44100;

TEST(ButterworthSections, AreThoseOfSciPy) {
  std::size_t compared = 0;
  for (const std::vector<double>& line : numbers_in("sections.txt")) {
    const auto order = static_cast<int>(line[0]);
    SCOPED_TRACE("order " + std::to_string(order) + ", " + std::to_string(line[1]) + " to " +
                 std::to_string(line[2]) + " Hz of " + std::to_string(line[3]));
    const std::vector<audio_filters::Section> sections =
        audio_filters::butterworth_band_pass(order, line[1], line[2], line[3]);
    ASSERT_EQ(sections.size() * 5 + 4, line.size());
    for (std::size_t i = 0; i < sections.size(); ++i) {
      const audio_filters::Section& s = sections[i];
      const double ours[] = {s.b0, s.b1, s.b2, s.a1, s.a2};
      for (std::size_t k = 0; k < 5; ++k, ++compared) {
        const double theirs = line[4 + i * 5 + k];
        // The gain of narrow bands is tiny, so it is compared in proportion, too.
        EXPECT_NEAR(ours[k], theirs, 1e-9 * std::min(1.0, i == 0 && k < 3 ? std::abs(theirs) : 1.0) + 1e-300)
            << "coefficient " << k << " of section " << i;
      }
    }
  }
  EXPECT_GT(compared, 2000u);
}

TEST(ButterworthSections, PassHalfThePowerAtTheEdgesAndAllInBetween) {
  for (const int order : {1, 2, 5, 8}) {
    const double low = 300, high = 3000;
    const auto power = [&](double f) {
      const std::complex<double> z = std::polar(1.0, -2 * M_PI * f / kRate);
      std::complex<double> h = 1;
      for (const audio_filters::Section& s : audio_filters::butterworth_band_pass(order, low, high, kRate))
        h *= (s.b0 + z * (s.b1 + z * s.b2)) / (1.0 + z * (s.a1 + z * s.a2));
      return std::norm(h);
    };
    EXPECT_NEAR(power(low), 0.5, 1e-9) << order;
    EXPECT_NEAR(power(high), 0.5, 1e-9) << order;
    // The middle, where the bilinear transform puts it.
    const double middle =
        std::atan(std::sqrt(std::tan(M_PI * low / kRate) * std::tan(M_PI * high / kRate))) * kRate / M_PI;
    EXPECT_NEAR(power(middle), 1, 1e-9) << order;
    EXPECT_NEAR(power(0), 0, 1e-12) << order;
  }
}

TEST(ButterworthSections, FilterAsSciPyDoes) {
  for (const std::vector<double>& line : numbers_in("filtered.txt")) {
    const std::vector<float> track = reference_track(line[3]);
    std::vector<double> samples(track.begin(), track.end());
    audio_filters::Cascade cascade(
        audio_filters::butterworth_band_pass(static_cast<int>(line[0]), line[1], line[2], line[3]));
    cascade.run(samples.data(), 1000);  // in parts, as a long track is
    cascade.run(samples.data() + 1000, samples.size() - 1000);
    for (std::size_t i = 0; i * 97 < samples.size(); ++i)
      ASSERT_NEAR(samples[i * 97], line[4 + i], 1e-9) << "sample " << i * 97 << " of order " << line[0];
  }
}

TEST(ButterworthSections, FilterSilenceAfterSoundToSilence) {
  audio_filters::Cascade cascade(audio_filters::butterworth_band_pass(5, 20, 30, kRate));
  std::vector<double> samples(40000, 0.0);
  samples[0] = 1;
  cascade.run(samples.data(), samples.size());
  for (int i = 0; i < 200; ++i) {
    std::fill(samples.begin(), samples.end(), 0.0);
    cascade.run(samples.data(), samples.size());
  }
  for (const double sample : samples) ASSERT_EQ(sample, 0);
}

void expect_values(const std::string& file, double continuous) {
  for (const std::vector<double>& line : numbers_in(file)) {
    const double rate = line[3], fps = line[4], offset = line[5];
    SCOPED_TRACE("order " + std::to_string(line[0]) + " at " + std::to_string(line[1]) + " Hz of " +
                 std::to_string(rate) + ", " + std::to_string(fps) + " frames per second");
    const auto it =
        filter("butterworth",
               {{"order", line[0]}, {"f_center", line[1]}, {"f_width", line[2]}, {"continuous", continuous}});
    const std::vector<float> track = reference_track(rate);
    play(*it, track, rate, fps);
    for (std::size_t k = 0; k + 6 < line.size(); ++k)
      EXPECT_NEAR(value_at(*it, offset + static_cast<double>(k) / fps), line[6 + k], 1e-6) << "frame " << k;
  }
}

TEST(Butterworth, FiltersEachFrameByItselfFromRest) { expect_values("values.txt", 0); }

TEST(Butterworth, MayFilterTheWholeTrackInOneGo) { expect_values("continuous.txt", 1); }

/// A narrow band takes time to swing: filtered in one go, a kick is loudest two frames after it begins. The
/// values are SciPy's (butter, sosfilt) for this kick.
TEST(Butterworth, AKickIsLoudInItsOwnFrame) {
  constexpr double fps = 30;
  std::vector<float> track(static_cast<std::size_t>(kRate));
  for (std::size_t i = 0; i < track.size(); ++i)
    if (const double t = static_cast<double>(i) / kRate - 12 / fps; t >= 0)
      track[i] = static_cast<float>(0.9 * std::exp(-14 * t) * std::sin(2 * M_PI * 80 * t));
  const auto expect = [&](double continuous, const std::vector<double>& from_11_to_14) {
    const auto it =
        filter("butterworth", {{"f_center", 80}, {"f_width", 20}, {"order", 6}, {"continuous", continuous}});
    play(*it, track, kRate, fps);
    for (std::size_t i = 0; i < from_11_to_14.size(); ++i)
      EXPECT_NEAR(value_at(*it, static_cast<double>(11 + i) / fps), from_11_to_14[i], 1e-3) << i;
  };
  expect(0, {0, 0.828, 1, 0.430});
  expect(1, {0, 0.030, 0.575, 1});
}

TEST(Butterworth, HearsItsBandAndNothingElse) {
  std::vector<float> track(static_cast<std::size_t>(6 * kRate));
  add_tone(track, kRate, 1000, 0.8, 0, 2);  // in the middle
  add_tone(track, kRate, 1000, 0.2, 2, 4);  // softer
  add_tone(track, kRate, 100, 0.8, 4, 6);   // far below
  for (const double continuous : {0, 1}) {
    const auto it = filter("butterworth", {{"f_center", 1000}, {"f_width", 400}, {"continuous", continuous}});
    play(*it, track, kRate, 10);
    // Between the swings that follow each beginning.
    EXPECT_NEAR(value_at(*it, 3) / value_at(*it, 1), 0.25, 0.002);
    // For a filter that is at rest, a frame begins with a step.
    EXPECT_LT(value_at(*it, 5), continuous ? 1e-4 : 0.02);
  }
}

TEST(Butterworth, OffsetsBetweenFramesShiftTheWindow) {
  // One loud sample: the window that holds it, and no other, reads it. The width keeps its ringing short.
  std::vector<float> track(44100);
  track[22050] = 1;
  const auto it = filter("butterworth", {{"f_center", 8000}, {"f_width", 15900}, {"order", 1}});
  play(*it, track, kRate, 10);
  const double just_before = (22050.0 - 4410) / kRate;
  EXPECT_EQ(value_at(*it, just_before), 0) << "its window ends where the sample begins";
  EXPECT_EQ(value_at(*it, just_before + 1 / kRate), 1);
  EXPECT_EQ(value_at(*it, 0.5), 1);
  EXPECT_LT(value_at(*it, 0.5 + 5 / kRate), 1);
}

TEST(Butterworth, RefusesBandsThatAreNone) {
  const auto said = [](const std::map<std::string, double>& params) {
    const Error error = error_of([&] {
      const auto it = filter("butterworth", params, "fLo");
      play(*it, std::vector<float>(100), kRate, 12);
    });
    EXPECT_EQ(error.kind(), ErrorKind::settings);
    EXPECT_FALSE(error.advice().empty());
    EXPECT_NE(std::string(error.what()).find("the filter 'fLo'"), std::string::npos) << error.what();
    return std::string(error.what());
  };
  EXPECT_NE(said({{"f_center", 100}, {"f_width", 200}}).find("0 to 200 Hz; it must begin above 0 Hz"),
            std::string::npos);
  EXPECT_NE(said({{"f_center", 100}, {"f_width", 300}}).find("-50 to 250 Hz"), std::string::npos);
  EXPECT_NE(
      said({{"f_center", 22000}, {"f_width", 100}}).find("21950 to 22050 Hz; it must end below 22050 Hz"),
      std::string::npos);
  EXPECT_NE(said({{"f_center", 30000}, {"f_width", 100}}).find("end below 22050 Hz"), std::string::npos);
  EXPECT_NE(said({{"f_center", 100}, {"f_width", 1e-300}}).find("it has no width"), std::string::npos);
}

}  // namespace
}  // namespace reverie::test
