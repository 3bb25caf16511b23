#include "prompts/script.h"

#include <tuple>

#include "engine/timeline.h"
#include "prompts/coherence.h"
#include "prompts/frame_prompts.h"
#include "prompts/perceptor_weights.h"
#include "prompts/pieces.h"

namespace reverie {

using engine::Timeline;

namespace {

std::string text_of(const Settings& settings, const char* name) {
  return settings.find(name) ? trimmed(settings.get<std::string>(name)) : std::string();
}

/// Weights that switch something off without being parsed, as in the reference.
bool is_off(const std::string& weight) { return weight.empty() || weight == "0"; }

/// The variables that are constant in a run; nothing where mistakes in the settings leave them open.
std::optional<std::map<std::string, double>> constants_of(const Settings& settings) {
  for (const char* name : {"pre_animation_steps", "steps_per_frame", "frames_per_second", "frame_stride",
                           "steps_per_scene", "bpm", "scene_prefix", "scene_suffix", "prompt_fade"})
    if (!settings.find(name)) return std::nullopt;
  const std::map<std::string, double> all = Timeline(settings).values(0, {});
  std::map<std::string, double> result;
  for (const char* name : {"fps", "bpm", "max_f"}) result[name] = all.at(name);
  return result;
}

}  // namespace

Script parse_script(const Settings& settings, std::vector<Problem>& problems,
                    std::vector<std::string>& notices, const std::set<std::string>& variables, bool moving,
                    const std::string& video) {
  Script script;
  std::vector<std::string> wrong;
  const auto report_for = [&](const char* name) {
    for (const std::string& message : wrong) problems.push_back({settings.find(name)->location, message});
    wrong.clear();
  };
  std::vector<std::string> news;
  const auto tell_of = [&](const char* name) {
    for (const std::string& message : news) notices.push_back(settings.find(name)->location.before(message));
    news.clear();
  };
  if (has_frame_prompts(settings)) {
    if (const auto constants = constants_of(settings)) {
      script.scenes = parse_frame_prompts(settings, *constants, variables, wrong, news);
      report_for("prompts");
      tell_of("prompts");
    }
  } else if (const std::string scenes = text_of(settings, "scenes"); !scenes.empty()) {
    const auto affix = [&](const char* name) {
      return settings.find(name) ? settings.get<std::string>(name) : std::string();
    };
    script.scenes =
        parse_scenes(scenes, affix("scene_prefix"), affix("scene_suffix"), variables, wrong, news);
    report_for("scenes");
    tell_of("scenes");
  }
  using Target = LossTerm::Target;
  const auto add_losses = [&](const std::string& prompts, const char* name, When when, Target target,
                              const WeightSetting& of = {}) {
    for (DirectPrompt& prompt : parse_direct_prompts(prompts, variables, wrong, of)) {
      LossTerm term;
      term.name = prompt.path;
      term.setting = name;
      term.location = settings.find(name)->location;
      term.written = std::move(prompt.written);
      term.weight = std::move(prompt.weight);
      term.stop = std::move(prompt.stop);
      term.target = target;
      if (target == Target::picture) term.picture = std::move(prompt.path);
      term.mask = std::move(prompt.mask);
      term.inverted = prompt.inverted;
      term.when = when;
      term.of_picture = term.holds_scene = true;
      script.losses.push_back(std::move(term));
    }
    report_for(name);
  };
  if (const std::string text = text_of(settings, "direct_image_prompts"); !text.empty())
    add_losses(text, "direct_image_prompts", When::always, Target::picture);
  // Brackets keep whatever a path holds in one piece; prompts take them off again.
  const auto add_direct = [&](const std::string& picture, const char* name, When when, Target target) {
    const std::string weight = text_of(settings, name), before = "[" + picture + "]:";
    if (!is_off(weight)) add_losses(before + weight, name, when, target, {name, before.size()});
  };
  const auto add_semantic = [&](const std::string& picture, const char* name, When when) {
    const std::string weight = text_of(settings, name), before = "[" + picture + "]:";
    if (is_off(weight)) return;
    auto additions = parse_scenes(before + weight, "", "", variables, wrong, news, {name, before.size()});
    report_for(name);
    tell_of(name);
    for (Scene& scene : script.scenes)
      for (const Scene& addition : additions)
        for (Prompt prompt : addition.prompts) {
          prompt.setting = name;
          prompt.when = when;
          scene.prompts.push_back(std::move(prompt));
        }
  };
  std::string init_image = text_of(settings, "init_image");
  if (init_image.empty()) init_image = trimmed(video);
  if (init_image.empty()) {
    for (const char* name : {"direct_init_weight", "semantic_init_weight"})
      if (!is_off(text_of(settings, name)))
        notices.push_back(settings.find(name)->location.before(
            std::string(name) + " has no effect: there is no init_image to stay near"));
  } else {
    add_direct(init_image, "direct_init_weight", When::before_moves, Target::picture);
    add_semantic(init_image, "semantic_init_weight", When::before_moves);
  }
  const std::string target = moving ? "last frame" : "init image";
  std::string without_effect;
  Location first;  // of them
  const auto stabilises = [&](const char* name, bool has_target) {
    if (!has_target && !is_off(text_of(settings, name))) {
      if (without_effect.empty()) first = settings.find(name)->location;
      without_effect += (without_effect.empty() ? "" : ", ") + std::string(name);
    }
    return has_target;
  };
  const bool held = moving || !init_image.empty();
  if (stabilises("semantic_stabilization_weight", held))
    add_semantic(target, "semantic_stabilization_weight", When::after_moves);
  // The flow's compares with the move itself.
  for (const auto& [what, setting, compared] :
       {std::tuple{"'s pixels", "direct_stabilization_weight", Target::last_frame},
        {"'s depths", "depth_stabilization_weight", Target::last_frame},
        {"'s edges", "edge_stabilization_weight", Target::last_frame},
        {"'s flow", kFlowStabilisation, Target::none}})
    if (stabilises(setting, compared == Target::none ? moving : held))
      add_direct(target + what, setting, When::after_moves, compared);
  if (!without_effect.empty())
    notices.push_back(first.before(
        without_effect + (without_effect.find(',') == std::string::npos ? " has" : " have") +
        " no effect: animation_mode is off" +
        (held ? ", and what does not move has no flow" : ", and there is no init_image to stay near")));
  script.perceptor_weights = parse_perceptor_weights(settings, variables, problems);
  script.retouching = parse_retouching(settings, variables, moving, problems, notices);
  const SettingValue* smoothing = settings.find(kSmoothing);
  if (smoothing && (smoothing->is_expression() || smoothing->number != 0))
    for (MotionSetting& setting : parse_motion(settings, {&smoothing->spec, 1}, variables, problems)) {
      LossTerm term;
      term.setting = setting.name;
      term.location = smoothing->location;
      term.written = smoothing->is_expression() ? smoothing->text : smoothing->json();
      term.weight = std::move(setting.expression);
      script.losses.push_back(std::move(term));
    }
  for (const std::string& name : settings.names()) {
    const SettingValue& value = *settings.find(name);
    if (!value.spec.animatable || value.null || name == kSmoothing || is_retouching(name)) continue;
    for (MotionSetting& setting : parse_motion(settings, {&value.spec, 1}, variables, problems)) {
      if (name == "learning_rate")
        script.learning_rate = std::move(setting);
      else if (name != "cutouts")
        script.cutting.push_back(std::move(setting));
      else if (value.is_expression())
        script.cutouts = std::move(setting);
    }
  }
  return script;
}

}  // namespace reverie
