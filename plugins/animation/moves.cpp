#include "moves.h"

#include <algorithm>
#include <cmath>

namespace reverie::animation {
namespace {

[[noreturn]] void not_finite(const FrameContext& context, const std::string& name, double value) {
  const char* what = std::isnan(value) ? "not a number" : "infinite";
  throw Error(ErrorKind::settings,
              "'" + name + "' is " + what + " at frame " + std::to_string(context.frame) +
                  ", t = " + std::to_string(context.t) + ": nothing can be moved by that",
              "look for a division by 0 or a root of a negative number in its expression");
}

at::Tensor within_range_of(const at::Tensor& before, const at::Tensor& moved, Infill infill) {
  at::Tensor least = before.amin({2, 3}, true), most = before.amax({2, 3}, true);
  if (infill == Infill::black) {
    least = least.clamp_max(0);
    most = most.clamp_min(0);
  }
  return moved.clamp(least, most);
}

}  // namespace

double motion(const FrameContext& context, const std::string& name) {
  const double value = context.parameter(name);
  if (!std::isfinite(value)) not_finite(context, name, value);
  return value;
}

const std::vector<double>& motions(const FrameContext& context, const std::string& name) {
  const std::vector<double>& values = context.numbers(name);
  for (const double value : values)
    if (!std::isfinite(value)) not_finite(context, name, value);
  return values;
}

bool move_model(ImageModel& model, const Resampling& resampling, const Places& places,
                const at::Tensor& picture) {
  at::NoGradGuard no_grad;
  const std::optional<at::Tensor> canvas = model.canvas();
  const at::Tensor before = canvas ? *canvas : picture.defined() ? picture : model.decode_final();
  at::Tensor moved =
      warp(before, places(before.size(2), before.size(3)), resampling.sampling, resampling.infill);
  if (resampling.sampling == Sampling::bicubic) moved = within_range_of(before, moved, resampling.infill);
  if (canvas)
    model.set_canvas(moved);
  else
    model.encode(moved);
  return !canvas;
}

}  // namespace reverie::animation
