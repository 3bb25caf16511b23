#pragma once
// Videos and OpenEXR files by FFmpeg's libraries, without their headers.

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "reverie/host.h"

namespace reverie::video_file {

struct VideoSetup {
  std::string format;                   ///< a choice of the parameter video_format
  std::optional<std::int64_t> quality;  ///< nothing: the format's own
  double frames_per_second;
  int bits;                     ///< what pictures are rounded to first, as their PNG files are
  std::filesystem::path audio;  ///< empty: silent
  double audio_offset;          ///< seconds into it
  std::int64_t early_frames;    ///< silent ones before it begins
  bool around = false;          ///< pictures are equirectangular, and the file says so
};

/// One video file, written while its pictures come.
class VideoWriter {
 public:
  virtual ~VideoWriter() = default;

  /// With its dot.
  virtual std::string extension() const = 0;

  /// Starts `path` with frame `first` of the run, counted from 1; also again, after an attempt that failed.
  /// Until publish(), it is called `<path>.part`.
  virtual void open(const std::filesystem::path& path, std::int64_t first) = 0;

  /// Whether the format keeps pictures with opacity.
  virtual bool takes_opacity() const = 0;

  /// Adds `image` [1, 3, H, W] 0..1, or with opacity [1, 4, H, W], on the CPU, like the first one. All have
  /// one size. When this returns, a player that opens the file shows it. Throws Error(file).
  virtual void add(const at::Tensor& image) = 0;

  /// Gives the file its name, in place of what had it before. Once.
  virtual void publish() = 0;

  /// Puts the complete file in the place of the one that grew. Throws Error(file), and leaves that one then.
  virtual void finish() = 0;
};

/// Throws Error(unsupported) when an encoder is missing, Error(file) or
/// Error(settings) when the sound cannot be used.
std::unique_ptr<VideoWriter> make_video_writer(Host& host, const VideoSetup& setup);

/// `image` [1, 3, H, W] 0..1, on the CPU, RGB as PNG files hold it, as an OpenEXR file of linear light:
/// channels R, G and B of 16-bit floats. Throws Error(unsupported) when FFmpeg cannot encode it.
std::string encode_exr(const at::Tensor& image);

}  // namespace reverie::video_file
