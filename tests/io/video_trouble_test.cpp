// Videos of runs that are killed, restored, or meet a full disk.

#include <csignal>

#include "support/child.h"
#include "support/disk_trouble.h"
#include "video_files.h"

namespace reverie::test {
namespace {

class VideoWithFrames : public WithVideo {
 protected:
  void write_song() {
    ffmpeg_says({"ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "sine=440:sample_rate=44100:duration=3",
                 "song.wav"});
  }

  /// Some of a run's pictures into all sinks, which are then dropped as a killed process drops them, or
  /// closed.
  void write_frames(const Changes& changes, const fs::path& folder, std::int64_t first, std::int64_t last,
                    bool closed, const Words& names = {"png_sequence", "video_file"}) {
    std::vector<std::shared_ptr<OutputSink>> sinks;
    for (const std::string& name : names) sinks.push_back(sink(changes, folder, 12, name));
    for (std::int64_t number = first; number <= last; ++number)
      for (const auto& it : sinks) it->write(smooth_picture(40, 24, number), number);
    if (closed)
      for (const auto& it : sinks) it->close();
  }
};

class VideoTrouble : public VideoWithFrames, public testing::WithParamInterface<VideoFormat> {};

TEST_P(VideoTrouble, AKilledRunLeavesAVideoOfWhatThereWas) {
  const VideoFormat& format = GetParam();
  write_song();
  for (const std::int64_t count : {2, 5}) {
    const fs::path file = "out/hill" + format.extension;
    const ChildReport report = in_child([&] {
      const auto it = sink({{"video_format", format.name}, {"input_audio", "song.wav"}});
      for (std::int64_t number = 1; number <= count; ++number)
        it->write(smooth_picture(96, 64, number), number);
      ::raise(SIGKILL);
      return std::string();
    });
    ASSERT_FALSE(report.ended);
    ASSERT_EQ(names_in("out"), std::set<std::string>{file.filename().string()});
    const at::Tensor pictures = decoded(file);
    ASSERT_EQ(pictures.size(0), count - format.held_back);
    for (std::int64_t i = 0; i < pictures.size(0); ++i)
      EXPECT_LE(mean_difference(pictures[i], whole(smooth_picture(96, 64, i + 1))), format.tolerance) << i;
    if (format.has_sound) {
      EXPECT_GE(sound_of(file).size(), static_cast<std::size_t>(48000 * count / 12));
    }
  }
}

TEST_P(VideoTrouble, ARestoredRunEndsWithTheSameVideo) {
  const VideoFormat& format = GetParam();
  write_song();
  for (const std::string bits : {"8", "16"}) {
    if (bits == "16" && format.name != "lossless") continue;
    for (const Words& sinks :
         {Words{"png_sequence", "video_file"}, {"video_file", "png_sequence"}, {"video_file"}}) {
      if (sinks[0] == "video_file" && format.name != "mp4" && format.name != "lossless") continue;
      Changes changes = {{"video_format", format.name}, {"input_audio", "song.wav"}, {"png_bits", bits}};
      if (sinks.size() == 1) changes["outputs"] = "video_file";
      const std::string name = "hill" + format.extension;
      fs::remove_all("whole");
      fs::remove_all("parts");
      write_frames(changes, "whole", 1, 7, true, sinks);
      write_frames(changes, "parts", 1, 4, false, sinks);
      write_frames(changes, "parts", 3, 5, true, sinks);  // the backup was a little older
      write_frames(changes, "parts", 6, 7, true, sinks);
      EXPECT_EQ(names_in("parts"), names_in("whole"));
      EXPECT_TRUE(read_bytes("parts/" + name) == read_bytes("whole/" + name)) << bits << " " << sinks[0];
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, VideoTrouble, testing::ValuesIn(video_formats()),
                         [](const auto& info) { return info.param.name; });

TEST_P(VideoTrouble, ARunKilledBehindItsLastPictureIsFinishedWhenRestored) {
  const Changes changes = {{"video_format", GetParam().name}};
  const std::string name = "hill" + GetParam().extension;
  write_frames(changes, "whole", 1, 3, true);
  write_frames(changes, "parts", 1, 3, false);
  sink(changes, "parts", 12, "video_file", 3)->close();
  EXPECT_EQ(names_in("parts"), names_in("whole"));
  EXPECT_TRUE(read_bytes("parts/" + name) == read_bytes("whole/" + name));
}

TEST_F(WithVideo, NothingIsLostWhenEarlierPicturesAreGone) {
  const auto first = sink();
  first->write(smooth_picture(32, 16, 1), 1);
  first->write(smooth_picture(32, 16, 2), 2);
  first->close();
  const std::string before = read_bytes("out/hill.mp4");
  const auto second = sink();
  EXPECT_EQ(second->write(smooth_picture(32, 16, 3), 3), "out/hill_from_3.mp4");
  second->close();
  EXPECT_EQ(read_bytes("out/hill.mp4"), before);
  EXPECT_EQ(probe("out/hill_from_3.mp4").at("nb_read_frames"), "1");
  sink({}, "out", 12, "video_file", 3)->close();
  EXPECT_EQ(read_bytes("out/hill.mp4"), before);
}

TEST_F(WithVideo, ARunThatGoesOnInAnotherSizeHasAnotherVideo) {
  const auto write = [&](std::int64_t number, std::int64_t width) {
    sink({}, "out", 12, "png_sequence")->write(smooth_picture(width, 16, number), number);
    const auto it = sink({}, "out", 12, "video_file", number - 1);
    const fs::path file = it->write(smooth_picture(width, 16, number), number);
    it->close();
    return file;
  };
  EXPECT_EQ(write(1, 32), "out/hill.mp4");
  EXPECT_EQ(write(2, 32), "out/hill.mp4");
  const std::string before = read_bytes("out/hill.mp4");
  EXPECT_EQ(write(3, 64), "out/hill_from_3.mp4");
  EXPECT_EQ(write(4, 64), "out/hill_from_4.mp4");
  sink({}, "out", 12, "video_file", 4)->close();
  EXPECT_EQ(read_bytes("out/hill.mp4"), before);
}

TEST_F(VideoWithFrames, AnEarlierPictureOfAnotherSizeIsNoPartOfTheVideo) {
  write_frames({}, "out", 1, 4, true);
  const std::string before = read_bytes("out/hill.mp4");
  // Neither the first nor the last.
  sink({}, "out", 12, "png_sequence")->write(smooth_picture(64, 16, 2), 2);
  EXPECT_EQ(sink({}, "out", 12, "video_file", 4)->write(smooth_picture(40, 24, 5), 5), "out/hill_from_5.mp4");
  EXPECT_EQ(read_bytes("out/hill.mp4"), before);
}

TEST_F(VideoWithFrames, AnEarlierPictureThatIsDamagedLeavesTheOldVideo) {
  write_frames({}, "out", 1, 4, true);
  const std::string before = read_bytes("out/hill.mp4");
  fs::resize_file("out/hill_2.png", 100);
  const auto it = sink({}, "out", 12, "video_file", 4);
  const Error error = error_of([&] { it->write(smooth_picture(40, 24, 5), 5); });
  EXPECT_NE(std::string(error.what()).find("hill_2.png"), std::string::npos) << error.what();
  EXPECT_THROW(it->close(), Error);
  EXPECT_EQ(read_bytes("out/hill.mp4"), before);
}

TEST_F(WithVideo, KeepsPicturesOfItsOwnOnlyWhereNobodyElseDoes) {
  for (const auto& [sinks, kept] : {std::pair{"png_sequence", false}, {"video_file", true}}) {
    fs::remove_all("out");
    const auto it = sink({{"outputs", sinks}, {"frame_digits", "3"}});
    it->write(smooth_picture(32, 16, 1), 1);
    it->close();
    EXPECT_EQ(fs::exists("out/hill_frames/hill_001.png"), kept) << sinks;
    EXPECT_EQ(fs::exists("out/hill_frames"), kept) << sinks;
  }
}

TEST_F(WithVideo, DamageInVideosIsStillNoticedWhileOneIsWritten) {
  video({{"video_format", "lossless"}}, 64, 64, 10);
  std::string bytes = read_bytes("out/hill.mkv");
  for (std::size_t i = bytes.size() - 400; i < bytes.size() - 360; ++i)
    bytes[i] = static_cast<char>(~bytes[i]);
  std::ofstream("damaged.mkv", std::ios::binary) << bytes;
  const auto read_all = [&](bool writing) {
    const auto source = pictures_.open("damaged.mkv");
    std::shared_ptr<OutputSink> it;
    if (writing) it = sink();
    for (std::int64_t i = 0; i < 10; ++i) source->read(i);
  };
  EXPECT_EQ(error_of([&] { read_all(false); }).kind(), ErrorKind::file);
  EXPECT_EQ(error_of([&] { read_all(true); }).kind(), ErrorKind::file);
}

TEST_F(WithVideo, FullDiskIsToldAndLeavesWhatThereWas) {
  const ChildReport report = in_child([&]() -> std::string {
    fs::create_directories("disk");
    if (const std::string why = mount_small_disk("disk"); !why.empty()) return "cannot be tried: " + why;
    const auto it = sink({{"video_format", "lossless"}}, "disk/out");
    std::int64_t number = 0;
    try {
      while (number < 1000) {
        it->write(at::rand({1, 3, 64, 64}), number + 1);
        ++number;
      }
      return "no error";
    } catch (const Error& error) {
      const std::string said = error.what();
      if (error.kind() != ErrorKind::file || said.find("disk/out/hill.mkv") == std::string::npos ||
          said.find("No space left on device") == std::string::npos || error.advice().empty())
        return said;
    }
    const Outcome outcome = run({"/usr/bin/ffprobe", "-v", "quiet", "-count_frames", "-show_entries",
                                 "stream=nb_read_frames", "-of", "csv=p=0", "disk/out/hill.mkv"},
                                fs::current_path());
    const std::int64_t readable = std::atol(outcome.out.c_str());
    return readable >= number - 1 && number > 3 ? "" : std::to_string(number) + " written, " + outcome.out;
  });
  EXPECT_TRUE(report.ended) << report.text;
  if (report.text.rfind("cannot be tried", 0) == 0) GTEST_SKIP() << report.text;
  EXPECT_EQ(report.text, "");
}

TEST_F(WithVideo, WithoutRoomToFinishTheVideoThatGrewStays) {
  const ChildReport report = in_child([&]() -> std::string {
    fs::create_directories("disk");
    if (const std::string why = mount_small_disk("disk"); !why.empty()) return "cannot be tried: " + why;
    const auto it = sink({{"video_format", "lossless"}}, "disk/out");
    for (std::int64_t number = 1; number <= 8; ++number) it->write(at::rand({1, 3, 64, 64}), number);
    if (const std::string why = fill("disk"); !why.empty()) return "cannot be tried: " + why;
    std::string said = "no error";
    try {
      it->close();
    } catch (const Error& error) {
      said = error.what();
    }
    if (said.find("No space left on device") == std::string::npos) return said;
    const std::set<std::string> files = names_in("disk/out");
    if (files != std::set<std::string>{"hill.mkv"}) return "other files are left behind";
    return probe("disk/out/hill.mkv").at("nb_read_frames") == "8" ? "" : "pictures are lost";
  });
  EXPECT_TRUE(report.ended) << report.text;
  if (report.text.rfind("cannot be tried", 0) == 0) GTEST_SKIP() << report.text;
  EXPECT_EQ(report.text, "");
}

}  // namespace
}  // namespace reverie::test
