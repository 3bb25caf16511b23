#include "moves.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <vector>

#include "sphere.h"

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

const std::vector<double>& motions(const FrameContext& context, const char* name) {
  const std::vector<double>& values = context.numbers(name);
  for (const double value : values)
    if (!std::isfinite(value)) not_finite(context, name, value);
  return values;
}

Resampling::Resampling(const Params& params)
    : sampling(sampling_mode(params)), infill(infill_mode(params)), tiling(params) {
  if (tiling.x && tiling.y && infill != Infill::wrap)
    throw Error(ErrorKind::settings,
                "'infill_mode' is '" + params.get<std::string>(kInfillMode.name) +
                    "', but with 'tile: xy' nothing comes in from outside",
                "leave infill_mode out, or tile along one axis only");
}

at::Tensor resampled(const at::Tensor& picture, const at::Tensor& places, const Resampling& resampling) {
  const auto& [sampling, infill, tiling, sphere] = resampling;
  if (sphere) return resampled_on_sphere(picture, places, sampling);
  if (!tiling || infill == Infill::wrap) return warp(picture, places, sampling, infill);
  constexpr std::int64_t kReach = 3;  // pixels that bicubic sampling mixes lie nearer than that
  std::vector<at::Tensor> within;
  for (const auto& [axis, joined, size] : {std::tuple{std::int64_t{0}, tiling.x, picture.size(3)},
                                           {std::int64_t{1}, tiling.y, picture.size(2)}}) {
    const at::Tensor place = places.narrow(1, axis, 1);
    within.push_back(joined ? place.remainder(size) + kReach : place);
  }
  return warp(joined_around(picture, tiling.x ? kReach : 0, tiling.y ? kReach : 0), at::cat(within, 1),
              sampling, infill);
}

bool move_model(ImageModel& model, const Resampling& resampling, const Places& places,
                const at::Tensor& picture) {
  at::NoGradGuard no_grad;
  const std::optional<at::Tensor> canvas = model.canvas();
  const at::Tensor before = canvas ? *canvas : picture.defined() ? picture : model.decode_final();
  at::Tensor moved = resampled(before, places(before.size(2), before.size(3)), resampling);
  if (resampling.sampling == Sampling::bicubic) moved = within_range_of(before, moved, resampling.infill);
  if (canvas)
    model.set_canvas(moved);
  else
    model.encode(moved);
  return !canvas;
}

}  // namespace reverie::animation
