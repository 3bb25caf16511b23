/// Envelope: how loud each frame is as a whole, relative to the loudest stretch of the track.

#include <span>

#include "frame_window.h"
#include "reverie/audio_filter.h"
#include "reverie/plugin.h"

namespace reverie {
namespace {

class Envelope final : public AudioFilter {
 public:
  Envelope(Host&, const Params&, const Setup& setup) : name_(setup.variable_name) {}

  void prepare(const std::vector<float>& samples, double sample_rate, double frames_per_second) override {
    samples_ = samples;
    grid_ = {sample_rate, frames_per_second, static_cast<std::int64_t>(samples.size())};
    // A window that follows another at any distance holds no more than the loudest of its length.
    length_ = std::max<std::int64_t>(1, std::llround(std::min(sample_rate / frames_per_second, 1e15)));
    double sum = 0;
    most_ = 0;
    for (std::int64_t i = 0; i < grid_.samples; ++i) {
      sum += square(i);
      if (i >= length_) sum -= square(i - length_);
      most_ = std::max(most_, sum);
    }
  }

  std::map<std::string, double> analyse(double t) const override {
    const FrameWindow window = grid_.window(t);
    if (window.empty() || most_ == 0) return {{name_, 0.0}};
    double sum = 0;
    for (std::int64_t i = window.begin; i < window.end; ++i) sum += square(i);
    // The window's length, which varies by a sample, is the same above and below.
    return {{name_, std::min(1.0, std::sqrt(sum / most_))}};
  }

 private:
  double square(std::int64_t i) const {
    const double value = samples_[static_cast<std::size_t>(i)];
    return value * value;
  }

  std::string name_;
  FrameGrid grid_;
  std::span<const float> samples_;
  std::int64_t length_ = 1;
  double most_ = 0;  // of the sums of squares of all stretches of a frame's length
};

}  // namespace

REVERIE_EXPORT_PLUGIN(Envelope, AudioFilter, "envelope", "1.0",
                      "loudness of everything (root mean square of each frame)", kNoParams);

}  // namespace reverie
