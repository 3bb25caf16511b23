#include "engine/motion.h"

#include <ATen/core/grad_mode.h>

#include "reverie/varying_parameters.h"

namespace reverie::engine {

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
  FrameContext context;
  context.step = moment_.steps;
  context.frame = frame - 1;
  context.t = now.at("t");
  context.audio = sound;
  context.may_move = may_move;
  std::map<std::string, double> values = now;
  const auto evaluate = [&](bool with_own_variables) {
    for (const MotionSetting& setting : settings_)
      if ((*setting.spec.variables != '\0') == with_own_variables)
        context.parameters[setting.name] = numbers_of(setting, values, warnings_);
  };
  evaluate(false);
  call_plugin(name, moment_, [&, &mode = *mode] {
    if (auto* varying = extension_of<VaryingParameters>(mode)) varying->set_parameters(context);
  });
  values = call_plugin(name, moment_, [&, &mode = *mode] { return mode.variables(model, tools); });
  values.insert(now.begin(), now.end());
  evaluate(true);
  return call_plugin(name, moment_, [&, &mode = *mode] { return mode.advance(context, model, tools); });
}

}  // namespace reverie::engine
