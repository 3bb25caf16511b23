#pragma once
// When frames start, and what time it is. Motion and sound vary from frame to frame, weights and stops with t
// from step to step.

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "settings/settings.h"

namespace reverie::engine {

/// Frame 0 lasts until pre_animation_steps are done; then one begins every steps_per_frame steps.
struct Timeline {
  std::int64_t before, steps_per_frame;
  double frames_per_second;
  std::int64_t stride;  ///< frames of videos and of their masks to one of ours
  std::int64_t steps_per_scene, scenes;
  double beats_per_minute;

  /// `scenes`: how many the run has; matters for max_f only.
  explicit Timeline(const Settings& settings, std::int64_t scenes = 1)
      : before(settings.get<std::int64_t>("pre_animation_steps")),
        steps_per_frame(settings.get<std::int64_t>("steps_per_frame")),
        frames_per_second(settings.get<double>("frames_per_second")),
        stride(settings.get<std::int64_t>("frame_stride")),
        steps_per_scene(settings.get<std::int64_t>("steps_per_scene")),
        scenes(scenes),
        beats_per_minute(settings.get<double>("bpm")) {}

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
  /// What expressions have at a step: time_variables(), and those of the sound, which hide them. The step is
  /// the `of_scene`-th of scene `scene`, both from 0.
  std::map<std::string, double> values(std::int64_t step, std::int64_t scene, std::int64_t of_scene,
                                       std::map<std::string, double> sound) const {
    const double frames = static_cast<double>(step - before) / static_cast<double>(steps_per_frame);
    const double all =
        static_cast<double>(scenes * steps_per_scene - before) / static_cast<double>(steps_per_frame);
    const double seconds = seconds_at(step), beats = seconds * beats_per_minute / 60;
    std::map<std::string, double> result = std::move(sound);
    result.insert({{"t", seconds},
                   {"s", seconds},
                   {"f", frames},
                   {"max_f", all},
                   {"fps", frames_per_second},
                   {"beat", beats},
                   {"bar", beats / 4},
                   {"bpm", beats_per_minute},
                   {"scene", static_cast<double>(scene)},
                   {"p", static_cast<double>(of_scene) / static_cast<double>(steps_per_scene)}});
    return result;
  }
  /// The same where every scene takes all its steps.
  std::map<std::string, double> values(std::int64_t step, std::map<std::string, double> sound) const {
    return values(step, step / steps_per_scene, step % steps_per_scene, std::move(sound));
  }
  /// t at the frame's start.
  double seconds(std::int64_t frame) const { return seconds_at(first_step(frame)); }
};

}  // namespace reverie::engine
