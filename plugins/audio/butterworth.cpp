/// Butterworth: how loud a band of frequencies is in each frame, relative to its loudest frame in the track.

#include <charconv>
#include <optional>

#include "frame_window.h"
#include "passing_samples.h"
#include "reverie/audio_filter.h"
#include "reverie/plugin.h"
#include "second_order_sections.h"

namespace reverie::audio_filters {
namespace {

// Required ones have no defaults; the values here are an example for whoever creates the plugin without
// settings.
constexpr ParamSpec kParams[] = {
    number("f_center", 440)
        .above(0)
        .is_required()
        .unit("Hz")
        .fixed("a sound is heard as a whole before the run begins")
        .help("middle of the band"),
    number("f_width", 200)
        .above(0)
        .is_required()
        .unit("Hz")
        .fixed("a sound is heard as a whole before the run begins")
        .help("width of the band"),
    integer("order", 5)
        .range(1, 20)
        .fixed("a sound is heard as a whole before the run begins")
        .help("how steeply the band ends: 6 dB an octave for each"),
    boolean("continuous", false)
        .help("filter the whole track at once, so that a frame includes what still rings from earlier "
              "frames; false: each frame by itself, as PyTTI does"),
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

  void begin(const Track& track) override {
    if (high_ >= track.sample_rate / 2)
      refuse("it must end below " + shown(track.sample_rate / 2) + " Hz, half the sound's sample rate",
             "lower f_center or f_width");
    track_ = track;
    grid_ = {track.sample_rate, track.frames_per_second};
    sections_ = butterworth_band_pass(order_, low_, high_, track.sample_rate);
    ringing_.emplace(sections_);
    loudest_ = 0;
  }

  void hear(std::span<const float> samples) override {
    if (continuous_) return hear_on(samples);
    passing_.add(samples);
    look_at_windows(passing_.count());
  }

  void end(std::span<const float> heard) override {
    heard_ = heard;
    if (continuous_) {
      grid_.samples = heard_count_;
      return;
    }
    look_at_windows(kEndless);
    grid_.samples = passing_.count();
    passing_ = {};
  }

  std::map<std::string, double> analyse(double t) const override {
    const FrameWindow window = grid_.window(t).within(track_.heard_from, track_.heard_to);
    if (window.empty() || loudest_ == 0) return {{name_, 0.0}};
    const FrameWindow here = window.from(track_.heard_from);
    const double loudness = continuous_
                                ? static_cast<double>(*std::max_element(magnitudes_.begin() + here.begin,
                                                                        magnitudes_.begin() + here.end))
                                : filter(heard_.subspan(static_cast<std::size_t>(here.begin),
                                                        static_cast<std::size_t>(here.end - here.begin)));
    // A window that lies between those of the track's frames may be louder than all of them.
    return {{name_, std::min(1.0, loudness / loudest_)}};
  }

 private:
  [[noreturn]] void refuse(const std::string& why, const std::string& advice) const {
    throw Error(
        ErrorKind::settings,
        "the band of the filter '" + name_ + "' is " + shown(low_) + " to " + shown(high_) + " Hz; " + why,
        advice);
  }

  /// Of the track's frames whose windows end by then; behind the track's end, of all that are left.
  void look_at_windows(std::int64_t end) {
    const double step = std::max(1 / grid_.frames_per_second, 1 / grid_.sample_rate);
    for (;; ++frame_) {
      FrameWindow window = grid_.window(static_cast<double>(frame_) * step);
      passing_.drop_before(window.begin);
      if (window.begin >= passing_.count() || window.end > end) return;
      window.end = std::min(window.end, passing_.count());
      loudest_ = std::max(loudest_, filter(passing_.between(window.begin, window.end)));
    }
  }

  /// Filters on from what went before.
  void hear_on(std::span<const float> samples) {
    run(*ringing_, samples, [&](double magnitude) {
      const auto kept = static_cast<float>(magnitude);
      loudest_ = std::max(loudest_, static_cast<double>(kept));
      if (heard_count_ >= track_.heard_from && heard_count_ < track_.heard_to) magnitudes_.push_back(kept);
      ++heard_count_;
    });
  }

  /// The largest magnitude of these samples, filtered from rest.
  double filter(std::span<const float> samples) const {
    Cascade cascade(sections_);
    double loudest = 0;
    run(cascade, samples, [&](double magnitude) {
      loudest = std::max(loudest, static_cast<double>(static_cast<float>(magnitude)));
    });
    return loudest;
  }

  template <typename Take>
  static void run(Cascade& cascade, std::span<const float> samples, const Take& take) {
    double block[kBlock];
    for (std::size_t begin = 0; begin < samples.size(); begin += kBlock) {
      const std::size_t count = std::min(kBlock, samples.size() - begin);
      std::copy_n(samples.begin() + static_cast<std::ptrdiff_t>(begin), count, block);
      cascade.run(block, count);
      for (std::size_t i = 0; i < count; ++i) take(std::abs(block[i]));
    }
  }

  std::string name_;
  double low_, high_;
  int order_;
  bool continuous_;
  Track track_{};
  FrameGrid grid_;
  std::vector<Section> sections_;
  PassingSamples passing_;
  std::int64_t frame_ = 0;          // the next whose window is to be looked at
  std::optional<Cascade> ringing_;  // of the track filtered in one go
  std::int64_t heard_count_ = 0;    // samples that it has filtered
  std::vector<float> magnitudes_;   // of those that the run hears
  std::span<const float> heard_;
  double loudest_ = 0;
};

}  // namespace

REVERIE_EXPORT_PLUGIN(Butterworth, AudioFilter, "butterworth", "1.0",
                      "loudness of a band of frequencies, by a Butterworth band-pass", kParams, "",
                      "input_audio_filters");

}  // namespace reverie::audio_filters
