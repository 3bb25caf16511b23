#pragma once
// A file's sound, piece by piece as FFmpeg decodes it, each piece at its time.

#include <filesystem>

#include "handles.h"

namespace reverie::ffmpeg {

class SoundStream {
 public:
  /// Only the file itself is read, whatever else it names. Throws Error(file) when it cannot be, or holds no
  /// sound that can be decoded.
  explicit SoundStream(const std::filesystem::path& path);

  /// The next piece; null at the end. The pieces follow each other without a break from the time at which the
  /// file begins: where its time stamps leave a gap, or the sound begins later than the pictures, there are
  /// pieces of silence. Players go on behind a damaged part, and songs often end in tags that are taken for
  /// sound: such parts are left out. Throws Error(file) at a sample rate that no sound has.
  FramePtr next();

  /// What should be said of the first gap or damaged part that was met; empty while there is none.
  const std::string& notice() const { return notice_; }
  /// Why the first damaged part could not be decoded, in FFmpeg's words; empty while there is none.
  const std::string& damage() const { return damage_; }

  /// How long it is, as the file says; 0 where it does not, or only the number of its bytes does.
  double seconds() const;
  /// How much of the silence that was begun is still to come, in seconds.
  double silence_left() const;

 private:
  [[noreturn]] void fail(const std::string& what, const std::string& advice = {}) const;
  void open_format();
  void open_decoder();
  FramePtr decode();
  void feed();
  void damaged(int error);
  void require_rate(int rate) const;
  double gap_before(const AVFrame& frame);
  FramePtr silence();

  std::filesystem::path path_;
  IoPtr io_;
  FormatPtr format_;  // closed before what it reads from
  DecoderPtr decoder_;
  int stream_ = -1;
  bool drained_ = false;
  std::string damage_, notice_;

  double begin_ = 0;          // the time stamp at which the file begins, in seconds
  double position_ = 0;       // seconds given out
  FramePtr waiting_;          // to come behind the silence
  std::int64_t silence_ = 0;  // samples that are left of it
};

}  // namespace reverie::ffmpeg
