#include "timeline.h"

#include <algorithm>
#include <utility>

extern "C" {
#include <libavutil/imgutils.h>
}

namespace reverie::ffmpeg {
namespace {

constexpr std::size_t kMostCached = 8;
constexpr std::int64_t kMostCachedBytes = 256 << 20;
// Recordings of broadcasts restart their clock; no real pause is longer.
constexpr double kLongestFrameOfBroadcasts = 10;

bool is_key(const AVFrame& frame) {
#ifdef AV_FRAME_FLAG_KEY  // FFmpeg 6.1
  return frame.flags & AV_FRAME_FLAG_KEY;
#else
  return frame.key_frame != 0;
#endif
}

std::int64_t bytes_of(const AVFrame& frame) {
  return std::max(
      0, av_image_get_buffer_size(static_cast<AVPixelFormat>(frame.format), frame.width, frame.height, 1));
}

}  // namespace

Timeline::Timeline(Host& host, std::filesystem::path path)
    : host_(host), path_(std::move(path)), decoder_(std::make_unique<FrameDecoder>(path_)), next_(0) {}

std::optional<std::int64_t> Timeline::count() const {
  if (end_) return seen();
  AVStream& stream = file().stream();
  const int entries = avformat_index_get_entries_count(&stream);
  // Only where the header lists all frames, as MP4's does; other formats' lists grow while they are read.
  if (stream.nb_frames <= 0 || stream.nb_frames != entries) return std::nullopt;
  std::int64_t shown = 0;
  for (int i = 0; i < entries; ++i)
    shown += !(avformat_index_get_entry(&stream, i)->flags & AVINDEX_DISCARD_FRAME);
  return shown;
}

double Timeline::frames_per_second() const {
  const AVStream& stream = file().stream();
  for (const AVRational rate : {stream.avg_frame_rate, stream.r_frame_rate})
    if (rate.num > 0 && rate.den > 0) return av_q2d(rate);
  return 25;
}

double Timeline::shown_for(const AVFrame& frame) const {
  const double usual = 1 / frames_per_second(), tick = av_q2d(file().stream().time_base);
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 30, 100)
  const double said = static_cast<double>(frame.duration) * tick;
#else
  const double said = static_cast<double>(frame.pkt_duration) * tick;
#endif
  // Where the container's clock is too coarse for the duration, the rate is the better word.
  return said > 0 && std::abs(said - usual) > tick ? said : usual;
}

const AVFrame* Timeline::cached(std::int64_t index) const {
  for (const auto& [number, frame] : cache_)
    if (number == index) return frame.get();
  return nullptr;
}

const AVFrame* Timeline::frame(std::int64_t index) {
  if (index < 0 || (end_ && index >= seen())) return nullptr;
  if (const AVFrame* frame = cached(index)) return frame;
  go_to(index);
  while (!cached(index) && !(end_ && index >= seen())) {
    if (host_.cancelled()) throw Error(ErrorKind::file, "stopped while reading '" + path_.string() + "'");
    advance();
  }
  return cached(index);
}

const AVFrame* Timeline::frame_at(double seconds) {
  // Timestamps are rounded to the container's clock, so a frame may seem to come half a tick late.
  const double at = seconds + av_q2d(file().stream().time_base) / 2 + 1e-9;
  while (!end_ && (stamps_.empty() || stamps_.back().seconds <= at))
    if (!frame(seen())) break;
  if (stamps_.empty() || (end_ && *end_ <= at)) return nullptr;
  const auto after = std::upper_bound(stamps_.begin(), stamps_.end(), at,
                                      [](double value, const Stamp& stamp) { return value < stamp.seconds; });
  return frame(std::max<std::int64_t>(0, after - stamps_.begin() - 1));
}

/// Puts the decoder where `index` is ahead and near.
void Timeline::go_to(std::int64_t index) {
  std::int64_t key = std::min(index, seen() - 1);
  while (key > 0 && !(stamps_[static_cast<std::size_t>(key)].key &&
                      stamps_[static_cast<std::size_t>(key)].timestamp != AV_NOPTS_VALUE))
    --key;
  if (next_ && *next_ <= index && key <= *next_) return;
  if (key <= 0 || !jumps_work_ || !jump(key)) restart();
}

