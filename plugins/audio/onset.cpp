/// Onset: where something new begins to sound, such as a beat, and how strongly.
///
/// Spectral flux (Dixon, "Onset Detection Revisited", DAFx 2006): magnitudes of short overlapping spectra, of
/// which each frequency's rise from one spectrum to the next is summed. An onset is where that sum is larger
/// than around it, so each counts in one frame only.

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <bit>
#include <numbers>

#include "frame_window.h"
#include "passing_samples.h"
#include "reverie/audio_filter.h"
#include "reverie/plugin.h"

namespace reverie::audio_filters {
namespace {

constexpr ParamSpec kParams[] = {
    number("f_min", 0)
        .at_least(0)
        .unit("Hz")
        .fixed("a sound is heard as a whole before the run begins")
        .help("lowest frequency"),
    number("f_max", 0)
        .above(0)
        .may_be_null()
        .unit("Hz")
        .fixed("a sound is heard as a whole before the run begins")
        .help("highest frequency; null: no limit"),
};

constexpr double kSpectrumSeconds = 0.023;
constexpr std::int64_t kOverlap = 8;  // spectra that each sample is in
constexpr std::int64_t kBatch = 512;  // spectra at once

class Onset final : public AudioFilter {
 public:
  Onset(Host&, const Params& params, const Setup& setup)
      : name_(setup.variable_name),
        low_(params.get<double>("f_min")),
        high_(params.has("f_max") ? params.get<double>("f_max") : std::numeric_limits<double>::infinity()) {
    if (!(low_ < high_)) refuse("f_min is not below its f_max");
  }

  void begin(const Track& track) override {
    if (low_ >= track.sample_rate / 2) refuse("f_min is not below half the sound's sample rate");
    grid_ = {track.sample_rate, track.frames_per_second};
    const double wanted = std::clamp(track.sample_rate * kSpectrumSeconds, 8.0, 1e6);
    length_ = static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(wanted)));
    hop_ = length_ / kOverlap;
    const double per_bin = track.sample_rate / static_cast<double>(length_);
    const auto bin = [&](double f) {
      return std::llround(std::min(f / per_bin, static_cast<double>(length_ / 2)));
    };
    window_ = at::hann_window(length_);
    first_bin_ = bin(low_);
    before_ = at::zeros({1, bin(high_) - first_bin_ + 1});
  }

  void hear(std::span<const float> samples) override {
    passing_.add(samples);
    while ((spectra() + kBatch) * hop_ <= passing_.count()) take_spectra(kBatch);
  }

  void end(std::span<const float>) override {
    const std::int64_t count = passing_.count();
    const std::int64_t all = count == 0 ? 0 : (count + hop_ - 1) / hop_ + kOverlap;  // until silence again
    while (spectra() < all) take_spectra(std::min(kBatch, all - spectra()));
    grid_.samples = count;
    find_onsets();
    passing_ = {};
    flux_ = {};
  }

  std::map<std::string, double> analyse(double t) const override {
    const FrameWindow window = grid_.window(t);
    float strongest = 0;
    if (!window.empty())
      for (auto onset = onsets_.lower_bound(window.begin);
           onset != onsets_.end() && onset->first < window.end; ++onset)
        strongest = std::max(strongest, onset->second);
    return {{name_, static_cast<double>(strongest)}};
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const {
    throw Error(ErrorKind::settings, "the filter '" + name_ + "' covers no frequencies: its " + why);
  }

  std::int64_t spectra() const { return static_cast<std::int64_t>(flux_.size()); }

  /// Adds to the flux, for so many further hops, by how much the spectrum that ends with each is above the
  /// one a hop before.
  void take_spectra(std::int64_t batch) {
    const at::NoGradGuard no_grad;
    const std::int64_t first = spectra();
    const at::Tensor stretch = at::zeros({(batch - 1) * hop_ + length_});
    passing_.copy_to({stretch.mutable_data_ptr<float>(), static_cast<std::size_t>(stretch.size(0))},
                     (first + 1) * hop_ - length_);
    const at::Tensor magnitudes =
        at::fft_rfft(stretch.unfold(0, length_, hop_) * window_).narrow(1, first_bin_, before_.size(1)).abs();
    const at::Tensor earlier = at::cat({before_, magnitudes.narrow(0, 0, batch - 1)});
    const at::Tensor rises = (magnitudes - earlier).clamp_min(0).sum(1);
    flux_.insert(flux_.end(), rises.const_data_ptr<float>(), rises.const_data_ptr<float>() + batch);
    before_ = magnitudes.narrow(0, batch - 1, 1).clone();
    passing_.drop_before((first + batch + 1) * hop_ - length_);
  }

  /// A click raises that spectrum most which ends a quarter of its length after it, give or take half a hop.
  /// Counted from there, and later rather than earlier, an onset is at most a hop late.
  void find_onsets() {
    onsets_.clear();
    const std::int64_t count = spectra();
    const float most = flux_.empty() ? 0 : *std::max_element(flux_.begin(), flux_.end());
    for (std::int64_t i = 0; i < count; ++i) {
      const float here = flux_[static_cast<std::size_t>(i)];
      const auto around = flux_.begin() + i;
      const auto highest = std::max_element(flux_.begin() + std::max<std::int64_t>(i - kOverlap, 0),
                                            flux_.begin() + std::min(i + kOverlap + 1, count));
      if (here > 0 && highest == around)
        onsets_[std::clamp<std::int64_t>((i + 1) * hop_ - length_ / 4, 0, grid_.samples - 1)] = here / most;
    }
  }

  std::string name_;
  double low_, high_;
  FrameGrid grid_;
  PassingSamples passing_;
  std::int64_t length_ = 1, hop_ = 1, first_bin_ = 0;  // of a spectrum
  at::Tensor window_, before_;                         // before_: the spectrum a hop before the next
  std::vector<float> flux_;
  std::map<std::int64_t, float> onsets_;  // strengths by samples
};

}  // namespace

REVERIE_EXPORT_PLUGIN(Onset, AudioFilter, "onset", "1.0",
                      "beats and other beginnings of sounds, by spectral flux", kParams);

}  // namespace reverie::audio_filters
