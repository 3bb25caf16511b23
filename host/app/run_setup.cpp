#include "app/run_setup.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cstdio>
#include <span>

#include "app/draw_prompts.h"
#include "audio/sound_file.h"
#include "engine/cadence.h"
#include "engine/timeline.h"
#include "losses/choose_losses.h"
#include "reverie/varying_parameters.h"
#include "settings/limits.h"

namespace reverie::app {

using audio::hear_sound;
using audio::kSoundRate;
using audio::sound_of;
using audio::Soundtrack;
using audio::TakeSamples;
using engine::choose_device;
using engine::choose_precision;
using engine::has_cadence;
using engine::HostServices;
using engine::kCadence;
using engine::kSoundMemory;
using engine::Member;
using engine::MemoryScope;
using engine::RunPlugins;
using engine::Timeline;
using media::Pictures;

namespace {

/// Whether it computes with weights of which none ship with the program.
bool needs_a_download(const PluginFile& plugin) {
  const std::span params(plugin.descriptor->params, plugin.descriptor->param_count);
  return std::any_of(params.begin(), params.end(), [](const ParamSpec& spec) {
    return spec.asset == AssetKind::weights && !*spec.fallback_text;
  });
}

/// The role of the sink that makes videos of finished pictures.
constexpr const char* kEncodes = "encode";

/// The estimator of this kind that `setting` names or, when it names none, those that a run may get, the
/// ones with that role first. What is used by itself must not depend on what somebody has downloaded.
template <typename Estimator>
std::vector<const PluginFile*> candidates(const char* setting, const Settings& settings,
                                          const PluginRegistry& registry) {
  const std::string name = settings.get<std::string>(setting);
  if (!name.empty()) return {&registry.find(Estimator::kKind, name)};
  std::vector<const PluginFile*> all = registry.all_with_role(Estimator::kKind, setting);
  for (const PluginFile* plugin : registry.usable(Estimator::kKind))
    if (!plugin->has_role(setting)) all.push_back(plugin);
  std::erase_if(all, [](const PluginFile* plugin) { return needs_a_download(*plugin); });
  return all;
}

/// The first candidate; where that is asked for, one that has gradients. `why` says who needs it.
template <typename Estimator>
Member<Estimator> estimator(const char* setting, const std::string& why, bool with_gradients,
                            const RunSettings& settings, const PluginRegistry& registry, HostServices& host) {
  const std::string name = settings.get<std::string>(setting);
  for (const PluginFile* plugin : candidates<Estimator>(setting, settings, registry)) {
    const MemoryScope memory(title(*plugin));
    auto made = create<Estimator>(*plugin, host, params_for(*plugin, settings), {});
    if (with_gradients && !made->differentiable()) continue;
    if (name.empty()) host.log(LogLevel::info, std::string(setting) + ": using " + plugin->name);
    return {title(*plugin), std::move(made)};
  }
  const std::string what =
      std::string("plugin of the kind ") + Estimator::kKind + (with_gradients ? " with gradients" : "");
  if (!name.empty())
    throw Error(ErrorKind::settings,
                "'" + std::string(setting) + "' is '" + name + "', but " + why + " needs a " + what);
  throw Error(ErrorKind::plugin, why + " needs a " + what + ", and none is installed",
              "install one; reverie plugins list shows what there is");
}

/// Puts the parameters of the estimator in force that estimator() will find, and finds the weights of one
/// that `setting` names.
template <typename Estimator>
void choose_estimator(const char* setting, bool with_gradients, RunContext& context,
                      const PluginRegistry& registry, std::vector<Problem>& problems) {
  RunSettings& settings = context.settings;
  const bool named = !settings.get<std::string>(setting).empty();
  collect(problems, settings, setting, [&] {
    for (const PluginFile* plugin : candidates<Estimator>(setting, settings, registry)) {
      if (!named && with_gradients &&
          !create<Estimator>(*plugin, *context.host, params_for(*plugin, settings), {})->differentiable())
        continue;
      choose(settings, *plugin, problems);
      const Settings params = params_for(*plugin, settings);
      for (const std::string& name : params.names()) {
        const SettingValue& weights = *params.find(name);
        if (named && weights.spec.asset == AssetKind::weights && !weights.text.empty())
          collect(problems, weights.is_default() ? settings : params, weights.is_default() ? setting : name,
                  [&] { context.host->load_weights(weights.text); });
      }
      return;
    }
  });
}

/// Of plugins that are chosen by what a file holds.
ParamsOf params_of_readers(const Plan& plan) {
  return [&plan](const PluginFile& plugin) {
    RunSettings with_it = plan.settings;
    std::vector<Problem> wrong = with_it.problems();
    const auto known = std::ssize(wrong);
    choose(with_it, plugin, wrong);
    wrong.erase(wrong.begin(), wrong.begin() + known);
    if (!wrong.empty()) throw SettingsError(std::move(wrong));
    return params_for(plugin, with_it);
  };
}

}  // namespace

RunContext make_run_context(const Plan& plan, const PluginRegistry& registry,
                            std::vector<Problem>* problems) {
  RunContext context;
  context.settings = plan.settings;
  choose_seed(context.settings);
  const Settings& settings = context.settings;
  HostServices::Options options{settings.get<std::string>("device"),
                                static_cast<std::uint64_t>(settings.get<std::int64_t>("seed")),
                                installation_prefix() / "share/reverie/models",
                                settings.get<std::string>("models_parent_dir"),
                                settings.get<std::string>("precision"),
                                plan.access,
                                plan.networks,
                                plan.beside};
  if (problems) {
    const std::size_t before = problems->size();
    collect(*problems, settings, "device", [&] { choose_device(options.device); });
    if (problems->size() > before) options.device = "cpu";
    collect(*problems, settings, "precision",
            [&] { choose_precision(options.precision, choose_device(options.device)); });
    if (problems->size() > before) options.precision = "fp32";
  }
  context.host = std::make_unique<HostServices>(options);
  for (const std::string& notice : plan.notices) context.host->log(LogLevel::warning, notice);
  context.pictures = std::make_unique<Pictures>(registry, *context.host, params_of_readers(plan));
  return context;
}

void PictureCheck::need(const std::string& path, const std::string& setting, std::int64_t last,
                        const Settings* params) {
  if (path.empty() || !tried_.emplace(path, last).second) return;
  collect(problems_, params ? *params : context_.settings, setting, [&] {
    // Whoever reads a frame by its time decodes those before.
    const auto source = context_.pictures->open(path, context_.settings.get<double>("frames_per_second"));
    if (last > 0) source->read(last);
  });
}

std::unique_ptr<Soundtrack> listen(const RunContext& context, const Plan& plan,
                                   const PluginRegistry& registry) {
  const std::string sound = sound_of(context.settings);
  const MemoryScope memory(kSoundMemory);
  std::vector<std::string> notices;
  std::unique_ptr<Soundtrack> track;
  try {
    const std::filesystem::path path = sound.empty() ? "" : context.host->resolve_asset(sound);
    if (sound.empty() || plan.sound_filters.empty()) return std::make_unique<Soundtrack>(plan.sound_filters);
    const auto read = [&](const TakeSamples& take) {
      hear_sound(registry, *context.host, params_of_readers(plan), path, take, notices);
    };
    track = std::make_unique<Soundtrack>(plan.sound_filters, read, kSoundRate, context.settings,
                                         plan.script.scenes.size(), *context.host);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::file) throw;
    const Location& location = context.settings.find("input_audio")->location;
    const std::string advice = error.advice().empty() ? "" : "; " + error.advice();
    throw SettingsError({{location, "'input_audio': " + std::string(error.what()) + advice}});
  }
  for (const std::string& notice : notices) context.host->log(LogLevel::warning, notice);
  return track;
}

