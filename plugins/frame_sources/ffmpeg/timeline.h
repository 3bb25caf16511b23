#pragma once
// A video's frames by index and by time, in any order.

#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "decoder.h"
#include "reverie/host.h"

namespace reverie::ffmpeg {

/// Frames are counted while they are decoded, since no file says reliably which are shown. The way back is a
/// jump to a key frame that was met before, and is checked: each frame must come at the time it came first.
class Timeline {
 public:
  /// Throws Error(file) when the file cannot be read. Decoding ends early with an Error when the artist
  /// wants to stop.
  Timeline(Host& host, std::filesystem::path path);

  const MediaFile& file() const { return decoder_->file(); }

  /// Frame `index` in the order of display; null past the end. It lives until the next call.
  /// Throws Error(file) when it, or one on the way to it, is damaged.
  const AVFrame* frame(std::int64_t index);

  /// The frame that is shown `seconds` after the first one appeared; null past the end.
  const AVFrame* frame_at(double seconds);

  /// How many there are, once that is known.
  std::optional<std::int64_t> count() const;

  double frames_per_second() const;  ///< on average, as the file says

 private:
  struct Stamp {
    std::int64_t timestamp;  // AV_NOPTS_VALUE when the file has none
    double seconds;          // after the first frame
    bool key;
  };
  std::int64_t seen() const { return std::ssize(stamps_); }
  const AVFrame* cached(std::int64_t index) const;
  void advance();
  void remember(FramePtr frame);
  void go_to(std::int64_t index);
  bool jump(std::int64_t key);
  void restart();
  double shown_for(const AVFrame& frame) const;
  bool clock_restarted(double step) const;

  Host& host_;
  std::filesystem::path path_;
  std::unique_ptr<FrameDecoder> decoder_;
  std::vector<Stamp> stamps_;  // of all frames met so far
  double shift_ = 0;           // of the clock, where it was restarted, against the first frame's
  bool warned_ = false;
  std::optional<double> end_;         // when the last frame disappears, once it was met
  double last_duration_ = 0;          // of the last of stamps_
  std::optional<std::int64_t> next_;  // what the decoder gives next; unknown after an error
  bool jumps_work_ = true;
  std::deque<std::pair<std::int64_t, FramePtr>> cache_;
};

}  // namespace reverie::ffmpeg
