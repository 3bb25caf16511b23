#pragma once
// When frames start, and what time it is. Motion and sound vary from frame to frame, weights and stops with t
// from step to step.

#include <algorithm>
#include <cstdint>

#include "settings/settings.h"

namespace reverie {

/// Frame 0 lasts until pre_animation_steps are done; then one begins every steps_per_frame steps.
struct Timeline {
  std::int64_t before, steps_per_frame;
  double frames_per_second;
  std::int64_t stride;  ///< frames of videos and of their masks to one of ours

  explicit Timeline(const Settings& settings)
      : before(settings.get<std::int64_t>("pre_animation_steps")),
        steps_per_frame(settings.get<std::int64_t>("steps_per_frame")),
        frames_per_second(settings.get<double>("frames_per_second")),
        stride(settings.get<std::int64_t>("frame_stride")) {}

  /// `step` counts from 0 over all scenes.
  std::int64_t frame_of(std::int64_t step) const {
    return step < before ? 0 : (step - before) / steps_per_frame + 1;
  }
  /// The step that `frame` begins with.
  std::int64_t first_step(std::int64_t frame) const {
    return frame == 0 ? 0 : before + (frame - 1) * steps_per_frame;
  }
  /// How many pictures are saved before t is 0, one every `save_every` steps.
  std::int64_t early_pictures(std::int64_t save_every) const { return before / save_every; }
  /// t at a step: (step - pre_animation_steps) / (steps_per_frame * frames_per_second).
  double seconds_at(std::int64_t step) const {
    return static_cast<double>(step - before) / (static_cast<double>(steps_per_frame) * frames_per_second);
  }
  /// t at the frame's start.
  double seconds(std::int64_t frame) const { return seconds_at(first_step(frame)); }
};

}  // namespace reverie
