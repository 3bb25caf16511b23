/// Envelope: how loud each frame is as a whole, relative to the loudest stretch of the track.

#include "frame_window.h"
#include "passing_samples.h"
#include "reverie/audio_filter.h"
#include "reverie/plugin.h"

namespace reverie::audio_filters {
namespace {

class Envelope final : public AudioFilter {
 public:
  Envelope(Host&, const Params&, const Setup& setup) : name_(setup.variable_name) {}

  void begin(const Track& track) override {
    track_ = track;
    grid_ = {track.sample_rate, track.frames_per_second};
    // A window that follows another at any distance holds no more than the loudest of its length.
    length_ =
        std::max<std::int64_t>(1, std::llround(std::min(track.sample_rate / track.frames_per_second, 1e15)));
    sum_ = most_ = 0;
  }

  void hear(std::span<const float> samples) override {
    std::int64_t i = passing_.count();
    passing_.drop_before(i - length_);
    passing_.add(samples);
    for (const float sample : samples) {
      sum_ += square(sample);
      if (i >= length_) sum_ -= square(passing_.at(i - length_));
      most_ = std::max(most_, sum_);
      ++i;
    }
  }

  void end(std::span<const float> heard) override {
    heard_ = heard;
    grid_.samples = passing_.count();
    passing_ = {};
  }

  std::map<std::string, double> analyse(double t) const override {
    const FrameWindow window = grid_.window(t).within(track_.heard_from, track_.heard_to);
    if (window.empty() || most_ == 0) return {{name_, 0.0}};
    const FrameWindow here = window.from(track_.heard_from);
    double sum = 0;
    for (std::int64_t i = here.begin; i < here.end; ++i) sum += square(heard_[static_cast<std::size_t>(i)]);
    // The window's length, which varies by a sample, is the same above and below.
    return {{name_, std::min(1.0, std::sqrt(sum / most_))}};
  }

 private:
  static double square(float sample) { return static_cast<double>(sample) * static_cast<double>(sample); }

  std::string name_;
  Track track_{};
  FrameGrid grid_;
  PassingSamples passing_;
  std::span<const float> heard_;
  std::int64_t length_ = 1;
  double sum_ = 0,
         most_ = 0;  // of squares: of the stretch of a frame's length that ends now, and the largest
};

}  // namespace

REVERIE_EXPORT_PLUGIN(Envelope, AudioFilter, "envelope", "1.0",
                      "loudness of the whole sound (root mean square of each frame)", kNoParams);

}  // namespace reverie::audio_filters
