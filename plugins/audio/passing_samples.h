#pragma once
// The end of a sound that goes by: samples that are still needed.

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

namespace reverie::audio_filters {

/// Samples are counted from the track's beginning.
class PassingSamples {
 public:
  void add(std::span<const float> samples) {
    forget();
    kept_.insert(kept_.end(), samples.begin(), samples.end());
    count_ += static_cast<std::int64_t>(samples.size());
  }
  /// Those before `index` are not needed any more.
  void drop_before(std::int64_t index) { needed_ = std::max(needed_, std::min(index, count_)); }

  /// How many have gone by.
  std::int64_t count() const { return count_; }
  /// None of them may be dropped already.
  std::span<const float> between(std::int64_t begin, std::int64_t end) const {
    return std::span(kept_).subspan(static_cast<std::size_t>(begin - first()),
                                    static_cast<std::size_t>(end - begin));
  }
  /// Copies those from `begin` on into `stretch`, which holds zeros: silence lies around the track.
  void copy_to(std::span<float> stretch, std::int64_t begin) const {
    const std::int64_t from = std::max<std::int64_t>(begin, 0),
                       to = std::min(begin + std::ssize(stretch), count_);
    if (from >= to) return;
    const std::span<const float> samples = between(from, to);
    std::copy(samples.begin(), samples.end(), stretch.begin() + (from - begin));
  }
  float at(std::int64_t index) const { return kept_[static_cast<std::size_t>(index - first())]; }

 private:
  std::int64_t first() const { return count_ - static_cast<std::int64_t>(kept_.size()); }
  /// Half of them at least, so that moving the others costs little.
  void forget() {
    const std::int64_t useless = needed_ - first();
    if (2 * useless >= static_cast<std::int64_t>(kept_.size()))
      kept_.erase(kept_.begin(), kept_.begin() + std::max<std::int64_t>(useless, 0));
  }

  std::vector<float> kept_;
  std::int64_t count_ = 0, needed_ = 0;
};

}  // namespace reverie::audio_filters
