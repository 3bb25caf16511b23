#pragma once
// Videos as the sink writes them, and as the programs ffprobe and ffmpeg read them.

#include <ATen/ATen.h>

#include <cstring>
#include <sstream>

#include "fixtures/plugins_under_test.h"
#include "media/pictures.h"
#include "support/in_scratch.h"
#include "support/process.h"

namespace reverie::test {

/// Runs one of FFmpeg's programs; what it complains of fails the test.
inline std::string ffmpeg_says(Words command) {
  command[0] = "/usr/bin/" + command[0];
  const Outcome outcome = run(command, fs::current_path());
  EXPECT_EQ(outcome.status, 0) << command[0] << " " << command.back();
  EXPECT_EQ(outcome.err, "") << command[0] << " " << command.back();
  return outcome.out;
}

/// What ffprobe says of a stream ("v" or "a"), by name. Frames are counted by decoding all of them.
inline std::map<std::string, std::string> probe(const fs::path& file, const std::string& stream = "v") {
  std::istringstream lines(
      ffmpeg_says({"ffprobe", "-v", "error", "-count_frames", "-select_streams", stream, "-show_streams",
                   "-of", "default=noprint_wrappers=1", file.string()}));
  std::map<std::string, std::string> result;
  for (std::string line; std::getline(lines, line);)
    result[line.substr(0, line.find('='))] = line.substr(line.find('=') + 1);
  return result;
}

/// When each picture is shown, in seconds.
inline std::vector<double> times_of(const fs::path& file) {
  std::istringstream lines(
      ffmpeg_says({"ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", "frame=pts_time", "-of",
                   "default=nokey=1:noprint_wrappers=1", file.string()}));
  std::vector<double> times;
  for (double time; lines >> time;) times.push_back(time);
  return times;
}

/// All pictures [N, H, W, 3], whole numbers, as ffmpeg converts them to 8 or 16 bits a channel.
inline at::Tensor decoded(const fs::path& file, int bits = 8) {
  const auto properties = probe(file);
  const fs::path raw = file.string() + ".raw";
  ffmpeg_says({"ffmpeg", "-v", "error", "-y", "-i", file.string(), "-vsync", "0", "-sws_flags",
               "bicubic+accurate_rnd+full_chroma_int+full_chroma_inp+bitexact", "-pix_fmt",
               bits == 8 ? "rgb24" : "rgb48le", "-f", "rawvideo", raw.string()});
  const std::string bytes = read_bytes(raw);
  fs::remove(raw);
  const at::Tensor all = at::empty({static_cast<std::int64_t>(bytes.size())}, at::kByte);
  std::memcpy(all.mutable_data_ptr(), bytes.data(), bytes.size());
  const std::int64_t height = std::stol(properties.at("height")), width = std::stol(properties.at("width"));
  if (bits == 8) return all.to(at::kInt).view({-1, height, width, 3});
  const at::Tensor pairs = all.to(at::kInt).view({-1, height, width, 3, 2});
  return pairs.select(4, 0) + pairs.select(4, 1) * 256;
}

/// Its pixels as they are stored, without any conversion.
inline std::string stored_pixels(const fs::path& file) {
  const fs::path raw = file.string() + ".raw";
  ffmpeg_says(
      {"ffmpeg", "-v", "error", "-y", "-i", file.string(), "-vsync", "0", "-f", "rawvideo", raw.string()});
  const std::string bytes = read_bytes(raw);
  fs::remove(raw);
  return bytes;
}

/// Its sound from the time 0 of the video on, all channels mixed into one, 48000 values a second.
inline std::vector<float> sound_of(const fs::path& file) {
  const fs::path raw = file.string() + ".f32";
  ffmpeg_says({"ffmpeg", "-v", "error", "-y", "-copyts", "-i", file.string(), "-vn", "-af",
               "aresample=async=1:first_pts=0", "-ac", "1", "-ar", "48000", "-f", "f32le", raw.string()});
  const std::string bytes = read_bytes(raw);
  fs::remove(raw);
  std::vector<float> samples(bytes.size() / sizeof(float));
  std::memcpy(samples.data(), bytes.data(), samples.size() * sizeof(float));
  return samples;
}

/// What frame `number` of a test shows: colours that change slowly over the picture, and from frame to frame.
inline at::Tensor smooth_picture(std::int64_t width, std::int64_t height, std::int64_t number) {
  const at::Tensor x = at::linspace(0, 1, width).view({1, width}),
                   y = at::linspace(0, 1, height).view({height, 1});
  const double t = 0.4 * static_cast<double>(number);
  const at::Tensor red = 0.5 + 0.45 * at::sin(3 * x + t) + 0 * y,
                   green = 0.5 + 0.45 * at::cos(2.5 * y - t) + 0 * x,
                   blue = 0.5 + 0.4 * at::sin(2 * (x + y) + 2 * t);
  return at::stack({red, green, blue}).unsqueeze(0).to(at::kFloat);
}

/// A picture [1, 3, H, W] as whole numbers [H, W, 3].
inline at::Tensor whole(const at::Tensor& image, int bits = 8) {
  return (image[0].to(at::kDouble) * ((1 << bits) - 1)).round().to(at::kInt).permute({1, 2, 0});
}

inline double mean_difference(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().to(at::kDouble).mean().item<double>();
}

struct VideoFormat {
  std::string name, extension, codec, pixels;
  double tolerance;  ///< of the mean, in 8-bit steps, for smooth pictures
  bool even_width, even_height, has_sound;
  std::int64_t held_back = 0;  ///< pictures that are not in the file before the next one comes
};

inline const std::vector<VideoFormat>& video_formats() {
  static const std::vector<VideoFormat> formats = {
      {"mp4", ".mp4", "h264", "yuv420p", 1.5, true, true, true},
      {"webm", ".webm", "vp9", "yuv420p", 2.0, true, true, true},
      {"prores", ".mov", "prores", "yuv422p10le", 1.0, true, false, true},
      {"prores4444", ".mov", "prores", "yuv444p12le", 1.0, false, false, true},
      {"gif", ".gif", "gif", "bgra", 6.0, false, false, false, 1},
      {"lossless", ".mkv", "ffv1", "bgr0", 0.001, false, false, true},
  };
  return formats;
}

/// Sinks in a folder of the test's own.
class WithVideo : public InScratch {
 protected:
  using Changes = std::map<std::string, std::string>;

