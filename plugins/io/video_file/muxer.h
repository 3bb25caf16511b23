#pragma once
// Writes packets of pictures into a file, with the sound that belongs to them.

#include <filesystem>

#include "audio_track.h"
#include "encoder.h"

namespace reverie::video_file {

class Muxer {
 public:
  /// Creates `file`. `options` are the container's. Pictures are `rate` a second, and `around`:
  /// equirectangular; `sound` may be null, and ends with picture `frames`.
  Muxer(const std::filesystem::path& file, const Format& format, const char* options,
        const AVCodecParameters& video, AVRational rate, bool around, std::unique_ptr<AudioTrack> sound,
        std::int64_t frames);

  /// The next picture. The sound that it takes comes before it.
  void write(AVPacket& picture);
  /// Whatever was written is in the file, and the file can be played.
  void flush();
  /// Writes what belongs at the end, and closes the file.
  void complete();

  // All throw Error(file) when the disk refuses.

 private:
  void check(int result);
  void write_packet(AVPacket& packet, int stream, AVRational time_base);
  void write_sound(std::int64_t frames);
  std::int64_t samples_before(std::int64_t frame) const;

  struct Free {
    void operator()(AVFormatContext* output) const;
  };
  std::filesystem::path file_;
  std::unique_ptr<AVFormatContext, Free> output_;
  AVRational rate_;
  std::unique_ptr<AudioTrack> sound_;
  std::int64_t limit_;  ///< of the sound, in its samples
  std::int64_t frames_ = 0;
};

/// Whether encoders have to leave their headers to the container.
bool wants_global_headers(const Format& format);

}  // namespace reverie::video_file