ImageModel::Setup picture_size(const RunContext& context, const at::Tensor& init_image) {
  const Settings& settings = context.settings;
  std::int64_t width = settings.get<std::int64_t>("width"), height = settings.get<std::int64_t>("height");
  const auto scaled = [](std::int64_t side, std::int64_t by, std::int64_t over) {
    return std::max<std::int64_t>(1, side * by / over);
  };
  if (width == -1 || height == -1) {
    const at::Tensor shape =
        init_image.defined() ? init_image : context.pictures->load(settings.get<std::string>("video_path"));
    if (width == -1) width = scaled(height, shape.size(3), shape.size(2));
    if (height == -1) height = scaled(width, shape.size(2), shape.size(3));
  }
  if (width > kLargestSide || height > kLargestSide)
    throw Error(ErrorKind::settings, "the shape of the init image or video makes a picture of " +
                                         std::to_string(width) + "x" + std::to_string(height) +
                                         ", more than " + std::to_string(kLargestSide) + " on a side");
  return {width, height};
}

namespace {

/// Which estimators a run needs, and whether one has to have gradients.
struct Estimators {
  bool depth, depth_loss, flow, flow_loss;
};

Estimators estimators_of(const Plan& plan, const std::vector<Loss::Traits>& losses,
                         const AnimationMode::Needs& needs) {
  bool depth_loss = false, flow_loss = false;
  for (const Loss::Traits& traits : losses) {
    depth_loss = depth_loss || traits.depth;
    // A mode that works with flows gives the expected one; for other modes it has to be estimated.
    flow_loss =
        flow_loss || traits.flow || (traits.flow_of_moves && plan.animation && !needs.flow && needs.depth);
  }
  return {needs.depth || depth_loss, depth_loss, needs.flow || flow_loss || has_cadence(plan.script),
          flow_loss};
}

/// The setting of the first loss that is `so`, for messages.
template <typename Is>
std::string loss_setting(const Plan& plan, const std::vector<Loss::Traits>& losses, const Is& is_so) {
  for (std::size_t i = 0; i < losses.size(); ++i)
    if (is_so(losses[i])) return plan.script.losses[i].setting;
  return "";
}

/// "near_plane = 3, far_plane = 2": of single numbers.
std::string present(const FrameContext& now, const std::vector<const MotionSetting*>& settings) {
  std::string text;
  for (const MotionSetting* setting : settings) {
    const auto found = now.parameters.find(setting->name);
    if (found == now.parameters.end() || found->second.size() != 1) continue;
    char number[32];
    std::snprintf(number, sizeof number, "%g", found->second[0]);
    text += (text.empty() ? "" : ", ") + setting->name + " = " + number;
  }
  return text;
}

/// Values that vary may not go together at some frame (a nearest depth behind the farthest).
void try_parameters(AnimationMode& mode, const Plan& plan, const RunSettings& settings,
                    std::vector<Problem>& problems) {
  auto* varying = extension_of<VaryingParameters>(mode);
  std::vector<const MotionSetting*> tried;
  bool any_varies = false;
  for (const MotionSetting& setting : plan.script.motion) {
    if (*setting.spec.variables) continue;
    if (setting.expression.is_measured()) return;  // nobody knows
    tried.push_back(&setting);
    any_varies = any_varies || !setting.expression.is_constant();
  }
  if (!varying || !any_varies) return;
  constexpr std::int64_t kMost = 2'000;
  const Timeline timeline(settings, std::ssize(plan.script.scenes));
  const std::int64_t last = timeline.frame_of(timeline.steps_per_scene * timeline.scenes - 1);
  Warnings quiet(false);
  for (std::int64_t frame = 1; frame <= last; frame += std::max<std::int64_t>(1, last / kMost)) {
    FrameContext now;
    now.step = timeline.first_step(frame);
    now.frame = frame - 1;
    now.t = timeline.seconds(frame);
    const std::map<std::string, double> values = timeline.values(now.step, {});
    const MotionSetting* at_fault = nullptr;
    try {
      for (const MotionSetting* setting : tried) {
        now.parameters[setting->name] = numbers_of(*setting, values, quiet);
        if (!setting->expression.is_constant() && !at_fault) at_fault = setting;
      }
    } catch (const Error&) {
      continue;  // a value that is wrong by itself is for try_moments()
    }
    try {
      const std::string name = title(*plan.animation);
      const PluginCall call(name.c_str(), "set_parameters()");
      varying->set_parameters(now);
    } catch (const Error& error) {
      const SettingValue* value = settings.find_param(title(*plan.animation), at_fault->name);
      problems.push_back({value ? value->location : Location{},
                          std::string(error.what()) + ", at t = " + std::to_string(now.t) + " (move " +
                              std::to_string(frame) + "): " + present(now, tried)});
      return;
    }
  }
}

}  // namespace

