#include "sound_stream.h"

extern "C" {
#include <libavutil/channel_layout.h>
#include <libavutil/samplefmt.h>
}

#include <algorithm>
#include <cmath>
#include <new>

#include "reverie/error.h"
#include "reverie/ordinary_file.h"

namespace reverie::ffmpeg {
namespace {

constexpr const char* kConvert = "convert it to WAV, FLAC or MP3";
// A lower rate is not sound, and would grow a thousandfold when it is resampled; of what is quicker, the
// resampler's tables would.
constexpr int kLowestRate = 1000, kHighestRate = 3'000'000;
// What is less is the rounding of time stamps, or a clock that is a little wrong.
constexpr double kShortestGap = 0.1;
// Recordings of broadcasts restart their clock: a longer gap than this is not silence there.
constexpr double kLongestGapOfBroadcasts = 10, kLongestGap = 24 * 3600;
constexpr int kSilenceAtOnce = 65536;

std::string in_seconds(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f s", seconds);
  return text;
}

}  // namespace

SoundStream::SoundStream(const std::filesystem::path& path) : path_(path) {
  open_format();
  open_decoder();
}

void SoundStream::fail(const std::string& what, const std::string& advice) const {
  throw Error(ErrorKind::file, "'" + path_.string() + "' " + what, advice);
}

void SoundStream::open_format() {
  require_ordinary_file(path_, "a sound");
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
  if (result < 0) fail("is not a sound that can be read: " + reason(result), kConvert);
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
  require_rate(stream.codecpar->sample_rate);
  if (format_->start_time != AV_NOPTS_VALUE) begin_ = static_cast<double>(format_->start_time) / AV_TIME_BASE;
  decoder_.reset(avcodec_alloc_context3(codec));
  if (!decoder_ || avcodec_parameters_to_context(decoder_.get(), stream.codecpar) < 0) throw std::bad_alloc();
  decoder_->pkt_timebase = stream.time_base;
  decoder_->thread_count = 1;
  forget_complaints();
  const int result = avcodec_open2(decoder_.get(), codec, nullptr);
  if (result < 0) fail("cannot be decoded: " + reason(result), kConvert);
}

void SoundStream::require_rate(int rate) const {
  // A rate of 0 is unknown until a piece is decoded.
  if (rate != 0 && (rate < kLowestRate || rate > kHighestRate))
    fail("has " + std::to_string(rate) + " samples a second; sound has " + std::to_string(kLowestRate) +
             " to " + std::to_string(kHighestRate),
         kConvert);
}

double SoundStream::seconds() const {
  const AVStream& stream = *format_->streams[stream_];
  if (stream.duration <= 0 || format_->duration_estimation_method == AVFMT_DURATION_FROM_BITRATE) return 0;
  return static_cast<double>(stream.duration) * av_q2d(stream.time_base);
}

double SoundStream::silence_left() const {
  return silence_ > 0 ? static_cast<double>(silence_) / waiting_->sample_rate : 0;
}

FramePtr SoundStream::next() {
  if (!waiting_) {
    waiting_ = decode();
    if (!waiting_) return nullptr;
    require_rate(waiting_->sample_rate);
    silence_ = std::llround(gap_before(*waiting_) * waiting_->sample_rate);
  }
  FramePtr piece = silence_ > 0 ? silence() : std::move(waiting_);
  position_ += static_cast<double>(piece->nb_samples) / piece->sample_rate;
  return piece;
}

/// How long it is silent before this piece, by its time stamp.
double SoundStream::gap_before(const AVFrame& frame) {
  const bool first = position_ == 0;
  if (frame.best_effort_timestamp == AV_NOPTS_VALUE) return 0;
  const double stamp =
      static_cast<double>(frame.best_effort_timestamp) * av_q2d(format_->streams[stream_]->time_base);
  const double gap = stamp - begin_ - position_;
  if (first ? gap <= 0 : std::abs(gap) < kShortestGap) return 0;
  // A clock that runs backwards was restarted, as where recordings were joined.
  const bool broadcast = format_->iformat->flags & AVFMT_TS_DISCONT;
  if (gap < 0 || gap > (broadcast && !first ? kLongestGapOfBroadcasts : kLongestGap)) {
    begin_ = stamp - position_;
    return 0;
  }
  if (notice_.empty() && !first)
    notice_ = "the sound '" + path_.string() + "' has a gap from " + in_seconds(position_) + " to " +
              in_seconds(position_ + gap) + "; such gaps are silent";
  return gap;
}

/// A piece of the silence before the one that waits.
FramePtr SoundStream::silence() {
  FramePtr piece = new_frame();
  piece->format = waiting_->format;
  piece->sample_rate = waiting_->sample_rate;
  piece->nb_samples = static_cast<int>(std::min<std::int64_t>(silence_, kSilenceAtOnce));
  if (av_channel_layout_copy(&piece->ch_layout, &waiting_->ch_layout) < 0 ||
      av_frame_get_buffer(piece.get(), 0) < 0)
    throw std::bad_alloc();
  av_samples_set_silence(piece->extended_data, 0, piece->nb_samples, piece->ch_layout.nb_channels,
                         static_cast<AVSampleFormat>(piece->format));
  silence_ -= piece->nb_samples;
  return piece;
}

FramePtr SoundStream::decode() {
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
  if (notice_.empty())
    notice_ = "parts of the sound '" + path_.string() + "' cannot be decoded and are skipped: " + damage_;
  forget_complaints();
}

}  // namespace reverie::ffmpeg
