#include "reverie/sound_source.h"

#include <cmath>

#include "conformance/promise.h"
#include "conformance/tensors.h"
#include "fixtures/plugins_under_test.h"

namespace reverie::test {
namespace {

/// Over the file of tests/conformance/samples that the source accepts.
class SoundSourceConformance : public testing::TestWithParam<std::string> {
 protected:
  SoundSourceConformance() : host_(host_options()) {}

  const PluginFile& plugin() const { return plugins().find(SoundSource::kKind, GetParam()); }
  std::shared_ptr<SoundSource> source(const fs::path& path, int rate = 44100) {
    return create<SoundSource>(plugin(), host_, usual_params(plugin()), {path, rate});
  }
  std::vector<float> whole(int rate = 44100) {
    const auto it = source(sample_for(plugin()), rate);
    std::vector<float> samples;
    for (auto piece = it->next(); !piece.empty() && samples.size() < 10'000'000; piece = it->next())
      samples.insert(samples.end(), piece.begin(), piece.end());
    EXPECT_TRUE(it->next().empty()) << "the end stays the end";
    return samples;
  }

  engine::HostServices host_;
};

TEST_P(SoundSourceConformance, SamplesAreInRange) {
  promise("next()", "samples in -1..1 until the end, and nothing from then on");
  const std::vector<float> samples = whole();
  EXPECT_FALSE(samples.empty());
  for (const float sample : samples) {
    ASSERT_GE(sample, -1);
    ASSERT_LE(sample, 1);
  }
}

TEST_P(SoundSourceConformance, TheSameFileSoundsTheSame) {
  promise("next()", "the same samples for the same file");
  EXPECT_EQ(whole(), whole());
}

TEST_P(SoundSourceConformance, SamplesComeAtTheRateAskedFor) {
  promise("its constructor", "Setup::rate is the rate of the samples");
  const double at_full = static_cast<double>(whole(44100).size()),
               at_half = static_cast<double>(whole(22050).size());
  // Resampling may add or leave out some at the ends.
  EXPECT_NEAR(at_half, at_full / 2, 200);
}

TEST_P(SoundSourceConformance, AcceptsOnlyWhatItCanRead) {
  promise("accepts()", "false for files that it cannot read");
  ASSERT_TRUE(plugin().load().accepts);
  TemporaryFolder folder;
  std::ofstream(folder / "text.unknown kind") << "nothing that anybody could hear";
  for (const char* name : {"text.unknown kind", "missing", ""}) {
    const fs::path path = folder / name;
    EXPECT_FALSE(accepts(plugin(), &path)) << name;
  }
}

TEST_P(SoundSourceConformance, UnreadableFilesAreErrorsThatNameThem) {
  promise("its constructor", "throws Error(file), naming the file, when it cannot read it");
  TemporaryFolder folder;
  const std::string extension = sample_for(plugin()).extension().string();
  const fs::path missing = folder / ("missing" + extension), damaged = folder / ("damaged" + extension);
  std::ofstream(damaged) << "nothing that anybody could hear";
  for (const fs::path& path : {missing, damaged}) {
    const Error error = error_of([&] { source(path)->next(); });
    EXPECT_EQ(error.kind(), ErrorKind::file);
    EXPECT_NE(std::string(error.what()).find(path.string()), std::string::npos) << error.what();
  }
}

INSTANTIATE_TEST_SUITE_P(All, SoundSourceConformance, testing::ValuesIn(names_of(SoundSource::kKind)),
                         name_as_is);

}  // namespace
}  // namespace reverie::test
