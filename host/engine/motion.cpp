#include "engine/motion.h"

#include <ATen/core/grad_mode.h>

namespace reverie {

using audio::Soundtrack;

std::map<std::string, double> sound_at(const Soundtrack* sound, const Timeline& timeline,
                                       std::int64_t frame) {
  if (!sound) return {};
  return sound->values(timeline.seconds(frame),
                       frame > 0 ? std::optional(timeline.seconds(frame - 1)) : std::nullopt);
}

AnimationMode::Move Motion::advance(std::int64_t frame, const std::map<std::string, double>& now,
                                    const std::map<std::string, double>& sound,
                                    const std::optional<at::Tensor>& may_move, ImageModel* instead) {
  const at::NoGradGuard no_grad;
  const auto& [name, mode] = ensemble_.animation;
  ImageModel& model = instead ? *instead : *ensemble_.model.instance;
  const AnimationMode::Tools tools = tools_of(ensemble_);
  std::map<std::string, double> values =
      call_plugin(name, moment_, [&, &mode = *mode] { return mode.variables(model, tools); });
  values.insert(now.begin(), now.end());
  FrameContext context;
  context.step = moment_.steps;
  context.frame = frame - 1;
  context.t = now.at("t");
  context.audio = sound;
  context.may_move = may_move;
  for (const MotionSetting& setting : settings_)
    context.parameters[setting.name] = numbers_of(setting, values, warnings_);
  return call_plugin(name, moment_, [&, &mode = *mode] { return mode.advance(context, model, tools); });
}

}  // namespace reverie
