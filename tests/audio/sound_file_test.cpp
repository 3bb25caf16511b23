// Sounds of real files, against what the ffmpeg program makes of them.

#include "audio/sound_file.h"

#include <sys/stat.h>

#include "fixtures/plugins_under_test.h"
#include "support/written_files.h"

namespace reverie::test {
namespace {

const fs::path& sounds() {
  static const WrittenFiles files(REVERIE_TEST_PYTHON, REVERIE_TEST_FOLDER, "write_sounds.py");
  return files.path();
}

std::vector<float> read_sound(const fs::path& file, std::vector<std::string>& notices) {
  std::vector<float> samples;
  engine::HostServices host(host_options());
  audio::hear_sound(
      plugins(), host, default_params, file,
      [&](std::span<const float> piece) { samples.insert(samples.end(), piece.begin(), piece.end()); },
      notices);
  return samples;
}

std::vector<float> read(const std::string& name) {
  std::vector<std::string> notices;
  std::vector<float> samples = read_sound(sounds() / name, notices);
  EXPECT_TRUE(notices.empty()) << name << ": " << notices[0];
  return samples;
}

std::vector<std::int16_t> whole_numbers(const std::string& name) {
  const std::string bytes = read_bytes(sounds() / name);
  std::vector<std::int16_t> numbers(bytes.size() / 2);
  std::memcpy(numbers.data(), bytes.data(), numbers.size() * 2);
  return numbers;
}

class EverySound : public testing::TestWithParam<const char*> {};

TEST_P(EverySound, IsReadAsTheFfmpegProgramReadsIt) {
  const std::vector<float> ours = read(GetParam());
  const std::vector<std::int16_t> theirs = whole_numbers(GetParam() + std::string(".s16"));
  ASSERT_EQ(ours.size(), theirs.size());
  ASSERT_GT(ours.size(), 40000u);
  for (std::size_t i = 0; i < ours.size(); ++i)
    ASSERT_EQ(ours[i], static_cast<float>(theirs[i]) / 32768) << "sample " << i;
}

INSTANTIATE_TEST_SUITE_P(All, EverySound,
                         testing::Values("mono.wav", "stereo.wav", "slow.wav", "fast.wav", "click.wav",
                                         "deep.wav", "float.wav", "stereo.flac", "stereo.mp3", "stereo.ogg",
                                         "stereo.opus", "stereo.m4a", "surround.flac", "film.mp4",
                                         "song.mp3"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

TEST(SoundFile, SamplesOfOurOwnKindStayWhatTheyAre) {
  const std::vector<float> ours = read("mono.wav");
  const std::vector<std::int16_t> written = whole_numbers("mono.exact");
  ASSERT_EQ(ours.size(), written.size());
  for (std::size_t i = 0; i < ours.size(); ++i)
    ASSERT_EQ(ours[i] * 32768, static_cast<float>(written[i])) << "sample " << i;
  const std::vector<float> click = read("click.wav");
  for (std::size_t i = 0; i < click.size(); ++i) ASSERT_EQ(click[i], i == 12345 ? 32767.0f / 32768 : 0) << i;
}

TEST(SoundFile, WhatIsCutOffEndsThere) { EXPECT_EQ(read("cut_off.wav").size(), 20000u); }

TEST(SoundFile, DamagedPartsAreTold) {
  std::vector<std::string> notices;
  const std::vector<float> samples = read_sound(sounds() / "damaged.mp3", notices);
  EXPECT_GT(samples.size(), 30000u);
  ASSERT_EQ(notices.size(), 1u);
  EXPECT_NE(notices[0].find("damaged.mp3' cannot be decoded and are skipped"), std::string::npos)
      << notices[0];
}

/// Where there are clicks, in seconds.
std::vector<double> clicks_in(const std::vector<float>& samples) {
  std::vector<double> times;
  for (std::size_t i = 0; i < samples.size(); ++i)
    if (std::abs(samples[i]) > 0.3 &&
        (times.empty() || static_cast<double>(i) / audio::kSoundRate > times.back() + 0.1))
      times.push_back(static_cast<double>(i) / audio::kSoundRate);
  return times;
}

void expect_clicks(const std::vector<float>& samples, const std::vector<double>& expected, double tolerance) {
  const std::vector<double> times = clicks_in(samples);
  ASSERT_EQ(times.size(), expected.size());
  for (std::size_t i = 0; i < times.size(); ++i) EXPECT_NEAR(times[i], expected[i], tolerance) << i;
}

TEST(SoundFile, BeginsWhenItsTimeStampsSay) {
  const std::vector<float> samples = read("late.mkv");
  expect_clicks(samples, {1.477, 3.477}, 0.001);
  for (std::size_t i = 0; i < 43000; ++i) ASSERT_EQ(samples[i], 0) << i;
}

TEST(SoundFile, GapsAreSilentAndToldOnce) {
  std::vector<std::string> notices;
  const std::vector<float> samples = read_sound(sounds() / "gap.mkv", notices);
  expect_clicks(samples, {0.5, 2.5}, 0.002);
  EXPECT_NEAR(static_cast<double>(samples.size()) / audio::kSoundRate, 3, 0.03);
  ASSERT_EQ(notices.size(), 1u);
  EXPECT_NE(notices[0].find("gap.mkv' has a gap from 0.8"), std::string::npos) << notices[0];
}

TEST(SoundFile, AClockThatBeginsAgainIsNoGap) {
  // MP2's coding shifts sound by 481 samples.
  expect_clicks(read("joined.ts"), {0.5, 2.5, 3.5, 5.5}, 0.05);
}

TEST(SoundFile, WhatWouldGrowBeyondMeasureIsRefused) {
  const auto said = [](const std::string& name) {
    std::vector<std::string> notices;
    return std::string(error_of([&] { read_sound(sounds() / name, notices); }).what());
  };
  EXPECT_NE(said("slowest.wav").find("slowest.wav' has 1 samples a second"), std::string::npos);
  EXPECT_NE(said("quickest.wav").find("quickest.wav' has 2000000000 samples a second"), std::string::npos);
  EXPECT_NE(said("far.mkv").find("far.mkv' is longer than 2 hours"), std::string::npos);
  EXPECT_NE(said("long.flac").find("long.flac' is longer than 2 hours"), std::string::npos);
}

TEST(SoundFile, SaysWhatIsWrongWithAFile) {
  const auto said = [](const std::string& name) {
    std::vector<std::string> notices;
    const Error error = error_of([&] { read_sound(sounds() / name, notices); });
    EXPECT_EQ(error.kind(), ErrorKind::file) << name;
    const std::string words = error.what();
    EXPECT_NE(words.find(name), std::string::npos) << words;
    return words;
  };
  const auto expect = [&](const std::string& name, const std::string& words) {
    const std::string what = said(name);
    EXPECT_NE(what.find(words), std::string::npos) << what;
  };
  expect("missing.wav", "there is no file");
  expect("silent.mp4", "holds no sound");
  expect("empty.wav", "is not a sound that can be read");
  expect("text.mp3", "that can be");
  expect("cover.png", "holds no sound");
  expect("no_samples.wav", "holds no sound that can be decoded");
  // Lists that name other files, none of which may be opened.
  for (const char* list : {"list.m3u8", "list.ffconcat", "list.m3u"}) said(list);
  said(".");
  // Whoever opened it would wait for ever.
  ASSERT_EQ(::mkfifo((sounds() / "pipe.wav").c_str(), 0600), 0);
  expect("pipe.wav", "is not an ordinary file");
  std::vector<std::string> notices;
  EXPECT_NE(std::string(error_of([&] { read_sound("/dev/zero", notices); }).what())
                .find("'/dev/zero' is not an ordinary file"),
            std::string::npos);
}

TEST(SoundFile, WithoutAPluginThatReadsSoundsItIsTold) {
  std::vector<std::string> notices;
  const PluginRegistry none({"/nowhere"});
  engine::HostServices host(host_options());
  const fs::path file = sounds() / "mono.wav";
  const Error error = error_of([&] {
    audio::hear_sound(
        none, host, default_params, file, [](std::span<const float>) {}, notices);
  });
  EXPECT_EQ(error.kind(), ErrorKind::plugin);
  EXPECT_NE(std::string(error.what()).find(file.string()), std::string::npos) << error.what();
}

}  // namespace
}  // namespace reverie::test
