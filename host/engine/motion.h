#pragma once
// Motion: asks an animation mode for the moves between frames.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "audio/soundtrack.h"
#include "engine/run_plugins.h"
#include "engine/timeline.h"
#include "prompts/motion.h"

namespace reverie::engine {

/// The sound's variables when `frame` begins; none where `sound` is null.
std::map<std::string, double> sound_at(const audio::Soundtrack* sound, const Timeline& timeline,
                                       std::int64_t frame);

class Motion {
 public:
  /// Everything must outlive this; `ensemble` has an animation mode.
  Motion(const RunPlugins& ensemble, const std::vector<MotionSetting>& settings, const RunPosition& moment)
      : ensemble_(ensemble), settings_(settings), moment_(moment) {}

  /// Moves the image model, or `instead` of it what is in front of it, into `frame`. `now` is what
  /// expressions have when it begins, and `sound` the sound's variables among them; `may_move` is the mask of
  /// the flow.
  AnimationMode::Move advance(std::int64_t frame, const std::map<std::string, double>& now,
                              const std::map<std::string, double>& sound,
                              const std::optional<at::Tensor>& may_move, ImageModel* instead = nullptr);

 private:
  const RunPlugins& ensemble_;
  const std::vector<MotionSetting>& settings_;
  const RunPosition& moment_;
  Warnings warnings_;
};

}  // namespace reverie::engine
