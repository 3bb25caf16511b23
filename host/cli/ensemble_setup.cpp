#include "cli/ensemble_setup.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <chrono>
#include <span>

#include "audio/sound_file.h"
#include "losses/choose_losses.h"
#include "plugins/library_folder.h"
#include "settings/limits.h"

namespace reverie {
namespace {

void choose_seed(Settings& settings) {
  if (settings.has("seed")) return;
  SettingValue seed = *settings.find("seed");
  seed.null = false;
  const auto now = static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
  seed.number = static_cast<double>(now % 4'294'967'296);
  settings.set("seed", seed);
}

/// Whether it computes with weights of which none ship with the program.
bool needs_a_download(const PluginFile& plugin) {
  const std::span params(plugin.descriptor->params, plugin.descriptor->param_count);
  return std::any_of(params.begin(), params.end(), [](const ParamSpec& spec) {
    return spec.names == Names::weights && !*spec.fallback_text;
  });
}

constexpr const char* kVideoSink = "video_file";

/// What a run gets that names no estimator, whatever else is installed.
constexpr const char* kUsual[] = {"tiny_depth", "dis", "horn_schunck"};

/// The estimator of this kind that `setting` names or, when it names none, those that a run may get, the
/// usual ones first. What is used by itself must not depend on what somebody has downloaded.
template <typename Estimator>
std::vector<const PluginFile*> candidates(const char* setting, const Settings& settings,
                                          const PluginRegistry& registry) {
  const std::string name = settings.get<std::string>(setting);
  if (!name.empty()) return {&registry.find(Estimator::kKind, name)};
  std::vector<const PluginFile*> all = registry.usable(Estimator::kKind);
  std::erase_if(all, [](const PluginFile* plugin) { return needs_a_download(*plugin); });
  std::stable_partition(all.begin(), all.end(), [](const PluginFile* plugin) {
    return std::find(std::begin(kUsual), std::end(kUsual), plugin->name) != std::end(kUsual);
  });
  return all;
}

/// The first candidate; where that is asked for, one that has gradients. `why` says who needs it.
template <typename Estimator>
Member<Estimator> estimator(const char* setting, const std::string& why, bool with_gradients,
                            const RunSettings& settings, const PluginRegistry& registry, HostServices& host) {
  const std::string name = settings.get<std::string>(setting);
  for (const PluginFile* plugin : candidates<Estimator>(setting, settings, registry)) {
    const MemoryScope memory(title(*plugin));
    auto made = create<Estimator>(*plugin, host, params_for(*plugin, settings), {""});
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
void choose_estimator(const char* setting, bool with_gradients, Basis& basis, const PluginRegistry& registry,
                      std::vector<Problem>& problems) {
  RunSettings& settings = basis.settings;
  const bool named = !settings.get<std::string>(setting).empty();
  collect(problems, settings, setting, [&] {
    for (const PluginFile* plugin : candidates<Estimator>(setting, settings, registry)) {
      if (!named && with_gradients &&
          !create<Estimator>(*plugin, *basis.host, params_for(*plugin, settings), {""})->differentiable())
        continue;
      choose(settings, *plugin, problems);
      const Settings params = params_for(*plugin, settings);
      for (const std::string& name : params.names()) {
        const SettingValue& weights = *params.find(name);
        if (named && weights.spec.names == Names::weights && !weights.text.empty())
          collect(problems, weights.is_default() ? settings : params, weights.is_default() ? setting : name,
                  [&] { basis.host->load_weights(weights.text); });
      }
      return;
    }
  });
}

}  // namespace

Basis make_basis(const Plan& plan, const PluginRegistry& registry, std::vector<Problem>* problems) {
  Basis basis;
  basis.settings = plan.settings;
  choose_seed(basis.settings);
  const Settings& settings = basis.settings;
  HostServices::Options options{settings.get<std::string>("device"),
                                static_cast<std::uint64_t>(settings.get<std::int64_t>("seed")),
                                installation_prefix() / "share/reverie/models",
                                settings.get<std::string>("models_parent_dir"),
                                settings.get<std::string>("precision"),
                                plan.access,
                                plan.networks};
  if (problems) {
    const std::size_t before = problems->size();
    collect(*problems, settings, "device", [&] { choose_device(options.device); });
    if (problems->size() > before) options.device = "cpu";
    collect(*problems, settings, "precision",
            [&] { choose_precision(options.precision, choose_device(options.device)); });
    if (problems->size() > before) options.precision = "fp32";
  }
  basis.host = std::make_unique<HostServices>(options);
  for (const std::string& notice : plan.notices) basis.host->log(LogLevel::warning, notice);
  basis.pictures = std::make_unique<Pictures>(registry, *basis.host, [&plan](const PluginFile& plugin) {
    RunSettings with_it = plan.settings;
    std::vector<Problem> wrong = with_it.problems();
    const auto known = std::ssize(wrong);
    choose(with_it, plugin, wrong);
    wrong.erase(wrong.begin(), wrong.begin() + known);
    if (!wrong.empty()) throw SettingsError(std::move(wrong));
    return params_for(plugin, with_it);
  });
  return basis;
}

void PictureCheck::need(const std::string& path, const std::string& setting, std::int64_t last,
                        const Settings* params) {
  if (path.empty() || !tried_.emplace(path, last).second) return;
  collect(problems_, params ? *params : basis_.settings, setting, [&] {
    // Whoever reads a frame by its time decodes those before.
    const auto source = basis_.pictures->open(path, basis_.settings.get<double>("frames_per_second"));
    if (last > 0) source->read(last);
  });
}

std::unique_ptr<Soundtrack> listen(const Basis& basis, const Plan& plan) {
  const std::string sound = sound_of(basis.settings);
  const MemoryScope memory(kSoundMemory);
  std::vector<std::string> notices;
  std::unique_ptr<Soundtrack> track;
  try {
    const std::filesystem::path path = sound.empty() ? "" : basis.host->resolve_asset(sound);
    if (sound.empty() || plan.sound_filters.empty()) return std::make_unique<Soundtrack>(plan.sound_filters);
    const auto read = [&](const TakeSamples& take) {
      hear_sound(library_folder(installation_prefix()) / "sound_reader.so", path, take, notices);
    };
    track = std::make_unique<Soundtrack>(plan.sound_filters, read, kSoundRate, basis.settings,
                                         plan.script.scenes.size(), *basis.host);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::file) throw;
    const Location& location = basis.settings.find("input_audio")->location;
    const std::string advice = error.advice().empty() ? "" : "; " + error.advice();
    throw SettingsError({{location, "'input_audio': " + std::string(error.what()) + advice}});
  }
  for (const std::string& notice : notices) basis.host->log(LogLevel::warning, notice);
  return track;
}

ImageModel::Setup picture_size(const Basis& basis, const at::Tensor& init_image) {
  const Settings& settings = basis.settings;
  std::int64_t width = settings.get<std::int64_t>("width"), height = settings.get<std::int64_t>("height");
  const auto scaled = [](std::int64_t side, std::int64_t by, std::int64_t over) {
    return std::max<std::int64_t>(1, side * by / over);
  };
  if (width == -1 || height == -1) {
    const at::Tensor shape =
        init_image.defined() ? init_image : basis.pictures->load(settings.get<std::string>("video_path"));
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
    // A mode that works with flows tells what to expect; the flow of others has to be estimated.
    flow_loss =
        flow_loss || traits.flow || (traits.flow_of_moves && plan.animation && !needs.flow && needs.depth);
  }
  return {needs.depth || depth_loss, depth_loss, needs.flow || flow_loss, flow_loss};
}

/// The setting of the first loss that is `so`, for messages.
template <typename Is>
std::string loss_setting(const Plan& plan, const std::vector<Loss::Traits>& losses, const Is& is_so) {
  for (std::size_t i = 0; i < losses.size(); ++i)
    if (is_so(losses[i])) return plan.script.losses[i].setting;
  return "";
}

}  // namespace

void find_for_motion(Basis& basis, const Plan& plan, const PluginRegistry& registry,
                     std::vector<Problem>& problems) {
  const RunSettings& settings = basis.settings;
  AnimationMode::Needs needs;
  if (plan.animation) {
    // What it needs does not depend on the size, which may only follow from a picture.
    const auto side = [&](const char* name) {
      return std::max<std::int64_t>(settings.get<std::int64_t>(name), 1);
    };
    collect(problems, settings, "animation_mode", [&] {
      needs =
          create<AnimationMode>(*plan.animation, *basis.host, params_for(*plan.animation, settings),
                                {{side("width"), side("height")}, settings.get<double>("frames_per_second")})
              ->needs();
    });
  }
  std::vector<Loss::Traits> losses;
  for (const LossTerm& term : plan.script.losses)
    collect(problems, settings, term.setting, [&] {
      losses.push_back(traits_of(term, *basis.host));
      check_traits(term, losses.back(), problems);
    });
  const Estimators estimators = estimators_of(plan, losses, needs);
  if (estimators.depth)
    choose_estimator<DepthEstimator>("depth_model", estimators.depth_loss, basis, registry, problems);
  if (estimators.flow)
    choose_estimator<FlowEstimator>("flow_model", estimators.flow_loss, basis, registry, problems);
  if (needs.video && settings.get<std::string>("video_path").empty())
    problems.push_back({settings.find("animation_mode")->location,
                        "'animation_mode' is '" + settings.get<std::string>("animation_mode") +
                            "', which needs a video, and 'video_path' is empty"});
}

void prepare_motion(Ensemble& ensemble, const Basis& basis, const Plan& plan,
                    const PluginRegistry& registry) {
  const RunSettings& settings = basis.settings;
  HostServices& host = *basis.host;
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
    ensemble.flow = estimator<FlowEstimator>("flow_model", estimators.flow_loss ? flow_for() : who,
                                             estimators.flow_loss, settings, registry, host);
  if (needs.video) {
    const std::string path = settings.get<std::string>("video_path");
    if (path.empty()) throw Error(ErrorKind::settings, who + " needs a video, and 'video_path' is empty");
    ensemble.video = basis.pictures->open(path, frames_per_second);
  }
}

void choose_video_sink(RunSettings& settings, const PluginRegistry& registry,
                       std::vector<Problem>& problems) {
  choose(settings, registry.find(OutputSink::kKind, kVideoSink), problems);
}

std::shared_ptr<OutputSink> make_video_sink(const PluginRegistry& registry, HostServices& host,
                                            const RunSettings& settings, const OutputSink::Setup& setup) {
  const PluginFile& plugin = registry.find(OutputSink::kKind, kVideoSink);
  Settings params = params_for(plugin, settings);
  SettingValue sinks = *params.find("outputs");
  sinks.list = {"png_sequence"};  // whose pictures it then takes for granted
  params.set("outputs", sinks);
  return create<OutputSink>(plugin, host, params, setup);
}

}  // namespace reverie
