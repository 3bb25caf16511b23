#pragma once
// The meaning of the values of video_format.

#include <string>

extern "C" {
#include <libavutil/pixfmt.h>
#include <libavutil/samplefmt.h>
}

namespace reverie::video_file {

struct Codec {
  const char* encoder;  ///< FFmpeg's name; null: there is none
  const char* called;   ///< in messages
  const char* options;  ///< FFmpeg's, "name=value:name=value"
};

struct Format {
  const char* name;
  const char* extension;
  const char* container;
  Codec video;
  AVPixelFormat pixels;       ///< of pictures of 8 bits a channel
  AVPixelFormat deep_pixels;  ///< of pictures of 16
  /// Of pictures with opacity, both; none where the format keeps no transparency.
  AVPixelFormat pixels_with_opacity, deep_pixels_with_opacity;
  int quality, worst_quality;  ///< constant rate factors: the usual and the largest; -1: it knows none
  Codec sound;
  AVSampleFormat samples;
  int bit_rate;           ///< of the sound; 0 where it is lossless
  const char* growing;    ///< the container's options for a file that can be played while it is written
  const char* complete;   ///< and for one that is quick to open; null: the one that grew is it
  bool keeps_projection;  ///< FFmpeg writes into it that pictures are equirectangular
};

/// Throws std::out_of_range for a name that is not a choice of video_format.
const Format& format_called(const std::string& name);

}  // namespace reverie::video_file
