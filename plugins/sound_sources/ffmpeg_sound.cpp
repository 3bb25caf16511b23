/// FFmpeg sound: the sound of every kind of file that FFmpeg's libraries decode, rounded to 16 bits.

extern "C" {
#include <libavutil/channel_layout.h>
#include <libswresample/swresample.h>
}

#include <algorithm>
#include <iterator>

#include "reverie/plugin.h"
#include "reverie/sound_source.h"
#include "sound_stream.h"

namespace reverie::ffmpeg {
namespace {

// A file of some kilobytes may hold hours of silence.
constexpr double kMostSeconds = 2 * 3600;

struct FreeResampler {
  void operator()(SwrContext* context) const { swr_free(&context); }
};

/// Makes samples of any kind ours.
class Resampler {
 public:
  explicit Resampler(int wanted_rate) : wanted_rate_(wanted_rate) {}

  /// What can be said of the sound up to this piece; null stands for the end.
  std::vector<float> add(const AVFrame* frame) {
    samples_.clear();
    if (!frame || !fits(*frame)) {
      convert(nullptr, 0);  // what the resampler still holds
      context_.reset();
    }
    if (!frame) return std::move(samples_);
    if (!context_) open(*frame);
    convert(const_cast<const std::uint8_t**>(frame->extended_data), frame->nb_samples);
    return std::move(samples_);
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
    int result = swr_alloc_set_opts2(&context, &mono, AV_SAMPLE_FMT_S16, wanted_rate_, &layout,
                                     static_cast<AVSampleFormat>(format_), rate_, 0, nullptr);
    context_.reset(context);
    if (result >= 0) result = swr_init(context);
    if (result < 0)
      throw Error(ErrorKind::file, "its " + std::to_string(channels_) + " channels at " +
                                       std::to_string(rate_) +
                                       " Hz cannot be mixed to one: " + reason(result));
  }

  void convert(const std::uint8_t** data, int count) {
    if (!context_) return;
    const int room = swr_get_out_samples(context_.get(), count);
    buffer_.resize(static_cast<std::size_t>(std::max(room, 1)));
    auto* out = reinterpret_cast<std::uint8_t*>(buffer_.data());
    const int made = swr_convert(context_.get(), &out, static_cast<int>(buffer_.size()), data, count);
    std::transform(buffer_.begin(), buffer_.begin() + std::max(made, 0), std::back_inserter(samples_),
                   [](std::int16_t sample) { return static_cast<float>(sample) / 32768; });
  }

  int wanted_rate_;
  std::unique_ptr<SwrContext, FreeResampler> context_;
  int rate_ = 0, format_ = 0, channels_ = 0;
  std::vector<std::int16_t> buffer_;
  std::vector<float> samples_;
};

class FfmpegSound final : public SoundSource {
 public:
  /// By its content.
  static bool accepts(const std::filesystem::path& path) {
    try {
      opened(path);
      return true;
    } catch (const Error&) {
      return false;
    }
  }

  FfmpegSound(Host&, const Params&, const Setup& setup)
      : path_(setup.path), rate_(setup.rate), resampler_(setup.rate), sound_(opened(setup.path)) {
    if (sound_.seconds() > kMostSeconds) throw too_long();
  }

  std::vector<float> next() override {
    while (!ended_) {
      const FramePtr frame = sound_.next();
      if (sound_.silence_left() > kMostSeconds) throw too_long();
      ended_ = !frame;
      std::vector<float> samples;
      try {
        samples = resampler_.add(frame.get());
      } catch (const Error& error) {
        throw fail(error.what(), "");
      }
      count_ += samples.size();
      if (static_cast<double>(count_) > kMostSeconds * rate_) throw too_long();
      if (ended_ && count_ == 0)
        throw fail(
            "holds no sound that can be decoded" + (sound_.damage().empty() ? "" : ": " + sound_.damage()),
            "convert it to WAV, FLAC or MP3");
      if (!samples.empty()) return samples;
    }
    return {};
  }

  std::vector<std::string> notices() const override {
    if (sound_.notice().empty()) return {};
    return {sound_.notice()};
  }

 private:
  static SoundStream opened(const std::filesystem::path& path) {
    listen_to_ffmpeg();
    return SoundStream(path);
  }
  Error fail(const std::string& what, const std::string& advice) const {
    return Error(ErrorKind::file, "'" + path_.string() + "' " + what, advice);
  }
  Error too_long() const { return fail("is longer than 2 hours", "cut it to what is needed"); }

  std::filesystem::path path_;
  int rate_;
  Resampler resampler_;
  SoundStream sound_;
  std::size_t count_ = 0;
  bool ended_ = false;
};

}  // namespace

REVERIE_EXPORT_PLUGIN(FfmpegSound, SoundSource, "ffmpeg_sound", "1.0",
                      "sound of every kind that FFmpeg decodes", kNoParams);

}  // namespace reverie::ffmpeg
