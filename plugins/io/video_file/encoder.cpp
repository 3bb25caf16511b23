#include "encoder.h"

#include "reverie/error.h"

namespace reverie::video_file {

const AVCodec* find_encoder(const Codec& codec) {
  if (const AVCodec* found = avcodec_find_encoder_by_name(codec.encoder)) return found;
  throw Error(ErrorKind::unsupported,
              "this FFmpeg has no encoder for " + std::string(codec.called) + " ('" + codec.encoder + "')",
              "install FFmpeg's libraries built with it, as those of Debian and of RPM Fusion are, or choose "
              "another format");
}

ParametersPtr parameters_of(const AVCodecContext& encoder) {
  ParametersPtr parameters(avcodec_parameters_alloc());
  if (!parameters || avcodec_parameters_from_context(parameters.get(), &encoder) < 0) throw std::bad_alloc();
  return parameters;
}

Encoder::Encoder(const Codec& codec, bool global_header, const std::function<void(AVCodecContext&)>& prepare)
    : called_(codec.called) {
  const AVCodec* kind = find_encoder(codec);
  context_.reset(avcodec_alloc_context3(kind));
  if (!context_) throw std::bad_alloc();
  context_->thread_count = 1;
  context_->flags |= AV_CODEC_FLAG_BITEXACT | (global_header ? AV_CODEC_FLAG_GLOBAL_HEADER : 0);
  prepare(*context_);
  ffmpeg::forget_complaints();
  AVDictionary* options = nullptr;
  int result = av_dict_parse_string(&options, codec.options, "=", ":", 0);
  if (result >= 0) result = avcodec_open2(context_.get(), kind, &options);
  const AVDictionaryEntry* unknown = av_dict_get(options, "", nullptr, AV_DICT_IGNORE_SUFFIX);
  const std::string leftover = unknown ? unknown->key : "";
  av_dict_free(&options);
  if (result < 0)
    throw Error(ErrorKind::plugin,
                "the encoder for " + std::string(called_) + " cannot be used: " + ffmpeg::reason(result));
  if (!leftover.empty())
    throw Error(ErrorKind::plugin, "the encoder for " + std::string(called_) +
                                       " of this FFmpeg has no option '" + leftover + "'");
}

void Encoder::encode(const AVFrame* frame, const TakePacket& take) {
  ffmpeg::forget_complaints();
  int result = avcodec_send_frame(context_.get(), frame);
  for (ffmpeg::PacketPtr packet = ffmpeg::new_packet(); result >= 0; av_packet_unref(packet.get())) {
    result = avcodec_receive_packet(context_.get(), packet.get());
    if (result == AVERROR(EAGAIN) || result == AVERROR_EOF) return;
    if (result >= 0) take(*packet);
  }
  throw Error(ErrorKind::plugin, "encoding " + std::string(called_) + " failed: " + ffmpeg::reason(result));
}

}  // namespace reverie::video_file