  WithVideo() : host_(host_options()), pictures_(plugins(), host_) {}

  std::shared_ptr<OutputSink> sink(const Changes& changes = {}, const fs::path& folder = "out",
                                   double frames_per_second = 12, const std::string& name = "video_file",
                                   std::int64_t saved = 0, std::int64_t early = 0) {
    const PluginFile& plugin = plugins().find(OutputSink::kKind, name);
    Settings params = default_params(plugin);
    for (const auto& [setting, text] : changes) {
      const SettingValue* old = params.find(setting);
      if (!old) continue;  // another sink's
      SettingValue value;
      EXPECT_EQ(convert(old->spec, RawValue::scalar(text, false), value), "") << setting;
      params.set(setting, value);
    }
    return create<OutputSink>(plugin, host_, params, {folder, "hill", frames_per_second, "{}", saved, early});
  }

  /// A whole video of smooth pictures.
  fs::path video(const Changes& changes, std::int64_t width, std::int64_t height, std::int64_t frames,
                 double frames_per_second = 12) {
    const auto it = sink(changes, "out", frames_per_second);
    fs::path file;
    for (std::int64_t number = 1; number <= frames; ++number)
      file = it->write(smooth_picture(width, height, number), number);
    it->close();
    return file;
  }

  engine::HostServices host_;
  media::Pictures pictures_;
};

}  // namespace reverie::test
