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
#include "reverie/audio_filter.h"
#include "reverie/plugin.h"

namespace reverie {
namespace {

constexpr ParamSpec kParams[] = {
    number("f_min", 0).at_least(0).unit("Hz").help("listen to frequencies from here"),
    number("f_max", 0)
        .above(0)
        .may_be_null()
        .unit("Hz")
        .help("listen to frequencies up to here; null: to the highest"),
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

  void prepare(const std::vector<float>& samples, double sample_rate, double frames_per_second) override {
    if (low_ >= sample_rate / 2) refuse("f_min is not below half the sound's sample rate");
    grid_ = {sample_rate, frames_per_second, static_cast<std::int64_t>(samples.size())};
    const double wanted = std::clamp(sample_rate * kSpectrumSeconds, 8.0, 1e6);
    const auto length = static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(wanted)));
    find_onsets(flux(samples, length), length);
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
    throw Error(ErrorKind::settings, "the filter '" + name_ + "' listens to nothing: its " + why);
  }

  /// For each hop of the track, by how much the spectrum that ends with it is above the one a hop before.
  std::vector<float> flux(const std::vector<float>& samples, std::int64_t length) const {
    const at::NoGradGuard no_grad;
    const std::int64_t hop = length / kOverlap, count = grid_.samples;
    const std::int64_t spectra = count == 0 ? 0 : (count + hop - 1) / hop + kOverlap;  // until silence again
    const double per_bin = grid_.sample_rate / static_cast<double>(length);
    const auto bin = [&](double f) {
      return std::llround(std::min(f / per_bin, static_cast<double>(length / 2)));
    };
    const at::Tensor window = at::hann_window(length);
    at::Tensor before = at::zeros({1, bin(high_) - bin(low_) + 1});
    std::vector<float> result;
    result.reserve(static_cast<std::size_t>(spectra));
    for (std::int64_t first = 0; first < spectra; first += kBatch) {
      const std::int64_t batch = std::min(kBatch, spectra - first);
      const at::Tensor stretch = at::zeros({(batch - 1) * hop + length});
      // Silence lies around the track.
      const std::int64_t start = (first + 1) * hop - length;
      const std::int64_t begin = std::max<std::int64_t>(start, 0),
                         end = std::min(start + stretch.size(0), count);
      if (begin < end)
        std::copy(samples.begin() + begin, samples.begin() + end,
                  stretch.mutable_data_ptr<float>() + (begin - start));
      const at::Tensor magnitudes =
          at::fft_rfft(stretch.unfold(0, length, hop) * window).narrow(1, bin(low_), before.size(1)).abs();
      const at::Tensor earlier = at::cat({before, magnitudes.narrow(0, 0, batch - 1)});
      const at::Tensor rises = (magnitudes - earlier).clamp_min(0).sum(1);
      result.insert(result.end(), rises.const_data_ptr<float>(), rises.const_data_ptr<float>() + batch);
      before = magnitudes.narrow(0, batch - 1, 1);
    }
    return result;
  }

  /// A click raises that spectrum most which ends a quarter of its length after it, give or take half a hop.
  /// Counted from there, and later rather than earlier, an onset is at most a hop late.
  void find_onsets(const std::vector<float>& flux, std::int64_t length) {
    const std::int64_t hop = length / kOverlap;
    onsets_.clear();
    const auto count = static_cast<std::int64_t>(flux.size());
    const float most = flux.empty() ? 0 : *std::max_element(flux.begin(), flux.end());
    for (std::int64_t i = 0; i < count; ++i) {
      const float here = flux[static_cast<std::size_t>(i)];
      const auto around = flux.begin() + i;
      const auto highest = std::max_element(flux.begin() + std::max<std::int64_t>(i - kOverlap, 0),
                                            flux.begin() + std::min(i + kOverlap + 1, count));
      if (here > 0 && highest == around)
        onsets_[std::clamp<std::int64_t>((i + 1) * hop - length / 4, 0, grid_.samples - 1)] = here / most;
    }
  }

  std::string name_;
  double low_, high_;
  FrameGrid grid_;
  std::map<std::int64_t, float> onsets_;  // strengths by samples
};

}  // namespace

REVERIE_EXPORT_PLUGIN(Onset, AudioFilter, "onset", "1.0",
                      "beats and other beginnings of sounds, by spectral flux", kParams);

}  // namespace reverie