void find_for_motion(RunContext& context, const Plan& plan, const PluginRegistry& registry,
                     std::vector<Problem>& problems) {
  const RunSettings& settings = context.settings;
  AnimationMode::Needs needs;
  if (plan.animation) {
    // What it needs does not depend on the size, which may only follow from a picture.
    const auto side = [&](const char* name) {
      return std::max<std::int64_t>(settings.get<std::int64_t>(name), 1);
    };
    collect(problems, settings, "animation_mode", [&] {
      const auto mode =
          create<AnimationMode>(*plan.animation, *context.host, params_for(*plan.animation, settings),
                                {{side("width"), side("height")}, settings.get<double>("frames_per_second")});
      needs = mode->needs();
      try_parameters(*mode, plan, settings, problems);
    });
  }
  std::vector<Loss::Traits> losses;
  for (const LossTerm& term : plan.script.losses)
    collect(problems, settings, term.setting, [&] {
      losses.push_back(traits_of(term, *context.host));
      check_traits(term, losses.back(), problems);
    });
  const Estimators estimators = estimators_of(plan, losses, needs);
  if (estimators.depth)
    choose_estimator<DepthEstimator>("depth_model", estimators.depth_loss, context, registry, problems);
  if (estimators.flow)
    choose_estimator<FlowEstimator>("flow_model", estimators.flow_loss, context, registry, problems);
  if (needs.video && settings.get<std::string>("video_path").empty())
    problems.push_back({settings.find("animation_mode")->location,
                        "'animation_mode' is '" + settings.get<std::string>("animation_mode") +
                            "', which needs a video, and 'video_path' is empty"});
}

