/// Butterworth: how loud a band of frequencies is in each frame, relative to its loudest frame in the track.

#include <charconv>
#include <span>

#include "frame_window.h"
#include "reverie/audio_filter.h"
#include "reverie/plugin.h"
#include "second_order_sections.h"

namespace reverie {
namespace {

// Required ones have no defaults; the values here are an example for whoever creates the plugin without
// settings.
constexpr ParamSpec kParams[] = {
    number("f_center", 440).above(0).is_required().unit("Hz").help("middle of the band"),
    number("f_width", 200).above(0).is_required().unit("Hz").help("width of the band"),
    integer("order", 5).range(1, 20).help("how steeply the band ends: 6 dB an octave for each"),
    boolean("continuous", false)
        .help("filter the whole track in one go, so that a frame also holds what still rings of the frames "
              "before; false: each frame by itself, as PyTTI does"),
};

constexpr std::size_t kBlock = 4096;

std::string shown(double number) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, number).ptr};
}

class Butterworth final : public AudioFilter {
 public:
  Butterworth(Host&, const Params& params, const Setup& setup)
      : name_(setup.variable_name),
        low_(params.get<double>("f_center") - params.get<double>("f_width") / 2),
        high_(params.get<double>("f_center") + params.get<double>("f_width") / 2),
        order_(static_cast<int>(params.get<std::int64_t>("order"))),
        continuous_(params.get<bool>("continuous")) {
    if (!(low_ > 0)) refuse("it must begin above 0 Hz", "make f_width smaller than twice f_center");
    if (!(high_ > low_)) refuse("it has no width", "make f_width larger");
  }

  void prepare(const std::vector<float>& samples, double sample_rate, double frames_per_second) override {
    if (high_ >= sample_rate / 2)
      refuse("it must end below " + shown(sample_rate / 2) + " Hz, half the sound's sample rate",
             "lower f_center or f_width");
    grid_ = {sample_rate, frames_per_second, static_cast<std::int64_t>(samples.size())};
    sections_ = butterworth_band_pass(order_, low_, high_, sample_rate);
    samples_ = samples;
    loudest_ = 0;
    if (continuous_) {
      magnitudes_.resize(samples.size());
      loudest_ = filter(samples_, magnitudes_.data());
      return;
    }
    const double step = std::max(1 / frames_per_second, 1 / sample_rate);
    for (std::int64_t i = 0;; ++i) {
      const FrameWindow window = grid_.window(static_cast<double>(i) * step);
      if (window.empty()) break;
      loudest_ = std::max(loudest_, filter(samples_in(window)));
    }
  }

  std::map<std::string, double> analyse(double t) const override {
    const FrameWindow window = grid_.window(t);
    if (window.empty() || loudest_ == 0) return {{name_, 0.0}};
    const double here = continuous_
                            ? static_cast<double>(*std::max_element(magnitudes_.begin() + window.begin,
                                                                    magnitudes_.begin() + window.end))
                            : filter(samples_in(window));
    // A window that lies between those of the track's frames may be louder than all of them.
    return {{name_, std::min(1.0, here / loudest_)}};
  }

 private:
  [[noreturn]] void refuse(const std::string& why, const std::string& advice) const {
    throw Error(
        ErrorKind::settings,
        "the band of the filter '" + name_ + "' is " + shown(low_) + " to " + shown(high_) + " Hz; " + why,
        advice);
  }

  std::span<const float> samples_in(const FrameWindow& window) const {
    return samples_.subspan(static_cast<std::size_t>(window.begin),
                            static_cast<std::size_t>(window.end - window.begin));
  }

  /// Filters from rest. The largest magnitude, and all of them where there is room for them.
  double filter(std::span<const float> samples, float* magnitudes = nullptr) const {
    Cascade cascade(sections_);
    double loudest = 0, block[kBlock];
    for (std::size_t begin = 0; begin < samples.size(); begin += kBlock) {
      const std::size_t count = std::min(kBlock, samples.size() - begin);
      std::copy_n(samples.begin() + static_cast<std::ptrdiff_t>(begin), count, block);
      cascade.run(block, count);
      for (std::size_t i = 0; i < count; ++i) {
        const auto magnitude = static_cast<float>(std::abs(block[i]));
        loudest = std::max(loudest, static_cast<double>(magnitude));
        if (magnitudes) magnitudes[begin + i] = magnitude;
      }
    }
    return loudest;
  }

  std::string name_;
  double low_, high_;
  int order_;
  bool continuous_;
  FrameGrid grid_;
  std::vector<Section> sections_;
  std::span<const float> samples_;  // of the whole track
  std::vector<float> magnitudes_;   // the same, filtered in one go
  double loudest_ = 0;
};

}  // namespace

REVERIE_EXPORT_PLUGIN(Butterworth, AudioFilter, "butterworth", "1.0",
                      "loudness of a band of frequencies, by a Butterworth band-pass", kParams);

}  // namespace reverie
