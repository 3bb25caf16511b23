#include "engine/retouch.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "engine/colour_match.h"
#include "engine/frame_noise.h"

namespace reverie::engine {
namespace {

constexpr double kReach = 4;         // deviations of the Gaussian, to either side
constexpr double kFarthest = 10000;  // pixels that it reaches at most

/// With `reach` pixels more on both sides of one axis.
at::Tensor extended(const at::Tensor& picture, std::int64_t reach, bool across, const Tiling& tiling) {
  const std::int64_t columns = across ? reach : 0, rows = across ? 0 : reach;
  return (across ? tiling.x : tiling.y) ? joined_around(picture, columns, rows)
                                        : at::replication_pad2d(picture, {columns, columns, rows, rows});
}

at::Tensor blurred(const at::Tensor& picture, double radius, const Tiling& tiling) {
  const auto reach = static_cast<std::int64_t>(std::ceil(std::min(kReach * radius, kFarthest)));
  const at::Tensor place = at::arange(-reach, reach + 1, at::kDouble) / radius;
  at::Tensor weights = (place.square() * -0.5).exp();
  weights = (weights / weights.sum()).to(picture.options());
  const std::int64_t taps = weights.numel();
  at::Tensor result = picture.transpose(0, 1);  // one channel after another
  for (const bool across : {true, false})
    result = at::conv2d(extended(result, reach, across, tiling),
                        weights.view({1, 1, across ? 1 : taps, across ? taps : 1}));
  return result.transpose(0, 1);
}

/// The largest value within `reach` pixels, along both axes.
at::Tensor largest_near(const at::Tensor& picture, std::int64_t reach, const Tiling& tiling) {
  at::Tensor result = picture;
  for (const bool across : {true, false})
    result = at::max_pool2d(extended(result, reach, across, tiling),
                            across ? at::IntArrayRef{1, 2 * reach + 1} : at::IntArrayRef{2 * reach + 1, 1},
                            /*stride=*/1);
  return result;
}

}  // namespace

at::Tensor sharpened(const at::Tensor& picture, double amount, double radius, const Tiling& tiling) {
  const auto reach = static_cast<std::int64_t>(std::ceil(std::min(radius, kFarthest)));
  return (picture + (picture - blurred(picture, radius, tiling)) * amount)
      .clamp(-largest_near(-picture, reach, tiling), largest_near(picture, reach, tiling));
}

Retouch::Retouch(const Settings& settings, const Script& script,
                 const std::function<media::Footage(const std::string&)>& open)
    : varying_(script.retouching),
      coherence_(coherence_of(settings)),
      tiling_(settings.get<std::string>("tile")),
      soft_noise_(settings.get<std::string>("frame_noise_type") == "perlin"),
      noise_size_(settings.get<double>("frame_noise_size")),
      key_(settings.has("seed") ? static_cast<std::uint64_t>(settings.get<std::int64_t>("seed")) : 0) {
  const bool moves = !varying_.empty();
  if (moves && coherence_.reference == Coherence::Reference::file)
    footage_.emplace(open(coherence_.file)).seek(0);
}

double Retouch::value(const std::string& name, const std::map<std::string, double>& values) {
  for (const MotionSetting& setting : varying_)
    if (setting.name == name) return numbers_of(setting, values, warnings_)[0];
  return 0;  // nothing moves
}

bool Retouch::begin(std::int64_t frame, const std::map<std::string, double>& values, std::int64_t video_frame,
                    const at::Tensor& before) {
  using Reference = Coherence::Reference;
  frame_ = frame;
  sharpening_ = value("anti_blur", values);
  radius_ = value("anti_blur_radius", values);
  noise_ = value("frame_noise", values);
  strength_ = 0;
  reference_ = at::Tensor();
  if (coherence_.reference == Reference::first && !first_.defined()) first_ = before.clone();
  if (coherence_.reference != Reference::none) strength_ = value("color_coherence_strength", values);
  if (strength_ > 0) {
    if (footage_) footage_->seek(video_frame);
    reference_ = footage_                                   ? footage_->image().to(before.device())
                 : coherence_.reference == Reference::first ? first_
                                                            : before;
  }
  return strength_ > 0 || sharpening_ > 0 || noise_ > 0;
}

at::Tensor Retouch::operator()(const at::Tensor& picture) const {
  if (strength_ == 0 && sharpening_ == 0 && noise_ == 0) return picture;
  at::Tensor result = picture.clamp(0, 1);
  if (strength_ > 0)
    result = at::lerp(result, match_colours(result, reference_, coherence_.space), strength_);
  if (sharpening_ > 0) result = sharpened(result, sharpening_, radius_, tiling_);
  if (noise_ > 0) {
    const std::int64_t height = picture.size(2), width = picture.size(3);
    const at::Tensor noise = soft_noise_ ? perlin_noise(key_, frame_, height, width, noise_size_)
                                         : white_noise(key_, frame_, height, width);
    result = result + noise.to(result.device()) * noise_;
  }
  return result.clamp(0, 1);
}

std::map<std::string, at::Tensor> Retouch::state() const {
  if (!first_.defined()) return {};
  return {{"first", first_}};
}

void Retouch::load_state(const std::map<std::string, at::Tensor>& state) {
  const auto found = state.find("first");
  first_ = found == state.end() ? at::Tensor() : found->second;
}

}  // namespace reverie::engine
