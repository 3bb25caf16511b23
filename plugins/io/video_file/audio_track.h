#pragma once
// A sound file's samples from an offset on, encoded for a video.

extern "C" {
#include <libswresample/swresample.h>
}

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "encoder.h"
#include "filter_graph.h"
#include "sound_stream.h"

namespace reverie::video_file {

class AudioTrack {
 public:
  static constexpr int kRate = 48000;  ///< samples a second of what is encoded

  /// Begins with `silence` seconds of nothing, and then `skipped` seconds behind the file's beginning. One
  /// channel stays one, all others become two. Only `file` is read. Throws Error(file) when it holds no sound
  /// that FFmpeg decodes.
  ///
  /// `warn` is called for the first gap or damaged part.
  AudioTrack(std::function<void(const std::string&)> warn, const std::filesystem::path& file, double skipped,
             double silence, const Format& format, bool global_header);

  /// Whether nothing is left behind what was skipped.
  bool is_empty() const { return !next_; }
  const AVCodecContext& encoder() const { return encoder_->context(); }
  int samples_at_once() const;

  /// Goes on encoding until all samples before `until` are in, and, to fill an encoder's frame, perhaps a few
  /// more, but none from `limit` on. What is not there is left out: the sound may end before the video.
  void encode(std::int64_t until, std::int64_t limit, const TakePacket& take);

 private:
  struct FreeResampler {
    void operator()(SwrContext* context) const { swr_free(&context); }
  };
  ffmpeg::FramePtr decode();
  ffmpeg::FramePtr like_first(ffmpeg::FramePtr frame);
  ffmpeg::FramePtr read();

  std::function<void(const std::string&)> warn_;
  ffmpeg::SoundStream sound_;
  bool warned_ = false;
  ffmpeg::FramePtr first_;  ///< whose rate, channels and samples the graph takes
  std::unique_ptr<SwrContext, FreeResampler> resampler_;  ///< for pieces of another kind
  std::unique_ptr<FilterGraph> graph_;
  std::unique_ptr<Encoder> encoder_;
  ffmpeg::FramePtr next_;      ///< read, but not encoded
  std::int64_t position_ = 0;  ///< samples encoded
  bool ended_ = false;
};

}  // namespace reverie::video_file
