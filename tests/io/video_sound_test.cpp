// The sound in videos: in step with the pictures, from the offset on, and no longer than they are.

#include <cmath>
#include <numbers>

#include "video_files.h"

namespace reverie::test {
namespace {

/// A WAV file of 16 bits (RIFF, PCM) whose channels all hold `sample(seconds)`, -1 to 1.
void write_wav(const fs::path& path, int rate, int channels, double seconds,
               const std::function<double(double)>& sample) {
  const auto count = static_cast<std::uint32_t>(std::lround(seconds * rate));
  std::string bytes;
  const auto put = [&](std::uint32_t value, int size) {
    for (int i = 0; i < size; ++i) bytes.push_back(static_cast<char>(value >> (8 * i) & 255));
  };
  const auto frame = static_cast<std::uint32_t>(2 * channels);
  bytes += "RIFF";
  put(36 + count * frame, 4);
  bytes += "WAVEfmt ";
  put(16, 4);
  put(1, 2);
  put(static_cast<std::uint32_t>(channels), 2);
  put(static_cast<std::uint32_t>(rate), 4);
  put(static_cast<std::uint32_t>(rate) * frame, 4);
  put(frame, 2);
  put(16, 2);
  bytes += "data";
  put(count * frame, 4);
  for (std::uint32_t i = 0; i < count; ++i)
    for (int c = 0; c < channels; ++c)
      put(static_cast<std::uint32_t>(std::lround(32000 * sample(i / static_cast<double>(rate)))), 2);
  std::ofstream(path, std::ios::binary) << bytes;
}

/// A click of a millisecond around the time `at`.
std::function<double(double)> click(double at) {
  return [at](double t) { return std::exp(-std::pow((t - at) / 0.0005, 2)); };
}

/// When the sound is loudest.
double loudest(const std::vector<float>& samples) {
  std::size_t best = 0;
  for (std::size_t i = 0; i < samples.size(); ++i)
    if (std::abs(samples[i]) > std::abs(samples[best])) best = i;
  return static_cast<double>(best) / 48000;
}

class VideoSound : public WithVideo, public testing::WithParamInterface<VideoFormat> {
 protected:
  /// Black pictures, but for `white`.
  fs::path flash(const Changes& changes, std::int64_t frames, std::int64_t white, double frames_per_second) {
    const auto it = sink(changes, "out", frames_per_second);
    fs::path file;
    for (std::int64_t number = 1; number <= frames; ++number)
      file = it->write(at::full({1, 3, 32, 32}, number == white ? 1.0f : 0.0f), number);
    it->close();
    return file;
  }
};

TEST_P(VideoSound, IsInStepWithThePictures) {
  struct Case {
    int rate, channels;
    double frames_per_second, offset;
    std::int64_t white;
  };
  for (const Case& c : {Case{44100, 2, 12, 0, 7}, {48000, 1, 25, 0.35, 1}, {22050, 2, 60, 1.2345, 30}}) {
    const double from = static_cast<double>(c.white - 1) / c.frames_per_second;
    write_wav("song.wav", c.rate, c.channels, 6, click(c.offset + from + 0.002));
    const fs::path file = flash({{"video_format", GetParam().name},
                                 {"input_audio", "song.wav"},
                                 {"input_audio_offset", std::to_string(c.offset)}},
                                36, c.white, c.frames_per_second);
    EXPECT_EQ(names_in("out"), std::set<std::string>{file.filename().string()});
    const at::Tensor pictures = decoded(file).to(at::kDouble).mean({1, 2, 3});
    ASSERT_EQ(pictures.size(0), 36);
    EXPECT_EQ(pictures.argmax().item<std::int64_t>(), c.white - 1);
    const auto samples = sound_of(file);
    EXPECT_NEAR(loudest(samples), from + 0.002, 0.001) << c.frames_per_second;
    // The file says where AAC's last frame ends, but ffmpeg plays all of it.
    EXPECT_NEAR(static_cast<double>(samples.size()) / 48000, 36 / c.frames_per_second,
                GetParam().name == "mp4" ? 1024.0 / 48000 : 0.0015)
        << "the sound ends with the pictures";
    EXPECT_EQ(probe(file, "a").at("channels"), std::to_string(c.channels));
  }
}

TEST_P(VideoSound, BeginsWhereTimeDoes) {
  write_wav("song.wav", 44100, 2, 4, click(1.5));
  const Changes changes = {
      {"video_format", GetParam().name}, {"input_audio", "song.wav"}, {"input_audio_offset", "1"}};
  const auto it = sink(changes, "out", 10, "video_file", 0, 3);
  fs::path file;
  for (std::int64_t number = 1; number <= 20; ++number)
    file = it->write(smooth_picture(32, 32, number), number);
  it->close();
  const auto samples = sound_of(file);
  EXPECT_NEAR(loudest(samples), 0.3 + 0.5, 0.001) << "three pictures are silent";
  EXPECT_NEAR(static_cast<double>(samples.size()) / 48000, 2, 0.0215);

  // What goes on in a file of its own goes on with the sound.
  const auto later = sink(changes, "other", 10, "video_file", 0, 3);
  for (std::int64_t number = 6; number <= 12; ++number)
    file = later->write(smooth_picture(32, 32, number), number);
  later->close();
  EXPECT_NEAR(loudest(sound_of(file)), 0.3 + 0.5 - 0.5, 0.001);
}

TEST_P(VideoSound, MayEndBeforeThePictures) {
  write_wav("song.wav", 44100, 2, 1.0, click(0.9));
  const fs::path file =
      flash({{"video_format", GetParam().name}, {"input_audio", "song.wav"}, {"input_audio_offset", "0.5"}},
            24, 3, 12);
  EXPECT_EQ(probe(file).at("nb_read_frames"), "24");
  const auto samples = sound_of(file);
  EXPECT_NEAR(loudest(samples), 0.4, 0.001);
  EXPECT_NEAR(static_cast<double>(samples.size()) / 48000, 0.5, 0.022)
      << "an encoder may fill up its last frame";
}

INSTANTIATE_TEST_SUITE_P(All, VideoSound, testing::ValuesIn([] {
                           std::vector<VideoFormat> formats;
                           for (const VideoFormat& format : video_formats())
                             if (format.has_sound) formats.push_back(format);
                           return formats;
                         }()),
                         [](const auto& info) { return info.param.name; });

TEST_F(WithVideo, SoundIsTakenFromWhateverHoldsIt) {
  write_wav("song.wav", 44100, 2, 2, click(0.75));
  for (const Words& how : {Words{"-c:a", "libmp3lame", "song.mp3"},
                           {"-c:a", "libvorbis", "song.ogg"},
                           {"-c:a", "aac", "song.m4a"},
                           {"-c:a", "flac", "-ac", "6", "song.flac"}}) {
    Words command = {"ffmpeg", "-v", "error", "-y", "-i", "song.wav"};
    command.insert(command.end(), how.begin(), how.end());
    ffmpeg_says(command);
    const fs::path file = video({{"input_audio", how.back()}, {"input_audio_offset", "0.25"}}, 32, 32, 12);
    EXPECT_NEAR(loudest(sound_of(file)), 0.5, 0.03) << how.back();
    EXPECT_EQ(probe(file, "a").at("channels"), "2") << how.back();
  }
}

TEST_F(WithVideo, TimeStampsOfTheSoundCount) {
  write_wav("song.wav", 44100, 2, 3, click(2.5));
  const Words pictures = {"ffmpeg", "-v",    "error", "-y",
                          "-f",     "lavfi", "-i",    "testsrc=size=64x48:rate=10:duration=4"};
  const auto film = [&](const Words& sound, const std::string& name) {
    Words command = pictures;
    command.insert(command.end(), sound.begin(), sound.end());
    for (const char* word : {"-c:v", "mpeg4", "-c:a", "pcm_s16le", name.c_str()}) command.push_back(word);
    ffmpeg_says(command);
  };
  film({"-itsoffset", "0.977", "-i", "song.wav"}, "late.mkv");
  film({"-i", "song.wav", "-af", "aselect=not(between(t\\,0.8\\,2.2))"}, "gap.mkv");
  EXPECT_NEAR(loudest(sound_of(video({{"input_audio", "late.mkv"}}, 32, 32, 60))), 3.477, 0.002);
  EXPECT_NEAR(loudest(sound_of(video({{"input_audio", "gap.mkv"}, {"input_audio_offset", "1"}}, 32, 32, 36))),
              1.5, 0.002);
}

TEST_F(WithVideo, SoundThatCannotBeUsedIsAnErrorBeforeTheFirstPicture) {
  write_wav("song.wav", 44100, 2, 1, click(0.5));
  const auto refused = [&](const std::string& path, const std::string& offset) {
    return error_of([&] { sink({{"input_audio", path}, {"input_audio_offset", offset}}); });
  };
  const Error late = refused("song.wav", "1.5");
  EXPECT_EQ(late.kind(), ErrorKind::settings);
  EXPECT_NE(std::string(late.what()).find("input_audio_offset"), std::string::npos) << late.what();
  EXPECT_NE(std::string(late.what()).find("song.wav"), std::string::npos) << late.what();
  std::ofstream("words.txt") << "no sound at all, whatever one does with it";
  std::ofstream("list.m3u8") << "#EXTM3U\n#EXTINF:1,\nsong.wav\n";
  fs::copy(video({}, 32, 32, 3), "silent.mp4");
  for (const char* path : {"words.txt", "silent.mp4", "absent.wav", "list.m3u8"}) {
    const Error error = refused(path, "0");
    EXPECT_EQ(error.kind(), ErrorKind::file) << path;
    EXPECT_NE(std::string(error.what()).find(path), std::string::npos) << error.what();
  }
}

TEST_F(WithVideo, ARunsSoundIsWhereItsMotionHearsIt) {
  write_wav("song.wav", 44100, 2, 4, click(1.2));
  const Outcome outcome =
      run({REVERIE_PROGRAM, "render", "scenes=a red heart", "width=32", "height=32", "cutouts=2",
           "perceptors=" + shipped_models()[0], "pre_animation_steps=5", "steps_per_frame=2", "save_every=2",
           "steps_per_scene=19", "frames_per_second=10", "outputs=[png_sequence, video_file]",
           "input_audio=song.wav", "input_audio_offset=1"},
          fs::current_path());
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  // Pictures 1 and 2 are saved after steps 2 and 4, before t is 0 in step 6.
  const fs::path file = "images_out/default/default.mp4";
  EXPECT_NEAR(loudest(sound_of(file)), 0.2 + 0.2, 0.001);
  fs::rename(file, "first.mp4");
  ASSERT_EQ(run({REVERIE_PROGRAM, "encode", "images_out/default"}, fs::current_path()).status, 0);
  EXPECT_TRUE(read_bytes(file) == read_bytes("first.mp4"));
}

TEST_F(WithVideo, GifIsSilent) {
  write_wav("song.wav", 44100, 2, 1, click(0.5));
  EXPECT_TRUE(probe(video({{"video_format", "gif"}, {"input_audio", "song.wav"}}, 16, 16, 3), "a").empty());
}

}  // namespace
}  // namespace reverie::test
