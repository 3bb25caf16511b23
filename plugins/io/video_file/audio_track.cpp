#include "audio_track.h"

extern "C" {
#include <libavutil/channel_layout.h>
}

#include <cmath>

#include "reverie/error.h"

namespace reverie {
namespace {

std::string described(const AVChannelLayout& layout) {
  AVChannelLayout known = layout;  // nothing in it is owned: it is either native or made here
  if (layout.order != AV_CHANNEL_ORDER_NATIVE) av_channel_layout_default(&known, layout.nb_channels);
  char text[64] = "";
  av_channel_layout_describe(&known, text, sizeof text);
  return text;
}

}  // namespace

void AudioTrack::fail(const std::string& what, const std::string& advice) const {
  throw Error(ErrorKind::file, "the sound '" + file_.string() + "' " + what, advice);
}

AudioTrack::AudioTrack(Host& host, const std::filesystem::path& file, double skipped, double silence,
                       const Format& format, bool global_header)
    : host_(host), file_(file) {
  open_file();
  const FramePtr first = decode();
  if (!first) fail("holds no sound");
  const std::string layout = described(first->ch_layout);
  const auto samples = [](double seconds, int rate) { return std::to_string(std::llround(seconds * rate)); };
  // Samples count from the first one, whatever times the file gives them.
  graph_ = std::make_unique<FilterGraph>(
      "abuffer@in=time_base=1/" + std::to_string(first->sample_rate) +
          ":sample_rate=" + std::to_string(first->sample_rate) + ":sample_fmt=" +
          av_get_sample_fmt_name(static_cast<AVSampleFormat>(first->format)) + ":channel_layout=" + layout +
          ",asetpts=N/SR/TB,atrim=start_sample=" + samples(skipped, first->sample_rate) +
          ",asetpts=N/SR/TB,aresample=" + std::to_string(kRate) + ",adelay=" + samples(silence, kRate) +
          "S:all=1"
          ",aformat=sample_fmts=" +
          av_get_sample_fmt_name(format.samples) +
          ":channel_layouts=" + (first->ch_layout.nb_channels == 1 ? "mono" : "stereo") + ",abuffersink@out",
      "abuffer@in", "abuffersink@out");
  encoder_ = std::make_unique<Encoder>(format.sound, global_header, [&](AVCodecContext& context) {
    context.sample_rate = kRate;
    context.sample_fmt = format.samples;
    av_channel_layout_default(&context.ch_layout, first->ch_layout.nb_channels == 1 ? 1 : 2);
    context.time_base = {1, kRate};
    context.bit_rate = format.bit_rate;
    if (format.samples == AV_SAMPLE_FMT_S32) context.bits_per_raw_sample = 24;
  });
  graph_->push(first.get());
  next_ = read();
}

int AudioTrack::samples_at_once() const { return encoder().frame_size > 0 ? encoder().frame_size : 1024; }

void AudioTrack::open_file() {
  forget_complaints();
  AVIOContext* io = nullptr;
  if (const int result =
          avio_open2(&io, ("file:" + file_.string()).c_str(), AVIO_FLAG_READ, nullptr, nullptr);
      result < 0)
    fail("cannot be read: " + reason(result));
  io_.reset(io);
  AVFormatContext* input = avformat_alloc_context();
  if (!input) throw std::bad_alloc();
  input->pb = io_.get();
  // A playlist may name any file or address; none may be opened.
  AVDictionary* options = nullptr;
  av_dict_set(&options, "protocol_whitelist", "none", 0);
  int result = avformat_open_input(&input, "", nullptr, &options);  // frees `input` when it fails
  av_dict_free(&options);
  if (result < 0) fail("cannot be read: " + reason(result), "convert it to WAV or FLAC");
  input_.reset(input);
  result = avformat_find_stream_info(input_.get(), nullptr);
  const AVCodec* codec = nullptr;
  if (result >= 0) result = av_find_best_stream(input_.get(), AVMEDIA_TYPE_AUDIO, -1, -1, &codec, 0);
  if (result < 0) fail("holds no sound that FFmpeg can decode");
  stream_ = result;
  for (unsigned i = 0; i < input_->nb_streams; ++i)
    if (static_cast<int>(i) != stream_) input_->streams[i]->discard = AVDISCARD_ALL;
  decoder_.reset(avcodec_alloc_context3(codec));
  if (!decoder_ || avcodec_parameters_to_context(decoder_.get(), input_->streams[stream_]->codecpar) < 0)
    throw std::bad_alloc();
  decoder_->pkt_timebase = input_->streams[stream_]->time_base;
  decoder_->thread_count = 1;
  if (result = avcodec_open2(decoder_.get(), codec, nullptr); result < 0)
    fail("cannot be decoded: " + reason(result));
}

/// The next piece of the file; null at the end.
FramePtr AudioTrack::decode() {
  FramePtr frame = new_frame();
  const PacketPtr packet = new_packet();
  for (;;) {
    int result = avcodec_receive_frame(decoder_.get(), frame.get());
    if (result >= 0) return frame;
    if (result == AVERROR_EOF || drained_) return nullptr;
    av_packet_unref(packet.get());
    do {
      result = av_read_frame(input_.get(), packet.get());
    } while (result >= 0 && packet->stream_index != stream_);
    if (result < 0 && result != AVERROR_EOF) fail("cannot be read to its end: " + reason(result));
    drained_ = result == AVERROR_EOF;
    result = avcodec_send_packet(decoder_.get(), drained_ ? nullptr : packet.get());
    // Songs often end in tags that are taken for sound; players pass over them, too.
    if (result < 0 && !std::exchange(warned_, true))
      host_.log(LogLevel::warning, "parts of the sound '" + file_.string() + "' cannot be decoded");
  }
}

/// As many samples as the encoder takes at once, or the last; null behind them.
FramePtr AudioTrack::read() {
  for (;;) {
    FramePtr frame = graph_->pull(samples_at_once());
    if (frame || graph_->ended()) return frame;
    graph_->push(decode().get());
  }
}

void AudioTrack::encode(std::int64_t until, std::int64_t limit, const TakePacket& take) {
  while (!ended_ && position_ < until) {
    if (next_ && position_ < limit) {
      next_->nb_samples = static_cast<int>(std::min<std::int64_t>(next_->nb_samples, limit - position_));
      next_->pts = position_;
      position_ += next_->nb_samples;
      encoder_->encode(next_.get(), take);
      next_ = read();
    }
    ended_ = !next_ || position_ >= limit;
    if (ended_) encoder_->encode(nullptr, take);
  }
}

}  // namespace reverie
