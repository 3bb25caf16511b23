/// Tempo: the beats of music, found in the whole track: a phase that runs from 0 to 1 between them, a pulse
/// at each, or the phase of bars.
///
/// After Ellis, "Beat Tracking by Dynamic Programming" (2007). How much begins to sound at each moment is the
/// sum of the rises of the logarithms of short spectra. The tempo is the distance at which this is most like
/// itself, where tempos near 120 beats per minute are preferred, unless `tempo` gives it. The beats are then
/// the row of moments with the most beginnings whose distances are nearly that of the tempo, so that beats go
/// on through rests.

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "frame_window.h"
#include "passing_samples.h"
#include "reverie/audio_filter.h"
#include "reverie/plugin.h"

namespace reverie::audio_filters {
namespace {

constexpr ParamSpec kParams[] = {
    choice("measure", "phase", "phase|pulse|bar")
        .help("phase: 0 at a beat, up to 1 at the next; pulse: 1 in the frame that holds a beat, else 0; "
              "bar: 0 at "
              "the first beat of a bar, up to 1 at that of the next"),
    number("tempo", 0)
        .range(1, 10000)
        .may_be_null()
        .unit("beats per minute")
        .fixed("a sound is heard as a whole before the run begins")
        .help("null: found in the sound"),
    integer("beats_per_bar", 4)
        .range(1, 32)
        .fixed("a sound is heard as a whole before the run begins")
        .help("beats in a bar"),
    integer("first_beat", 1)
        .at_least(1)
        .fixed("a sound is heard as a whole before the run begins")
        .help("which of the sound's beats begins a bar"),
};

constexpr double kSpectrumSeconds = 0.023;
constexpr std::int64_t kBatch = 512;              // spectra at once
constexpr double kSlowest = 40, kQuickest = 240;  // beats per minute
constexpr double kUsual = 120, kOctaves = 1;      // the preferred tempo, and how far a deviation is
constexpr double kTightness = 100;                // of the beats' distances, as in the paper
constexpr double kCompression = 1000;             // of magnitudes before their logarithm

class Tempo final : public AudioFilter {
 public:
  Tempo(Host&, const Params& params, const Setup& setup)
      : name_(setup.variable_name),
        measure_(params.get<std::string>("measure")),
        beats_per_bar_(params.get<std::int64_t>("beats_per_bar")),
        first_beat_(params.get<std::int64_t>("first_beat")) {
    if (params.has("tempo")) tempo_ = params.get<double>("tempo");
  }

  void begin(const Track& track) override {
    grid_ = {track.sample_rate, track.frames_per_second};
    const double wanted = std::clamp(track.sample_rate * kSpectrumSeconds, 8.0, 1e6);
    length_ = static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(wanted)));
    hop_ = length_ / 2;
    window_ = at::hann_window(length_);
    before_ = at::zeros({1, length_ / 2 + 1});
  }

  void hear(std::span<const float> samples) override {
    passing_.add(samples);
    while ((std::ssize(rises_) + kBatch + 1) * hop_ <= passing_.count()) take_spectra(kBatch);
  }

  void end(std::span<const float>) override {
    const std::int64_t count = passing_.count(), all = count / hop_ + 1;
    while (count > 0 && std::ssize(rises_) < all) take_spectra(std::min(kBatch, all - std::ssize(rises_)));
    grid_.samples = count;
    passing_ = {};
    find_beats();
    rises_ = {};
  }

  std::map<std::string, double> analyse(double t) const override {
    const FrameWindow window = grid_.window(t);
    return {{name_, window.empty() || beats_.empty() ? 0.0 : measured(window)}};
  }

 private:
  /// Adds how much begins at each of so many further hops.
  void take_spectra(std::int64_t batch) {
    const at::NoGradGuard no_grad;
    const std::int64_t first = std::ssize(rises_);
    const at::Tensor stretch = at::zeros({(batch - 1) * hop_ + length_});
    // Each spectrum ends a hop behind its number's place.
    passing_.copy_to({stretch.mutable_data_ptr<float>(), static_cast<std::size_t>(stretch.size(0))},
                     (first + 1) * hop_ - length_);
    const at::Tensor magnitudes = at::fft_rfft(stretch.unfold(0, length_, hop_) * window_).abs();
    const at::Tensor levels = (magnitudes * (kCompression / static_cast<double>(length_))).log1p();
    const at::Tensor earlier = at::cat({before_, levels.narrow(0, 0, batch - 1)});
    const at::Tensor rises = (levels - earlier).clamp_min(0).sum(1);
    rises_.insert(rises_.end(), rises.const_data_ptr<float>(), rises.const_data_ptr<float>() + batch);
    before_ = levels.narrow(0, batch - 1, 1).clone();
    passing_.drop_before((first + batch + 1) * hop_ - length_);
  }

  double hops_per_minute() const { return 60 * grid_.sample_rate / static_cast<double>(hop_); }

