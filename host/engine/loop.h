#pragma once
// Loop: makes the last frame of an animation lead into the first.
//
// As a film is looped by dissolving its end into what came before its beginning, the first `loop_frames`
// frames are rendered, but not saved, and kept as they ended; over the last `loop_frames` frames the image
// model's parameters go over into those that were kept. The last frame so ends exactly as the last of those
// that were not saved, which the first saved frame follows. Between the moves both are optimised, so that
// what is between the two pictures becomes a picture, too, rather than two on top of each other.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <string>

#include "engine/timeline.h"
#include "reverie/image_model.h"

namespace reverie::engine {

class Loop {
 public:
  /// `last`: the number of the run's last frame.
  Loop(const Settings& settings, std::int64_t last);

  bool is_on() const { return frames_ > 0; }

  /// Whether pictures of this frame are left out, because the end takes their place.
  bool leaves_out(std::int64_t frame) const { return is_on() && frame <= frames_; }

  /// How far what the frame ends with goes over into what was kept, 0 to 1. It grows so that each frame of
  /// the transition takes the same part of the way.
  double share(std::int64_t frame) const;

  /// The frame is done: keeps how the model is, or changes it. Of its state, all numbers in float32 go over;
  /// the last frame gets the kept state as a whole.
  void end_frame(std::int64_t frame, ImageModel& model);

  /// What is kept until the end has used it.
  const std::map<std::string, at::Tensor>& state() const { return kept_; }
  void load_state(std::map<std::string, at::Tensor> state) { kept_ = std::move(state); }

 private:
  std::int64_t frames_ = 0;  // of the transition; 0: no loop
  std::int64_t last_ = 0;
  std::map<std::string, at::Tensor> kept_;  // by the frame's number and the state's name
};

/// The number of the last frame of a run all of whose scenes take their steps.
std::int64_t last_frame_of(const Timeline& timeline);

/// How many pictures of the run a loop leaves out: they would have been the first.
std::int64_t pictures_left_out(const Settings& settings);

/// Why the run is too short for its loop; empty if it is not.
std::string trouble_with_loop(const Settings& settings, std::int64_t scenes);

}  // namespace reverie::engine
