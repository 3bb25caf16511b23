#pragma once
// Encoders: frames in, packets out.

#include <functional>

#include "formats.h"
#include "handles.h"

namespace reverie::video_file {

using TakePacket = std::function<void(AVPacket&)>;

class Encoder {
 public:
  /// Fills in what `codec` names; the rest of the context is for `prepare`. One thread, and nothing in the
  /// result that depends on the machine or the time. Throws Error(unsupported) where FFmpeg has no such
  /// encoder, and Error(plugin) when it does not take the context.
  Encoder(const Codec& codec, bool global_header, const std::function<void(AVCodecContext&)>& prepare);

  /// Null: there are no more frames.
  void encode(const AVFrame* frame, const TakePacket& take);

  const AVCodecContext& context() const { return *context_; }

 private:
  ffmpeg::DecoderPtr context_;
  const char* called_;
};

struct FreeParameters {
  void operator()(AVCodecParameters* parameters) const { avcodec_parameters_free(&parameters); }
};
using ParametersPtr = std::unique_ptr<AVCodecParameters, FreeParameters>;

/// What a container has to know of an encoder.
ParametersPtr parameters_of(const AVCodecContext& encoder);

/// Throws Error(unsupported) where FFmpeg has no such encoder.
const AVCodec* find_encoder(const Codec& codec);

}  // namespace reverie::video_file
