/// template_name: how loud each frame is, by its root mean square.
///
/// The header to read is reverie/audio_filter.h: it says how the sound comes.

#include <reverie/audio_filter.h>
#include <reverie/plugin.h>  // REVERIE_EXPORT_PLUGIN

#include <algorithm>
#include <cmath>

namespace {  // nothing but the descriptor at the end is visible outside this library

// Settings that this plugin adds; reverie/params.h has the other types. A group of input_audio_filters holds
// them, beside `filter`.
constexpr reverie::ParamSpec kParams[] = {
    reverie::number("template_name_gain", 1).above(0).help("what the loudness is multiplied by, up to 1"),
};

class TemplateNamePlugin final : public reverie::AudioFilter {
 public:
  TemplateNamePlugin(reverie::Host&, const reverie::Params& params, const Setup& setup)
      : variable_(setup.variable_name), gain_(params.get<double>("template_name_gain")) {}

  // The whole track goes by once, in pieces of any size. Here only its loudest sample matters, by which quiet
  // and loud recordings become alike.
  void begin(const Track& track) override { track_ = track; }
  void hear(std::span<const float> samples) override {
    for (const float sample : samples) peak_ = std::max(peak_, std::fabs(static_cast<double>(sample)));
  }
  void end(std::span<const float> heard) override { heard_ = heard; }

  // The value of the frame that starts t seconds into the track, 0..1; 0 outside.
  std::map<std::string, double> analyse(double t) const override {
    const double first = std::floor(t * track_.sample_rate) - static_cast<double>(track_.heard_from);
    if (first < 0 || first >= static_cast<double>(heard_.size()) || peak_ == 0) return {{variable_, 0.0}};
    const auto begin = static_cast<std::size_t>(first);
    const auto window =
        static_cast<std::size_t>(std::max(1.0, track_.sample_rate / track_.frames_per_second));
    const std::span<const float> frame = heard_.subspan(begin, std::min(window, heard_.size() - begin));
    double squares = 0;
    for (const float sample : frame) squares += static_cast<double>(sample) * static_cast<double>(sample);
    const double loudness = std::sqrt(squares / static_cast<double>(frame.size())) / peak_;
    return {{variable_, std::min(1.0, gain_ * loudness)}};
  }

 private:
  std::string variable_;
  double gain_;
  Track track_{};
  std::span<const float> heard_;  // stays where it is as long as the filter lives
  double peak_ = 0;
};

}  // namespace

// Class, interface, name, version, summary, parameters. The name is the library's file name.
REVERIE_EXPORT_PLUGIN(TemplateNamePlugin, reverie::AudioFilter, "template_name", "0.1",
                      "loudness of each frame", kParams);
