#include "sound_stream.h"

#include <new>

#include "reverie/error.h"

namespace reverie {
namespace {

constexpr const char* kConvert = "convert it to WAV, FLAC or MP3";

}  // namespace

SoundStream::SoundStream(const std::filesystem::path& path) : path_(path) {
  open_format();
  open_decoder();
}

void SoundStream::fail(const std::string& what, const std::string& advice) const {
  throw Error(ErrorKind::file, "'" + path_.string() + "' " + what, advice);
}

void SoundStream::open_format() {
  forget_complaints();
  AVIOContext* io = nullptr;
  int result = avio_open2(&io, ("file:" + path_.string()).c_str(), AVIO_FLAG_READ, nullptr, nullptr);
  if (result < 0) fail("cannot be read: " + reason(result));
  io_.reset(io);
  AVFormatContext* format = avformat_alloc_context();
  if (!format) throw std::bad_alloc();
  format->pb = io;
  // A playlist may name any file or address; none may be opened.
  AVDictionary* options = nullptr;
  av_dict_set(&options, "protocol_whitelist", "none", 0);
  // By its content; where that is not enough, as with a large picture before an MP3's sound, by its name.
  result = avformat_open_input(&format, path_.c_str(), nullptr, &options);  // frees `format` when it fails
  av_dict_free(&options);
  if (result < 0) fail("is no sound that can be read: " + reason(result), kConvert);
  format_.reset(format);
  result = avformat_find_stream_info(format, nullptr);
  if (result < 0) fail("cannot be read: " + reason(result), kConvert);
}

void SoundStream::open_decoder() {
  const AVCodec* codec = nullptr;
  stream_ = av_find_best_stream(format_.get(), AVMEDIA_TYPE_AUDIO, -1, -1, &codec, 0);
  if (stream_ == AVERROR_DECODER_NOT_FOUND)
    fail("holds sound of a kind that this FFmpeg cannot decode", kConvert);
  if (stream_ < 0) fail("holds no sound: it is " + std::string(format_->iformat->long_name));
  for (unsigned i = 0; i < format_->nb_streams; ++i)
    if (static_cast<int>(i) != stream_) format_->streams[i]->discard = AVDISCARD_ALL;
  const AVStream& stream = *format_->streams[stream_];
  decoder_.reset(avcodec_alloc_context3(codec));
  if (!decoder_ || avcodec_parameters_to_context(decoder_.get(), stream.codecpar) < 0) throw std::bad_alloc();
  decoder_->pkt_timebase = stream.time_base;
  decoder_->thread_count = 1;
  forget_complaints();
  const int result = avcodec_open2(decoder_.get(), codec, nullptr);
  if (result < 0) fail("cannot be decoded: " + reason(result), kConvert);
}

FramePtr SoundStream::next() {
  FramePtr frame = new_frame();
  for (;;) {
    const int result = avcodec_receive_frame(decoder_.get(), frame.get());
    if (result >= 0) return frame;
    if (result != AVERROR(EAGAIN) && result != AVERROR_EOF) damaged(result);
    if (drained_) return nullptr;
    feed();
  }
}

/// Gives the decoder the next packet, or the end.
void SoundStream::feed() {
  const PacketPtr packet = new_packet();
  int result;
  do {
    av_packet_unref(packet.get());
    result = av_read_frame(format_.get(), packet.get());
  } while (result == AVERROR(EAGAIN) || (result >= 0 && packet->stream_index != stream_));
  drained_ = result < 0;
  if (drained_ && (result != AVERROR_EOF || io_->error)) damaged(result == AVERROR_EOF ? io_->error : result);
  result = avcodec_send_packet(decoder_.get(), drained_ ? nullptr : packet.get());
  if (result < 0 && result != AVERROR_EOF) damaged(result);
}

void SoundStream::damaged(int error) {
  if (damage_.empty()) damage_ = reason(error);
  forget_complaints();
}

}  // namespace reverie
