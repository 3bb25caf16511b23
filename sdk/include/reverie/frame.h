#pragma once
// Tensor conventions, and what is known about the frame being made.
//
// An image is a float32 tensor [N, 3, H, W] of RGB values 0..1 (sRGB as files hold them, no linearisation) on
// the host's device. A mask is [N, 1, H, W], 0..1. A depth map is [N, 1, H, W]. A flow is [N, 2, H, W]: x,
// then y displacement, in pixels. All numbers are finite. The host checks shape, dtype, device and this of
// all that a plugin returns, and ends the run with the plugin's name where a header's promise is broken.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "reverie/error.h"

namespace reverie {

struct ImageSize {
  std::int64_t width = 0;
  std::int64_t height = 0;
  bool operator==(const ImageSize&) const = default;
};

/// The moment an animation mode or audio filter is asked about.
struct FrameContext {
  std::int64_t step = 0;   ///< optimisation steps done, over all scenes
  std::int64_t frame = 0;  ///< frames moved since the animation started
  double t = 0;            ///< seconds: (step - pre_animation_steps) / (steps_per_frame * frames_per_second)
  std::map<std::string, std::vector<double>> parameters;  ///< animatable parameters, evaluated at t
  std::map<std::string, double> audio;  ///< audio bands by variable name, 0..1, and `<name>_prev`
  /// [1, 1, H, W] 0..1, of the picture's size: the mask of flow_stabilization_weight at the frame moved to.
  /// Where it is black, the motion that a mode sees in its source is to count as none. Absent: no mask.
  std::optional<at::Tensor> may_move;

  /// An animatable list's present numbers. Throws Error(plugin) when it was not declared as such.
  const std::vector<double>& numbers(const std::string& name) const {
    const auto found = parameters.find(name);
    if (found == parameters.end()) throw Error(ErrorKind::plugin, "no animatable parameter '" + name + "'");
    return found->second;
  }
  /// An animatable number's present value. Throws Error(plugin) when it was not declared as such.
  double parameter(const std::string& name) const {
    const std::vector<double>& values = numbers(name);
    if (values.size() != 1)
      throw Error(ErrorKind::plugin, "the animatable parameter '" + name + "' is not a single number");
    return values[0];
  }
};

}  // namespace reverie