/// To a key frame met before. False when the file does not lead there.
bool Timeline::jump(std::int64_t key) {
  const std::int64_t wanted = stamps_[static_cast<std::size_t>(key)].timestamp;
  next_.reset();
  if (!decoder_->seek(wanted)) return false;
  for (;;) {
    FramePtr frame;
    try {
      frame = decoder_->next(key);
    } catch (const Error&) {
      return false;
    }
    if (!frame || frame->best_effort_timestamp == AV_NOPTS_VALUE || frame->best_effort_timestamp > wanted)
      return false;
    if (frame->best_effort_timestamp < wanted) continue;
    if (!is_key(*frame)) return false;
    next_ = key;
    remember(std::move(frame));
    return true;
  }
}

void Timeline::restart() {
  next_.reset();
  decoder_ = std::make_unique<FrameDecoder>(path_);
  next_ = 0;
}

/// Decodes one frame, or meets the end. When it is not the frame that came here before, everything starts
/// again.
void Timeline::advance() {
  const std::int64_t index = next_.value();
  next_.reset();
  FramePtr frame = decoder_->next(index);
  if (decoder_->doubtful() && !std::exchange(warned_, true))
    host_.log(LogLevel::warning, "'" + path_.string() + "': FFmpeg reports missing bytes near frame " +
                                     std::to_string(index) +
                                     ", but the frames decode completely and are used");
  const bool known = index < seen();
  if (!frame && !known) {
    end_ = stamps_.empty() ? 0 : stamps_.back().seconds + last_duration_;
    return;
  }
  if (known &&
      (!frame || frame->best_effort_timestamp != stamps_[static_cast<std::size_t>(index)].timestamp)) {
    if (!jumps_work_)
      throw Error(ErrorKind::file, "'" + path_.string() + "' has changed while it was being read");
    jumps_work_ = false;
    return restart();
  }
  next_ = index;
  remember(std::move(frame));
}

/// By how much the time stamp of a frame lies after that of the one before.
bool Timeline::clock_restarted(double step) const {
  const bool broadcast = file().format().iformat->flags & AVFMT_TS_DISCONT;
  return step < -last_duration_ || (broadcast && step > kLongestFrameOfBroadcasts);
}

/// The frame that `next_` stands for has arrived.
void Timeline::remember(FramePtr frame) {
  const std::int64_t index = *next_;
  if (index == seen()) {
    const std::int64_t timestamp = frame->best_effort_timestamp;
    double seconds = static_cast<double>(index) / frames_per_second();
    if (timestamp != AV_NOPTS_VALUE && (stamps_.empty() || stamps_[0].timestamp != AV_NOPTS_VALUE)) {
      const std::int64_t first = stamps_.empty() ? timestamp : stamps_[0].timestamp;
      seconds = static_cast<double>(timestamp - first) * av_q2d(file().stream().time_base) + shift_;
      if (!stamps_.empty() && clock_restarted(seconds - stamps_.back().seconds)) {
        const double expected = stamps_.back().seconds + last_duration_;
        shift_ += expected - seconds;
        seconds = expected;
        jumps_work_ = false;  // several frames may have one time stamp
      }
    }
    // Time never runs backwards, even if the file says so.
    if (!stamps_.empty()) seconds = std::max(seconds, stamps_.back().seconds);
    stamps_.push_back({timestamp, seconds, is_key(*frame)});
    last_duration_ = shown_for(*frame);
  }
  next_ = index + 1;
  const std::int64_t bytes = bytes_of(*frame);
  std::erase_if(cache_, [&](const auto& entry) { return entry.first == index; });
  cache_.emplace_back(index, std::move(frame));
  const auto fitting = static_cast<std::size_t>(kMostCachedBytes / std::max<std::int64_t>(bytes, 1));
  while (cache_.size() > std::clamp<std::size_t>(fitting, 2, kMostCached)) cache_.pop_front();
}

}  // namespace reverie::ffmpeg
