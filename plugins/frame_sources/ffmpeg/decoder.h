#pragma once
// A file's frames in the order in which they are shown.

#include <optional>

#include "media_file.h"

namespace reverie::ffmpeg {

class FrameDecoder {
 public:
  /// Throws Error(file) when the file cannot be read.
  explicit FrameDecoder(const std::filesystem::path& path) : file_(path), decoder_(file_.open_decoder()) {}

  const MediaFile& file() const { return file_; }

  /// The next frame; null at the end. `index` is what messages call it.
  /// Throws Error(file) when the frame is damaged; after that only seek() is allowed.
  FramePtr next(std::int64_t index);

  /// Whether a packet met so far has missing bytes by its flags. Such a packet may still decode completely,
  /// as the last one does where recordings are joined.
  bool doubtful() const { return doubtful_; }

  /// Goes to a key frame shown at `timestamp` or before. False when the file does not allow it.
  bool seek(std::int64_t timestamp);

 private:
  bool feed(std::int64_t index);
  [[noreturn]] void damaged(std::int64_t index, const std::string& why) const;

  MediaFile file_;
  DecoderPtr decoder_;
  bool started_ = false, drained_ = false, rgb_ = false, doubtful_ = false;
  int skipped_ = 0;  // packets before the first key frame
};

}  // namespace reverie::ffmpeg
