#pragma once
// A file's sound, piece by piece as FFmpeg decodes it.

#include <filesystem>

#include "handles.h"

namespace reverie {

class SoundStream {
 public:
  /// Only the file itself is read, whatever else it names. Throws Error(file) when it cannot be, or holds no
  /// sound that can be decoded.
  explicit SoundStream(const std::filesystem::path& path);

  /// The next piece; null at the end. Players go on behind a damaged part, and songs often end in tags that
  /// are taken for sound: such parts are left out.
  FramePtr next();

  /// Why the first of them could not be decoded, in FFmpeg's words; empty while there is none.
  const std::string& damage() const { return damage_; }

 private:
  [[noreturn]] void fail(const std::string& what, const std::string& advice = {}) const;
  void open_format();
  void open_decoder();
  void feed();
  void damaged(int error);

  std::filesystem::path path_;
  IoPtr io_;
  FormatPtr format_;  // closed before what it reads from
  DecoderPtr decoder_;
  int stream_ = -1;
  bool drained_ = false;
  std::string damage_;
};

}  // namespace reverie