  /// Hops between two beats.
  double find_period(std::vector<double> rises) const {
    if (tempo_ > 0) return std::max(1.0, hops_per_minute() / tempo_);
    const auto count = std::ssize(rises);
    // Blurred, so that distances that are no whole numbers of hops are as alike as those that are.
    for (int pass = 0; pass < 4; ++pass)
      for (std::int64_t i = count - 1; i > 0; --i)
        rises[static_cast<std::size_t>(i)] =
            (rises[static_cast<std::size_t>(i)] + rises[static_cast<std::size_t>(i - 1)]) / 2;
    const auto likeness = [&](std::int64_t distance) {
      double sum = 0;
      for (std::int64_t i = distance; i < count; ++i)
        sum += rises[static_cast<std::size_t>(i)] * rises[static_cast<std::size_t>(i - distance)];
      return sum;
    };
    const auto shortest = std::max<std::int64_t>(1, std::llround(hops_per_minute() / kQuickest));
    const std::int64_t longest =
        std::min<std::int64_t>(std::llround(hops_per_minute() / kSlowest), count - 1);
    double best = -1e300, period = hops_per_minute() / kUsual;
    for (std::int64_t distance = shortest; distance <= longest; ++distance) {
      const double octaves = std::log2(static_cast<double>(distance) * kUsual / hops_per_minute()) / kOctaves;
      const double here = likeness(distance), value = here * std::exp(-octaves * octaves / 2);
      if (value <= best) continue;
      best = value;
      // The top of the parabola through it and its neighbours.
      const double left = likeness(distance - 1), right = likeness(distance + 1),
                   bend = left - 2 * here + right;
      period =
          static_cast<double>(distance) + (bend < 0 ? std::clamp((left - right) / (2 * bend), -0.5, 0.5) : 0);
    }
    return period;
  }

  void find_beats() {
    beats_.clear();
    const auto count = std::ssize(rises_);
    double mean = 0, square = 0;
    for (const float rise : rises_) mean += static_cast<double>(rise) / static_cast<double>(count);
    for (const float rise : rises_)
      square += (static_cast<double>(rise) - mean) * (static_cast<double>(rise) - mean) /
                static_cast<double>(count);
    if (!(square > 0)) return;  // silence
    std::vector<double> rises;
    for (const float rise : rises_) rises.push_back((static_cast<double>(rise) - mean) / std::sqrt(square));

    const double period = find_period(rises);
    std::vector<double> score(rises.size());
    std::vector<std::int64_t> previous(rises.size(), -1);
    const auto nearest = std::max<std::int64_t>(1, std::llround(period / 2)),
               farthest = std::max<std::int64_t>(1, std::llround(period * 2));
    std::vector<double> cost(static_cast<std::size_t>(farthest + 1));
    for (std::int64_t distance = nearest; distance <= farthest; ++distance)
      cost[static_cast<std::size_t>(distance)] =
          kTightness * std::pow(std::log(static_cast<double>(distance) / period), 2);
    for (std::int64_t i = 0; i < count; ++i) {
      double best = 0;  // a row may begin anywhere
      for (std::int64_t distance = nearest; distance <= std::min(farthest, i); ++distance) {
        const double value =
            score[static_cast<std::size_t>(i - distance)] - cost[static_cast<std::size_t>(distance)];
        if (value <= best) continue;
        best = value;
        previous[static_cast<std::size_t>(i)] = i - distance;
      }
      score[static_cast<std::size_t>(i)] = rises[static_cast<std::size_t>(i)] + best;
    }
    const auto last = std::max_element(score.begin(), score.end()) - score.begin();
    for (std::int64_t i = last; i >= 0; i = previous[static_cast<std::size_t>(i)])
      beats_.push_back((static_cast<double>(i) + 0.5) * static_cast<double>(hop_));
    period_ = period * static_cast<double>(hop_);
    // Through what comes before the first and behind the last.
    while (beats_.back() > 0) beats_.push_back(beats_.back() - period_);
    std::reverse(beats_.begin(), beats_.end());
    while (beats_.back() <= static_cast<double>(grid_.samples)) beats_.push_back(beats_.back() + period_);
  }

  double measured(const FrameWindow& window) const {
    const auto begin = static_cast<double>(window.begin), end = static_cast<double>(window.end);
    const auto next = std::upper_bound(beats_.begin(), beats_.end() - 1, begin);
    if (measure_ == "pulse") {
      const auto first = std::lower_bound(beats_.begin(), beats_.end(), begin);
      return first != beats_.end() && *first < end ? 1 : 0;
    }
    const double before = next == beats_.begin() ? *next - period_ : *(next - 1);
    const double phase = std::clamp((begin - before) / (*next - before), 0.0, 1.0);
    if (measure_ == "phase") return phase;
    // The first beat that lies in the sound is number 1.
    const auto number = next - std::lower_bound(beats_.begin(), beats_.end(), 0.0);
    const std::int64_t place = (number - first_beat_) % beats_per_bar_;
    return (static_cast<double>((place + beats_per_bar_) % beats_per_bar_) + phase) /
           static_cast<double>(beats_per_bar_);
  }

  std::string name_, measure_;
  std::int64_t beats_per_bar_, first_beat_;
  double tempo_ = 0;  ///< 0: unknown
  FrameGrid grid_;
  PassingSamples passing_;
  std::int64_t length_ = 1, hop_ = 1;  // of a spectrum
  at::Tensor window_, before_;         // before_: the levels a hop before the next
  std::vector<float> rises_;
  std::vector<double> beats_;  // in samples, from one at or before the beginning to one behind the end
  double period_ = 1;          // in samples
};

}  // namespace

REVERIE_EXPORT_PLUGIN(Tempo, AudioFilter, "tempo", "1.0", "the beats of music: phase, pulse and bars",
                      kParams);

}  // namespace reverie::audio_filters
