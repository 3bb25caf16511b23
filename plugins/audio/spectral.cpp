/// Spectral: the colour of the sound in each frame: how high it is, or how much of one note.
///
/// `centroid` is the mean frequency, weighted by magnitude, as its place between `f_min` and `f_max` on a
/// scale of octaves: 0 for a low hum, 1 for cymbals. `chroma` is the energy of one note in all octaves
/// between them, over that of the strongest note of the frame (Fujishima, "Realtime chord recognition of
/// musical sound", 1999), where A4 is 440 Hz.

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "frame_window.h"
#include "reverie/audio_filter.h"
#include "reverie/plugin.h"

namespace reverie::audio_filters {
namespace {

constexpr const char* kNotes = "C|C#|D|D#|E|F|F#|G|G#|A|A#|B";

constexpr ParamSpec kParams[] = {
    choice("measure", "centroid", "centroid|chroma")
        .help("centroid: how high the sound is; chroma: how much of a note"),
    choice("note", "A", kNotes).help("of chroma: the note, in all octaves"),
    number("f_min", 100)
        .above(0)
        .unit("Hz")
        .fixed("a sound is heard as a whole before the run begins")
        .help("lowest frequency"),
    number("f_max", 8000)
        .above(0)
        .unit("Hz")
        .fixed("a sound is heard as a whole before the run begins")
        .help("highest frequency"),
};

/// Its place among the choices.
std::size_t number_of(const std::string& note) {
  std::size_t number = 0;
  std::string word;
  for (const char* c = kNotes;; ++c) {
    if (*c && *c != '|') {
      word += *c;
      continue;
    }
    if (word == note || !*c) return number;
    ++number;
    word.clear();
  }
}

class Spectral final : public AudioFilter {
 public:
  Spectral(Host&, const Params& params, const Setup& setup)
      : name_(setup.variable_name),
        chroma_(params.get<std::string>("measure") == "chroma"),
        note_(number_of(params.get<std::string>("note"))),
        low_(params.get<double>("f_min")),
        high_(params.get<double>("f_max")) {
    if (!(low_ < high_)) refuse("f_min is not below its f_max");
  }

  void begin(const Track& track) override {
    if (low_ >= track.sample_rate / 2) refuse("f_min is not below half the sound's sample rate");
    track_ = track;
    grid_ = {track.sample_rate, track.frames_per_second};
    count_ = 0;
  }
  void hear(std::span<const float> samples) override { count_ += std::ssize(samples); }
  void end(std::span<const float> heard) override {
    heard_ = heard;
    grid_.samples = count_;
  }

  std::map<std::string, double> analyse(double t) const override {
    const FrameWindow window = grid_.window(t).within(track_.heard_from, track_.heard_to);
    return {{name_, window.empty() ? 0.0 : measured(window.from(track_.heard_from))}};
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const {
    throw Error(ErrorKind::settings, "the filter '" + name_ + "' covers no frequencies: its " + why);
  }

  double measured(const FrameWindow& window) const {
    const at::NoGradGuard no_grad;
    const std::int64_t length = window.end - window.begin;
    const at::Tensor samples = at::empty({length}, at::kFloat);
    std::memcpy(samples.mutable_data_ptr(), heard_.data() + window.begin,
                static_cast<std::size_t>(length) * sizeof(float));
    const at::Tensor magnitudes =
        at::fft_rfft(samples.to(at::kDouble) * at::hann_window(length, at::kDouble)).abs().contiguous();
    const double per_bin = track_.sample_rate / static_cast<double>(length);
    const double* magnitude = magnitudes.const_data_ptr<double>();
    double sum = 0, weighted = 0;
    std::array<double, 12> energy{};
    for (std::int64_t i = 1; i < magnitudes.size(0); ++i) {
      const double frequency = static_cast<double>(i) * per_bin;
      if (frequency < low_ || frequency > high_) continue;
      sum += magnitude[i];
      weighted += magnitude[i] * frequency;
      constexpr std::int64_t kA = 9;
      const std::int64_t semitones = std::llround(12 * std::log2(frequency / 440)) + kA;
      energy[static_cast<std::size_t>((semitones % 12 + 12) % 12)] += magnitude[i] * magnitude[i];
    }
    if (!(sum > 0)) return 0;
    if (chroma_) return energy[note_] / *std::max_element(energy.begin(), energy.end());
    return std::clamp(std::log(weighted / sum / low_) / std::log(high_ / low_), 0.0, 1.0);
  }

  std::string name_;
  bool chroma_;
  std::size_t note_;
  double low_, high_;
  Track track_{};
  FrameGrid grid_;
  std::int64_t count_ = 0;
  std::span<const float> heard_;
};

}  // namespace

REVERIE_EXPORT_PLUGIN(Spectral, AudioFilter, "spectral", "1.0",
                      "how high the sound is, or how much of one note", kParams);

}  // namespace reverie::audio_filters