void prepare_motion(RunPlugins& ensemble, const RunContext& context, const Plan& plan,
                    const PluginRegistry& registry) {
  const RunSettings& settings = context.settings;
  HostServices& host = *context.host;
  const double frames_per_second = settings.get<double>("frames_per_second");
  std::string who;
  AnimationMode::Needs needs;
  if (plan.animation) {
    ImageSize size;
    {
      const at::NoGradGuard no_grad;
      const at::Tensor picture = ensemble.model.instance->decode();
      size = {picture.size(3), picture.size(2)};
    }
    const MemoryScope memory(title(*plan.animation));
    ensemble.animation = {title(*plan.animation),
                          create<AnimationMode>(*plan.animation, host, params_for(*plan.animation, settings),
                                                {size, frames_per_second})};
    who = "the animation mode " + plan.animation->name;
    needs = ensemble.animation.instance->needs();
  }
  std::vector<Loss::Traits> losses;
  for (const LossTerm& term : plan.script.losses) losses.push_back(traits_of(term, host));
  const Estimators estimators = estimators_of(plan, losses, needs);
  const auto depth_for = [&] { return loss_setting(plan, losses, [](auto traits) { return traits.depth; }); };
  const auto flow_for = [&] {
    return loss_setting(plan, losses, [](auto traits) { return traits.flow || traits.flow_of_moves; });
  };
  if (estimators.depth)
    ensemble.depth = estimator<DepthEstimator>("depth_model", estimators.depth_loss ? depth_for() : who,
                                               estimators.depth_loss, settings, registry, host);
  if (estimators.flow)
    ensemble.flow = estimator<FlowEstimator>("flow_model",
                                             estimators.flow_loss ? flow_for()
                                             : needs.flow         ? who
                                                                  : kCadence,
                                             estimators.flow_loss, settings, registry, host);
  if (needs.video) {
    const std::string path = settings.get<std::string>("video_path");
    if (path.empty()) throw Error(ErrorKind::settings, who + " needs a video, and 'video_path' is empty");
    ensemble.video = context.pictures->open(path, frames_per_second);
  }
}

void choose_flow_estimator(RunContext& context, const PluginRegistry& registry,
                           std::vector<Problem>& problems) {
  choose_estimator<FlowEstimator>("flow_model", false, context, registry, problems);
}

Member<FlowEstimator> make_flow_estimator(const RunContext& context, const PluginRegistry& registry) {
  return estimator<FlowEstimator>("flow_model", "this command", false, context.settings, registry,
                                  *context.host);
}

void choose_depth_estimator(RunContext& context, const PluginRegistry& registry,
                            std::vector<Problem>& problems) {
  choose_estimator<DepthEstimator>("depth_model", false, context, registry, problems);
}

Member<DepthEstimator> make_depth_estimator(const RunContext& context, const PluginRegistry& registry) {
  return estimator<DepthEstimator>("depth_model", "this command", false, context.settings, registry,
                                   *context.host);
}

void choose_video_sink(RunSettings& settings, const PluginRegistry& registry,
                       std::vector<Problem>& problems) {
  choose(settings, registry.with_role(OutputSink::kKind, kEncodes), problems);
}

void choose_for_video(
    RunContext& context, const PluginRegistry& registry,
    const std::function<void(RunContext&, const PluginRegistry&, std::vector<Problem>&)>& choose_other) {
  std::vector<Problem> problems;
  choose_video_sink(context.settings, registry, problems);
  choose_other(context, registry, problems);
  if (!problems.empty()) throw SettingsError(std::move(problems));
}

std::shared_ptr<OutputSink> make_video_sink(const PluginRegistry& registry, HostServices& host,
                                            const RunSettings& settings, const OutputSink::Setup& setup) {
  const PluginFile& plugin = registry.with_role(OutputSink::kKind, kEncodes);
  Settings params = params_for(plugin, settings);
  if (const SettingValue* sinks = params.find("outputs")) {
    SettingValue as_always = *sinks;
    as_always.list = {registry.with_role(OutputSink::kKind, "outputs").name};  // which keeps the pictures
    params.set("outputs", as_always);
  }
  return create<OutputSink>(plugin, host, params, setup);
}

}  // namespace reverie::app
