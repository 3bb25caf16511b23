#include "engine/cadence.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>

#include "reverie/warp.h"

namespace reverie::engine {
namespace {

/// Mean difference of a pixel from where the flow leads it, beyond which the flow is hardly believed.
constexpr double kColour = 0.1;

/// What the place p of a picture in between has at p + flow(p) in the picture `to`, as far as it looks the
/// same there.
at::Tensor carried_back(const at::Tensor& picture, const at::Tensor& to, const at::Tensor& gain,
                        const at::Tensor& flow) {
  const at::Tensor places = pixel_places(picture.size(2), picture.size(3), picture.device()) + flow;
  const auto there = [&](const at::Tensor& image) {
    return warp(image, places, Sampling::bilinear, Infill::smear);
  };
  const at::Tensor difference = (there(to) - picture).abs().mean(1, true);
  return there(gain) * (difference / -kColour).exp();
}

const MotionSetting* setting_of(const Script& script) {
  const auto found = std::find_if(script.retouching.begin(), script.retouching.end(),
                                  [](const MotionSetting& one) { return one.name == kCadence; });
  return found == script.retouching.end() ? nullptr : &*found;
}

}  // namespace

bool has_cadence(const Script& script) {
  const MotionSetting* setting = setting_of(script);
  return setting && !(setting->expression.is_constant() && setting->expression.number({}) == 1);
}

Cadence::Cadence(const Script& script, std::int64_t last)
    : setting_(has_cadence(script) ? setting_of(script) : nullptr), last_(last) {}

std::int64_t Cadence::frames_from(std::int64_t frame, const std::map<std::string, double>& values) {
  if (!setting_) return frame + 1;
  const double frames = numbers_of(*setting_, values, warnings_)[0];
  return frame + std::max<std::int64_t>(1, std::llround(frames));
}

bool Cadence::begin(std::int64_t frame, const std::map<std::string, double>& values, bool in_any_case) {
  now_ = frame;
  optimises_ = in_any_case || is_due(frame);
  if (!optimises_) return false;
  before_ = optimised_;
  optimised_ = frame;
  next_ = frames_from(frame, values);
  return true;
}

void Cadence::keep(const at::Tensor& picture) { waiting_.push_back({now_, picture}); }

std::vector<at::Tensor> Cadence::release(const at::Tensor& done, FlowEstimator& estimator,
                                         const at::Device& device) {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> pictures;
  const at::Tensor to = begun_.to(device), gain = done.to(device) - to;
  for (const Waiting& one : waiting_) {
    const at::Tensor picture = one.picture.to(device);
    const double share = static_cast<double>(one.frame - before_) / static_cast<double>(optimised_ - before_);
    const at::Tensor back = carried_back(picture, to, gain, estimator.estimate(picture, to));
    pictures.push_back((picture + back * share).clamp(0, 1).cpu().contiguous());
  }
  waiting_.clear();
  begun_ = at::Tensor();
  return pictures;
}

std::vector<at::Tensor> Cadence::release() {
  std::vector<at::Tensor> pictures;
  for (const Waiting& one : waiting_) pictures.push_back(one.picture);
  waiting_.clear();
  return pictures;
}

std::map<std::string, at::Tensor> Cadence::state() const {
  if (!setting_) return {};
  return {{"frames", at::tensor(std::vector<std::int64_t>{optimised_, next_})}};
}

void Cadence::load_state(const std::map<std::string, at::Tensor>& state) {
  const auto found = state.find("frames");
  if (!setting_ || found == state.end()) return;
  const at::Tensor frames = found->second.cpu();
  if (frames.scalar_type() != at::kLong || frames.numel() != 2)
    throw Error(ErrorKind::model, "the backup's 'cadence.frames' are not two whole numbers");
  now_ = optimised_ = frames[0].item<std::int64_t>();
  next_ = frames[1].item<std::int64_t>();
}

}  // namespace reverie::engine
