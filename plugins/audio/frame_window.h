#pragma once
// The samples that belong to a frame.

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace reverie::audio_filters {

/// Samples begin <= i < end, cut to the track.
struct FrameWindow {
  std::int64_t begin = 0, end = 0;
  bool empty() const { return begin >= end; }
  /// What of it lies between these samples.
  FrameWindow within(std::int64_t from, std::int64_t to) const {
    return {std::max(begin, from), std::min(end, to)};
  }
  /// Counted from this sample.
  FrameWindow from(std::int64_t first) const { return {begin - first, end - first}; }
};

/// Longer than any track, for one whose length is not known yet.
inline constexpr std::int64_t kEndless = std::int64_t{1} << 60;

/// How long a frame is, and a track of how many samples. Windows of frames that follow each other at
/// 1 / frames_per_second leave out no sample and share none.
struct FrameGrid {
  double sample_rate = 1, frames_per_second = 1;
  std::int64_t samples = kEndless;

  /// The window that starts `t` seconds into the track; empty before its start and past its end.
  FrameWindow window(double t) const {
    if (!(t >= 0) || t * sample_rate >= static_cast<double>(samples)) return {};
    const std::int64_t begin = std::llround(t * sample_rate);
    const double end = std::min((t + 1 / frames_per_second) * sample_rate, static_cast<double>(samples));
    return {begin, std::min(std::max(begin + 1, static_cast<std::int64_t>(std::llround(end))), samples)};
  }
};

}  // namespace reverie::audio_filters
