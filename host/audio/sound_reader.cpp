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

// A file of some kilobytes may hold hours of silence.
constexpr double kMostSeconds = 2 * 3600;

struct FreeResampler {
  void operator()(SwrContext* context) const { swr_free(&context); }
};

/// Makes samples of any kind ours.
class Resampler {
 public:
  /// What can be said of the sound up to this piece; null stands for the end.
  std::span<const float> add(const AVFrame* frame) {
    samples_.clear();
    if (!frame || !fits(*frame)) {
      convert(nullptr, 0);  // what the resampler still holds
      context_.reset();
    }
    if (!frame) return samples_;
    if (!context_) open(*frame);
    convert(const_cast<const std::uint8_t**>(frame->extended_data), frame->nb_samples);
    return samples_;
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

  void convert(const std::uint8_t** data, int count) {
    if (!context_) return;
    const int room = swr_get_out_samples(context_.get(), count);
    buffer_.resize(static_cast<std::size_t>(std::max(room, 1)));
    auto* out = reinterpret_cast<std::uint8_t*>(buffer_.data());
    const int made = swr_convert(context_.get(), &out, static_cast<int>(buffer_.size()), data, count);
    std::transform(buffer_.begin(), buffer_.begin() + std::max(made, 0), std::back_inserter(samples_),
                   [](std::int16_t sample) { return static_cast<float>(sample) / 32768; });
  }

  std::unique_ptr<SwrContext, FreeResampler> context_;
  int rate_ = 0, format_ = 0, channels_ = 0;
  std::vector<std::int16_t> buffer_;
  std::vector<float> samples_;
};

void read(const std::filesystem::path& path, const TakeSamples& take, std::vector<std::string>& notices) {
  const auto fail = [&](const std::string& what, const std::string& advice) {
    return Error(ErrorKind::file, "'" + path.string() + "' " + what, advice);
  };
  const auto too_long = [&] { return fail("is longer than 2 hours", "cut it to what is needed"); };
  SoundStream sound(path);
  if (sound.seconds() > kMostSeconds) throw too_long();
  Resampler resampler;
  std::size_t count = 0;
  for (bool ended = false; !ended;) {
    const FramePtr frame = sound.next();
    if (sound.silence_left() > kMostSeconds) throw too_long();
    ended = !frame;
    std::span<const float> samples;
    try {
      samples = resampler.add(frame.get());
    } catch (const Error& error) {
      throw fail(error.what(), "");
    }
    count += samples.size();
    if (static_cast<double>(count) > kMostSeconds * kSoundRate) throw too_long();
    if (!samples.empty()) take(samples);
  }
  const std::string& damage = sound.damage();
  if (count == 0)
    throw fail("holds no sound that can be decoded" + (damage.empty() ? "" : ": " + damage),
               "convert it to WAV, FLAC or MP3");
  if (!sound.notice().empty()) notices.push_back(sound.notice());
}

}  // namespace

extern "C" REVERIE_PUBLIC void reverie_hear_sound(const std::filesystem::path& path, const TakeSamples& take,
                                                  std::vector<std::string>& notices) {
  listen_to_ffmpeg();
  read(path, take, notices);
}

static_assert(std::is_same_v<decltype(reverie_hear_sound), HearSound>);

}  // namespace reverie
