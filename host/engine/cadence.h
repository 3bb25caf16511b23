#pragma once
// Cadence: of n frames one is optimised, and those before it are made by the motion alone.
//
// A frame in between is the picture as the animation mode has moved it. What the next optimised frame has
// gained by its steps is carried back to it along the motion, in proportion to time, so that nothing jumps
// when that frame comes. Frames in between are therefore saved together with the next optimised one, and only
// there is a backup made.

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "prompts/script.h"
#include "reverie/flow_estimator.h"

namespace reverie::engine {

/// The setting.
inline constexpr const char* kCadence = "cadence";

/// Whether any frame of the run may be made by the motion alone.
bool has_cadence(const Script& script);

class Cadence {
 public:
  /// `last`: the number of the run's last frame, which is always optimised. `script` must outlive this.
  Cadence(const Script& script, std::int64_t last);

  /// Whether any frame may be left out.
  bool is_on() const { return setting_; }
  /// Whether a frame that has not begun yet will be optimised.
  bool is_due(std::int64_t frame) const { return frame == 0 || frame >= std::min(next_, last_); }

  /// A frame begins, for which expressions have `values`. Says whether it is optimised. `in_any_case`: it is,
  /// since nothing leads to it.
  bool begin(std::int64_t frame, const std::map<std::string, double>& values, bool in_any_case = false);
  bool optimises() const { return optimises_; }

  /// A picture [1, 3, H, W] of the present frame, in between, that is to be saved.
  void keep(const at::Tensor& picture);
  /// How the present frame, which is optimised, begins after its move. Only needed where pictures wait.
  void begin_with(const at::Tensor& picture) { begun_ = picture; }
  bool waits() const { return !waiting_.empty(); }

  /// The pictures that wait, as they are to be saved, now that the frame is as `done` [1, 3, H, W].
  std::vector<at::Tensor> release(const at::Tensor& done, FlowEstimator& estimator, const at::Device& device);
  /// The same where no optimised frame follows: as they were moved.
  std::vector<at::Tensor> release();

  /// Of a run in which no picture waits.
  std::map<std::string, at::Tensor> state() const;
  void load_state(const std::map<std::string, at::Tensor>& state);

 private:
  struct Waiting {
    std::int64_t frame;
    at::Tensor picture;
  };
  std::int64_t frames_from(std::int64_t frame, const std::map<std::string, double>& values);

  const MotionSetting* setting_ = nullptr;  // null: nothing moves
  std::int64_t last_ = 0;
  std::int64_t now_ = 0;  // the present frame
  std::int64_t before_ = 0, optimised_ = 0,
               next_ = 0;  // frames that are optimised, of which the second is the newest
  bool optimises_ = true;
  std::vector<Waiting> waiting_;
  at::Tensor begun_;
  Warnings warnings_;
};

}  // namespace reverie::engine
