/// A file's sound by FFmpeg's libraries, as one channel of 16 bits at 44.1 kHz.

#include "audio/sound_reader.h"

extern "C" {
#include <libavutil/channel_layout.h>
#include <libswresample/swresample.h>
}

#include "audio/sound_file.h"
#include "handles.h"
#include "reverie/error.h"

namespace reverie {
namespace {

constexpr std::size_t kMostSamples = std::size_t{6} * 3600 * kSoundRate;
constexpr const char* kConvert = "convert it to WAV, FLAC or MP3";

struct FreeResampler {
  void operator()(SwrContext* context) const { swr_free(&context); }
};

/// Makes samples of any kind ours.
class Resampler {
 public:
  /// Null stands for the end.
  void add(const AVFrame* frame, std::vector<float>& samples) {
    if (!frame || !fits(*frame)) {
      convert(nullptr, 0, samples);  // what the resampler still holds
      context_.reset();
    }
    if (!frame) return;
    if (!context_) open(*frame);
    convert(const_cast<const std::uint8_t**>(frame->extended_data), frame->nb_samples, samples);
  }

 private:
  bool fits(const AVFrame& frame) const {
    return frame.sample_rate == rate_ && frame.format == format_ && frame.ch_layout.nb_channels == channels_;
  }

  void open(const AVFrame& frame) {
    rate_ = frame.sample_rate;
    format_ = frame.format;
    channels_ = frame.ch_layout.nb_channels;
    AVChannelLayout layout = frame.ch_layout;  // nothing in it is owned
    if (layout.order == AV_CHANNEL_ORDER_UNSPEC) av_channel_layout_default(&layout, channels_);
    AVChannelLayout mono = AV_CHANNEL_LAYOUT_MONO;
    SwrContext* context = nullptr;
    int result = swr_alloc_set_opts2(&context, &mono, AV_SAMPLE_FMT_S16, kSoundRate, &layout,
                                     static_cast<AVSampleFormat>(format_), rate_, 0, nullptr);
    context_.reset(context);
    if (result >= 0) result = swr_init(context);
    if (result < 0)
      throw Error(ErrorKind::file, "its " + std::to_string(channels_) + " channels at " +
                                       std::to_string(rate_) +
                                       " Hz cannot be mixed to one: " + reason(result));
  }

  void convert(const std::uint8_t** data, int count, std::vector<float>& samples) {
    if (!context_) return;
    const int room = swr_get_out_samples(context_.get(), count);
    buffer_.resize(static_cast<std::size_t>(std::max(room, 1)));
    auto* out = reinterpret_cast<std::uint8_t*>(buffer_.data());
    const int made = swr_convert(context_.get(), &out, static_cast<int>(buffer_.size()), data, count);
    for (int i = 0; i < made; ++i)
      samples.push_back(static_cast<float>(buffer_[static_cast<std::size_t>(i)]) / 32768);
  }

  std::unique_ptr<SwrContext, FreeResampler> context_;
  int rate_ = 0, format_ = 0, channels_ = 0;
  std::vector<std::int16_t> buffer_;
};

class SoundFile {
 public:
  explicit SoundFile(const std::filesystem::path& path) : path_(path) {
    open_format();
    open_decoder();
  }

  std::vector<float> read(std::vector<std::string>& notices) {
    std::vector<float> samples;
    // Players go on behind a damaged part, and songs often end in tags that are taken for sound.
    std::string damage;
    const FramePtr frame = new_frame();
    for (bool ended = false; !ended;) {
      ended = !feed(damage);
      int result;
      while ((result = avcodec_receive_frame(decoder_.get(), frame.get())) >= 0) {
        try {
          resampler_.add(frame.get(), samples);
        } catch (const Error& error) {
          fail(error.what());
        }
        if (samples.size() > kMostSamples) fail("is longer than 6 hours", "cut it to what is needed");
      }
      if (result != AVERROR(EAGAIN) && result != AVERROR_EOF) damaged(result, damage);
    }
    resampler_.add(nullptr, samples);
    if (samples.empty())
      fail("holds no sound that can be decoded" + (damage.empty() ? "" : ": " + damage), kConvert);
    if (!damage.empty())
      notices.push_back("parts of the sound '" + path_.string() +
                        "' cannot be decoded and are left out: " + damage);
    return samples;
  }

 private:
  [[noreturn]] void fail(const std::string& what, const std::string& advice = {}) const {
    throw Error(ErrorKind::file, "'" + path_.string() + "' " + what, advice);
  }

  static void damaged(int result, std::string& damage) {
    if (damage.empty()) damage = reason(result);
    forget_complaints();
  }

  void open_format() {
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

  void open_decoder() {
    const AVCodec* codec = nullptr;
    stream_ = av_find_best_stream(format_.get(), AVMEDIA_TYPE_AUDIO, -1, -1, &codec, 0);
    if (stream_ == AVERROR_DECODER_NOT_FOUND)
      fail("holds sound of a kind that this FFmpeg cannot decode", kConvert);
    if (stream_ < 0) fail("holds no sound: it is " + std::string(format_->iformat->long_name));
    for (unsigned i = 0; i < format_->nb_streams; ++i)
      if (static_cast<int>(i) != stream_) format_->streams[i]->discard = AVDISCARD_ALL;
    const AVStream& stream = *format_->streams[stream_];
    decoder_.reset(avcodec_alloc_context3(codec));
    if (!decoder_ || avcodec_parameters_to_context(decoder_.get(), stream.codecpar) < 0)
      throw std::bad_alloc();
    decoder_->pkt_timebase = stream.time_base;
    decoder_->thread_count = 1;
    forget_complaints();
    const int result = avcodec_open2(decoder_.get(), codec, nullptr);
    if (result < 0) fail("cannot be decoded: " + reason(result), kConvert);
  }

  /// Gives the decoder the next packet. False when that was the end.
  bool feed(std::string& damage) {
    const PacketPtr packet = new_packet();
    int result;
    do {
      av_packet_unref(packet.get());
      result = av_read_frame(format_.get(), packet.get());
    } while (result == AVERROR(EAGAIN) || (result >= 0 && packet->stream_index != stream_));
    const bool ended = result < 0;
    if (ended && (result != AVERROR_EOF || io_->error))
      damaged(result == AVERROR_EOF ? io_->error : result, damage);
    result = avcodec_send_packet(decoder_.get(), ended ? nullptr : packet.get());
    if (result < 0 && result != AVERROR_EOF) damaged(result, damage);
    return !ended;
  }

  std::filesystem::path path_;
  IoPtr io_;
  FormatPtr format_;  // closed before what it reads from
  DecoderPtr decoder_;
  int stream_ = -1;
  Resampler resampler_;
};

}  // namespace

extern "C" REVERIE_PUBLIC std::vector<float> reverie_read_sound(const std::filesystem::path& path,
                                                                std::vector<std::string>& notices) {
  listen_to_ffmpeg();
  return SoundFile(path).read(notices);
}

static_assert(std::is_same_v<decltype(reverie_read_sound), ReadSound>);

}  // namespace reverie
