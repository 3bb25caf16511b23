#include "audio_track.h"

extern "C" {
#include <libavutil/channel_layout.h>
}

#include <cmath>
#include <utility>

#include "reverie/error.h"

namespace reverie::video_file {
namespace {

std::string described(const AVChannelLayout& layout) {
  AVChannelLayout known = layout;  // nothing in it is owned: it is either native or made here
  if (layout.order != AV_CHANNEL_ORDER_NATIVE) av_channel_layout_default(&known, layout.nb_channels);
  char text[64] = "";
  av_channel_layout_describe(&known, text, sizeof text);
  return text;
}

}  // namespace

AudioTrack::AudioTrack(std::function<void(const std::string&)> warn, const std::filesystem::path& file,
                       double skipped, double silence, const Format& format, bool global_header)
    : warn_(std::move(warn)), sound_(file) {
  ffmpeg::FramePtr first = decode();
  if (!first) throw Error(ErrorKind::file, "'" + file.string() + "' holds no sound that can be decoded");
  const std::string layout = described(first->ch_layout);
  const auto samples = [](double seconds, int rate) { return std::to_string(std::llround(seconds * rate)); };
  // The pieces follow each other without a break; SoundStream has put silence where the file has none.
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
  try {
    graph_->push(first.get());
  } catch (const Error& error) {
    throw Error(ErrorKind::file,
                "'" + file.string() + "': its " + std::to_string(first->ch_layout.nb_channels) +
                    " channels cannot be mixed to stereo: " + error.what(),
                "convert it to a file of one or two channels");
  }
  first_ = std::move(first);
  next_ = read();
}

int AudioTrack::samples_at_once() const { return encoder().frame_size > 0 ? encoder().frame_size : 1024; }

/// The next piece of the file; null at the end.
ffmpeg::FramePtr AudioTrack::decode() {
  ffmpeg::FramePtr frame = sound_.next();
  if (!sound_.notice().empty() && !std::exchange(warned_, true)) warn_(sound_.notice());
  return like_first(std::move(frame));
}

/// A filter graph takes one kind of samples, but files that were joined change theirs.
ffmpeg::FramePtr AudioTrack::like_first(ffmpeg::FramePtr frame) {
  const auto same = [](const AVFrame& a, const AVFrame& b) {
    return a.sample_rate == b.sample_rate && a.format == b.format &&
           a.ch_layout.nb_channels == b.ch_layout.nb_channels;
  };
  if (!frame || !first_ || same(*frame, *first_)) return frame;
  ffmpeg::FramePtr result = ffmpeg::new_frame();
  result->sample_rate = first_->sample_rate;
  result->format = first_->format;
  if (av_channel_layout_copy(&result->ch_layout, &first_->ch_layout) < 0) throw std::bad_alloc();
  for (AVChannelLayout* layout : {&result->ch_layout, &frame->ch_layout})
    if (layout->order == AV_CHANNEL_ORDER_UNSPEC) av_channel_layout_default(layout, layout->nb_channels);
  if (!resampler_) resampler_.reset(swr_alloc());
  if (!resampler_) throw std::bad_alloc();
  int done = swr_convert_frame(resampler_.get(), result.get(), frame.get());
  if (done == AVERROR_INPUT_CHANGED) {  // the kind changes once more
    swr_close(resampler_.get());
    done = swr_convert_frame(resampler_.get(), result.get(), frame.get());
  }
  if (done < 0)
    throw Error(ErrorKind::file,
                "the sound's channels or its rate change, and cannot be made like its beginning: " +
                    ffmpeg::reason(done),
                "convert it to WAV or FLAC");
  return result;
}

/// As many samples as the encoder takes at once, or the last; null behind them.
ffmpeg::FramePtr AudioTrack::read() {
  for (;;) {
    ffmpeg::FramePtr frame = graph_->pull(samples_at_once());
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

}  // namespace reverie::video_file
