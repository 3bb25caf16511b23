#include "video_mix.h"

#include <ATen/ATen.h>

#include <map>
#include <string>

#include "moves.h"

namespace reverie::animation {
namespace {

/// Mean difference of the channels that counts as a change in full.
constexpr double kChanged = 0.5;

/// Rec. 709's weights.
at::Tensor brightness(const at::Tensor& picture) {
  return picture.select(1, 0) * 0.2126 + picture.select(1, 1) * 0.7152 + picture.select(1, 2) * 0.0722;
}

MixWhere where_of(const std::string& word) {
  const std::map<std::string, MixWhere> words = {
      {"bright", MixWhere::bright},       {"dark", MixWhere::dark}, {"changed", MixWhere::changed},
      {"unchanged", MixWhere::unchanged}, {"near", MixWhere::near}, {"far", MixWhere::far}};
  const auto found = words.find(word);
  return found == words.end() ? MixWhere::everywhere : found->second;
}

}  // namespace

VideoMix::VideoMix(const Params& params) : where_(where_of(params.get<std::string>("video_mix_where"))) {}

/// [1, 1, H, W] 0..1, or one number.
at::Tensor VideoMix::mask(const at::Tensor& moved, const at::Tensor& next,
                          const AnimationMode::Tools& tools) const {
  if (where_ == MixWhere::everywhere) return at::ones({1, 1, 1, 1}, next.options());
  if (where_ == MixWhere::bright) return brightness(next).unsqueeze(1);
  if (where_ == MixWhere::dark) return 1 - brightness(next).unsqueeze(1);
  if (!needs_depth()) {
    const at::Tensor change = ((moved - next).abs().mean(1, true) / kChanged).clamp(0, 1);
    return where_ == MixWhere::changed ? change : 1 - change;
  }
  if (!tools.depth)
    throw Error(ErrorKind::plugin, "video_mix_where needs depths, and there is no depth estimator");
  const at::Tensor depth = tools.depth->estimate(next).to(next.options());
  const at::Tensor nearest = depth.min(), range = depth.max() - nearest;
  const at::Tensor far = at::where(range > 0, (depth - nearest) / range, at::zeros_like(depth));
  return where_ == MixWhere::far ? far : 1 - far;
}

std::optional<at::Tensor> VideoMix::operator()(const at::Tensor& moved, const at::Tensor& next,
                                               const FrameContext& context,
                                               const AnimationMode::Tools& tools) const {
  const double share = motion(context, kVideoMix);
  if (share == 0) return std::nullopt;
  return at::lerp(moved, next, mask(moved, next, tools) * share).clamp(0, 1);
}

}  // namespace reverie::animation
