#pragma once
// What the animation modes share.

#include <functional>
#include <string>

#include "reverie/animation_mode.h"
#include "reverie/tiling.h"
#include "reverie/warp.h"

namespace reverie::animation {

/// The present value of a motion setting that is a number. Throws Error(settings) where it is none.
double motion(const FrameContext& context, const std::string& name);
/// The same for a list of numbers.
const std::vector<double>& motions(const FrameContext& context, const char* name);

/// How pixels are sampled, from a mode's parameters. Throws Error(settings) where `tile` leaves no edge that
/// `infill_mode` could be about.
struct Resampling {
  Sampling sampling;
  Infill infill;
  Tiling tiling;
  bool sphere = false;  ///< the picture is all that is to be seen around (sphere.h)
  explicit Resampling(const Params& params);
};

/// `picture` looked up at `places`, along the axes of `tile` as if it went on for ever.
at::Tensor resampled(const at::Tensor& picture, const at::Tensor& places, const Resampling& resampling);

/// Where the pixels of a canvas of this size come from, [1, 2, height, width], as warp() takes it.
using Places = std::function<at::Tensor(std::int64_t height, std::int64_t width)>;

/// Looks the model's canvas up at other places or, where it has none, the picture that it shows, and encodes
/// that: then the parameters are new, and the result is true. `picture` may be what decode_final()
/// gives, if that is known already.
///
/// Bicubic sampling overshoots beside edges. What leaves the range that a channel has had is limited to it:
/// the filter amplifies fine detail, by up to 3 % in each move, which would grow over hundreds of frames.
bool move_model(ImageModel& model, const Resampling& resampling, const Places& places,
                const at::Tensor& picture = {});

}  // namespace reverie::animation
