#pragma once
// A file that FFmpeg knows, recognised by its content.

#include <filesystem>

#include "handles.h"
#include "tags.h"

namespace reverie::ffmpeg {

/// Of a picture. A file of a few hundred kilobytes may claim a thousand times as many, and is believed before
/// it can be seen to hold them: 8192 x 8192 take 0.8 GB as colours.
inline constexpr std::int64_t kMostPixels = std::int64_t{1} << 26;
inline constexpr const char* kSmaller =
    "pictures and videos may have up to 67 million pixels (8192x8192); make it smaller";

/// Nothing but this file is read: playlists and their like, which name others, are errors.
class MediaFile {
 public:
  /// Throws Error(file): there is no such file, it is a folder, empty, of no known format, or holds no
  /// pictures.
  explicit MediaFile(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  AVFormatContext& format() const { return *format_; }
  AVStream& stream() const { return *stream_; }  ///< the pictures

  /// The file is one picture and nothing else.
  bool is_still() const { return still_; }
  /// All bytes of a still. Throws Error(file).
  PacketPtr whole() const;

  /// For the pictures' codec, opened. Throws Error(unsupported) when this FFmpeg has none.
  DecoderPtr open_decoder() const;

 private:
  void find_stream();
  int largest_stream() const;
  void refuse_misread(Bytes file) const;
  std::filesystem::path path_;
  IoPtr io_;
  FormatPtr format_;  // closed before what it reads from
  AVStream* stream_ = nullptr;
  bool still_ = false;
};

}  // namespace reverie::ffmpeg
