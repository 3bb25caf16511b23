/// A file's sound by FFmpeg's libraries, as one channel of 16 bits at 44.1 kHz.

#include "audio/sound_reader.h"

extern "C" {
#include <libavutil/channel_layout.h>
#include <libswresample/swresample.h>
}

#include <algorithm>

#include "audio/sound_file.h"
#include "reverie/error.h"
#include "sound_stream.h"

namespace reverie {
namespace {

// 1.3 GB. A file of some kilobytes may hold hours of silence.
constexpr std::size_t kMostSamples = std::size_t{2} * 3600 * kSoundRate;

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
    std::transform(buffer_.begin(), buffer_.begin() + std::max(made, 0), std::back_inserter(samples),
                   [](std::int16_t sample) { return static_cast<float>(sample) / 32768; });
  }

  std::unique_ptr<SwrContext, FreeResampler> context_;
  int rate_ = 0, format_ = 0, channels_ = 0;
  std::vector<std::int16_t> buffer_;
};

std::vector<float> read(const std::filesystem::path& path, std::vector<std::string>& notices) {
  const auto fail = [&](const std::string& what, const std::string& advice) {
    return Error(ErrorKind::file, "'" + path.string() + "' " + what, advice);
  };
  const auto too_long = [&] { return fail("is longer than 2 hours", "cut it to what is needed"); };
  SoundStream sound(path);
  constexpr double kMostSeconds = static_cast<double>(kMostSamples) / kSoundRate;
  if (sound.seconds() > kMostSeconds) throw too_long();
  Resampler resampler;
  std::vector<float> samples;
  samples.reserve(static_cast<std::size_t>(sound.seconds() * kSoundRate) + kSoundRate);
  for (bool ended = false; !ended;) {
    const FramePtr frame = sound.next();
    if (sound.silence_left() > kMostSeconds) throw too_long();
    ended = !frame;
    try {
      resampler.add(frame.get(), samples);
    } catch (const Error& error) {
      throw fail(error.what(), "");
    }
    if (samples.size() > kMostSamples) throw too_long();
  }
  const std::string& damage = sound.damage();
  if (samples.empty())
    throw fail("holds no sound that can be decoded" + (damage.empty() ? "" : ": " + damage),
               "convert it to WAV, FLAC or MP3");
  if (!sound.notice().empty()) notices.push_back(sound.notice());
  return samples;
}

}  // namespace

extern "C" REVERIE_PUBLIC std::vector<float> reverie_read_sound(const std::filesystem::path& path,
                                                                std::vector<std::string>& notices) {
  listen_to_ffmpeg();
  return read(path, notices);
}

static_assert(std::is_same_v<decltype(reverie_read_sound), ReadSound>);

}  // namespace reverie
