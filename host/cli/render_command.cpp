#include <ATen/core/grad_mode.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <iostream>
#include <set>

#include "audio/sound_file.h"
#include "cli/program.h"
#include "engine/backup.h"
#include "engine/host_services.h"
#include "engine/outputs.h"
#include "engine/progress.h"
#include "engine/render.h"
#include "engine/timeline.h"
#include "media/footage.h"
#include "media/pictures.h"
#include "models/catalogue.h"
#include "settings/limits.h"

namespace reverie {
namespace {

extern "C" void on_interrupt(int signal) {
  interrupted = true;
  std::signal(signal, SIG_DFL);  // a second Ctrl-C ends the program at once
}

/// The settings that switch on OpenAI's models; each is an alias in the catalogue.
constexpr const char* kPerceptorFlags[] = {"ViTB32", "ViTB16", "ViTL14",  "ViTL14_336px", "RN50",
                                           "RN101",  "RN50x4", "RN50x16", "RN50x64"};

/// What a run will be made of: every plugin and weights file found, nothing of them created yet.
struct Cast {
  Settings settings;  ///< with seed, perceptors and weights filled in
  std::unique_ptr<HostServices> host;
  std::unique_ptr<Pictures> pictures;
  std::unique_ptr<Soundtrack> sound;
  std::vector<const PluginFile*> sinks;
  std::vector<std::pair<const PluginFile*, Perceptor::Setup>> perceptors;
};

void choose_seed(Settings& settings) {
  if (settings.has("seed")) return;
  SettingValue seed = *settings.find("seed");
  seed.null = false;
  const auto now = static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
  seed.number = static_cast<double>(now % 4'294'967'296);
  settings.set("seed", seed);
}

/// The perceptor plugin that understands a file.
const PluginFile& plugin_for(const PluginRegistry& registry, const Weights& weights) {
  for (const PluginFile* plugin : registry.usable(Perceptor::kKind))
    if (plugin->descriptor->accepts && plugin->descriptor->accepts(&weights)) return *plugin;
  std::string message = "no installed perceptor understands the weights '" + weights.origin() + "'";
  // The one that would have may be there, but damaged.
  for (const PluginFile& file : registry.files())
    if (file.kind == Perceptor::kKind && file.state == PluginFile::State::rejected)
      message += "; '" + file.path.string() + "' cannot be used: " + file.reason;
  throw Error(ErrorKind::model, message, "reverie plugins list shows the perceptors");
}

std::string joined(const std::vector<std::string>& words) {
  std::string result;
  for (const std::string& word : words) result += (result.empty() ? "" : ", ") + word;
  return result;
}

/// Whether the command line switches a model off by its flag.
bool switched_off(const Settings& settings, const std::string& name) {
  const CatalogueEntry* model = find_model(name);
  return model && std::any_of(std::begin(kPerceptorFlags), std::end(kPerceptorFlags), [&](const char* flag) {
           return find_model(flag) == model && !settings.get<bool>(flag) &&
                  settings.find(flag)->location.file == "command line";
         });
}

/// The names of the models that judge: those of the list, those that are switched on, or the default.
std::vector<std::string> perceptor_names(const Settings& settings, HostServices& host) {
  std::vector<std::string> names = settings.get<std::vector<std::string>>("perceptors");
  // The flags in the list's own file are no answer to it: saved settings hold the list and no flag that is
  // on.
  if (settings.find("perceptors")->location.file != "command line")
    std::erase_if(names, [&](const std::string& name) { return switched_off(settings, name); });
  const bool named = !names.empty();
  const auto add = [&](const CatalogueEntry& model) {
    for (const std::string& name : names)
      if (find_model(name) == &model) return;
    names.push_back(model.name);
  };
  const CatalogueEntry* by_default = nullptr;
  for (const char* flag : kPerceptorFlags) {
    if (!settings.get<bool>(flag)) continue;
    const CatalogueEntry* model = find_model(flag);
    settings.find(flag)->is_default() ? void(by_default = model) : add(*model);
  }
  if (by_default && !named &&
      std::filesystem::exists(model_path(*by_default, settings.get<std::string>("models_parent_dir"))))
    add(*by_default);
  if (!names.empty()) return names;
  names = host.shipped_models();
  if (names.empty())
    throw Error(ErrorKind::file, "no perceptor is chosen and no models came with the program",
                "reverie models fetch ViT-B/32, or name a weights file in the setting 'perceptors'");
  host.log(LogLevel::info, "no perceptor is chosen; using the shipped ones: " + joined(names));
  return names;
}

void choose_perceptors(Cast& cast, const PluginRegistry& registry) {
  SettingValue chosen = *cast.settings.find("perceptors");
  chosen.list = perceptor_names(cast.settings, *cast.host);
  for (const std::string& name : chosen.list) {
    const auto weights = cast.host->load_weights(name);
    cast.perceptors.emplace_back(&plugin_for(registry, *weights), Perceptor::Setup{name, weights});
  }
  // What was used is written down by name, so that a rerun does not depend on what is installed then.
  cast.settings.set("perceptors", chosen);
  for (const char* flag : kPerceptorFlags) {
    SettingValue off = *cast.settings.find(flag);
    off.number = 0;
    off.location = {"chosen", 0};  // no default any more
    cast.settings.set(flag, off);
  }
}

/// Weights that the image model names: where nobody chose and the default's are not installed, the shipped
/// ones take their place.
void choose_weights(Cast& cast, const PluginFile& model) {
  for (const ParamSpec& spec : std::span(model.descriptor->params, model.descriptor->param_count)) {
    if (spec.names != Names::weights) continue;
    SettingValue value = *cast.settings.find(spec.name);
    try {
      cast.host->load_weights(value.text);
      continue;
    } catch (const Error& error) {
      // One that is there, but cannot be used, is not silently replaced.
      const CatalogueEntry* published = find_model(value.text);
      const bool absent =
          error.kind() == ErrorKind::file &&
          !(published && std::filesystem::exists(
                             model_path(*published, cast.settings.get<std::string>("models_parent_dir"))));
      if (!absent || !value.is_default() || !*spec.fallback_text) throw;
    }
    cast.host->log(LogLevel::info, std::string(spec.name) + ": '" + value.text +
                                       "' is not installed; using the shipped '" + spec.fallback_text + "'");
    value.text = spec.fallback_text;
    value.location = {"chosen", 0};  // no default any more: a rerun must not depend on what is installed then
    cast.settings.set(spec.name, value);
  }
}

/// Finds every picture and video that the settings name, and says all that are missing at once.
void find_pictures(const Cast& cast, const Plan& plan) {
  std::vector<Problem> problems;
  std::set<std::string> tried;
  const auto need = [&](const std::string& path, const std::string& setting) {
    if (path.empty() || !tried.insert(path).second) return;
    try {
      cast.pictures->open(path);
    } catch (const Error& error) {
      const SettingValue* value = cast.settings.find(setting);
      problems.push_back(
          {value ? value->location : Location{},
           "'" + setting + "': " + error.what() + (error.advice().empty() ? "" : "; " + error.advice())});
    }
  };
  // First of all: the weights beside it name it, too.
  need(cast.settings.get<std::string>("init_image"), "init_image");
  for (const Scene& scene : plan.script.scenes)
    for (const Prompt& prompt : scene.prompts) {
      if (prompt.picture && prompt.when != When::after_moves) need(prompt.text, prompt.setting);
      if (prompt.mask.kind == PromptMask::Kind::picture || prompt.mask.kind == PromptMask::Kind::video)
        need(prompt.mask.what, prompt.setting);
    }
  for (const DirectPrompt& prompt : plan.script.direct) {
    if (prompt.when != When::after_moves) need(prompt.path, prompt.setting);
    need(prompt.mask, prompt.setting);
  }
  if (plan.animation) need(cast.settings.get<std::string>("video_path"), "video_path");
  const PluginDescriptor& model = *plan.image_model->descriptor;
  for (const ParamSpec& spec : std::span(model.params, model.param_count))
    if (spec.names == Names::image) need(cast.settings.find(spec.name)->text, spec.name);
  if (!problems.empty()) throw Error(ErrorKind::settings, report(problems), "nothing was rendered");
}

/// Analyses the sound that the settings name, whole: what is wrong with it is known before anything is
/// loaded.
std::unique_ptr<Soundtrack> listen(const Cast& cast, const Plan& plan) {
  const std::string sound = sound_of(cast.settings);
  std::vector<float> samples;
  std::vector<std::string> notices;
  try {
    const std::filesystem::path path = sound.empty() ? "" : cast.host->resolve_asset(sound);
    if (sound.empty() || plan.sound_filters.empty()) return std::make_unique<Soundtrack>(plan.sound_filters);
    samples = read_sound(installation_prefix() / "lib/reverie/sound_reader.so", path, notices);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::file) throw;
    const Location& location = cast.settings.find("input_audio")->location;
    throw Error(ErrorKind::settings, report({{location, "'input_audio': " + std::string(error.what())}}),
                error.advice());
  }
  for (const std::string& notice : notices) cast.host->log(LogLevel::warning, notice);
  return std::make_unique<Soundtrack>(plan.sound_filters, samples, kSoundRate, cast.settings, *cast.host);
}

Cast choose_cast(const Plan& plan, const PluginRegistry& registry) {
  Cast cast;
  cast.settings = plan.settings;
  choose_seed(cast.settings);
  const Settings& settings = cast.settings;
  cast.host = std::make_unique<HostServices>(HostServices::Options{
      settings.get<std::string>("device"), static_cast<std::uint64_t>(settings.get<std::int64_t>("seed")),
      installation_prefix() / "share/reverie/models", settings.get<std::string>("models_parent_dir"),
      settings.get<std::string>("precision")});
  for (const std::string& notice : plan.notices) cast.host->log(LogLevel::warning, notice);
  // Every plugin is found before any weights are opened.
  for (const std::string& name : settings.get<std::vector<std::string>>("outputs"))
    cast.sinks.push_back(&registry.find(OutputSink::kKind, name));
  if (cast.sinks.empty())
    throw Error(ErrorKind::settings, "'outputs' is empty: the pictures would go nowhere");
  cast.pictures = std::make_unique<Pictures>(
      registry, *cast.host, [&plan](const PluginFile& plugin) { return params_for(plugin, plan.settings); });
  find_pictures(cast, plan);
  cast.sound = listen(cast, plan);
  choose_weights(cast, *plan.image_model);
  choose_perceptors(cast, registry);

  std::vector<const PluginFile*> plugins = cast.sinks;
  plugins.push_back(plan.image_model);
  if (plan.animation) plugins.push_back(plan.animation);
  for (const auto& [plugin, setup] : cast.perceptors) plugins.push_back(plugin);
  for (const PluginFile* plugin : plugins)
    for (const std::string& warning : plugin->warnings)
      cast.host->log(LogLevel::warning, plugin->path.string() + ": " + warning);
  return cast;
}

std::string title(const PluginFile& plugin) { return plugin.kind + "/" + plugin.name; }

/// Closes every sink; the first that fails is told.
void close_all(const Ensemble& ensemble) {
  std::exception_ptr failure;
  for (const auto& [name, sink] : ensemble.sinks) {
    try {
      sink->close();
    } catch (...) {
      if (!failure) failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
}

/// The settings' width and height; one that is -1 follows from the init image's shape.
ImageModel::Setup picture_size(const Settings& settings, const at::Tensor& init_image) {
  std::int64_t width = settings.get<std::int64_t>("width"), height = settings.get<std::int64_t>("height");
  const auto scaled = [](std::int64_t side, std::int64_t by, std::int64_t over) {
    return std::max<std::int64_t>(1, side * by / over);
  };
  if (width == -1) width = scaled(height, init_image.size(3), init_image.size(2));
  if (height == -1) height = scaled(width, init_image.size(2), init_image.size(3));
  if (width > kLargestSide || height > kLargestSide)
    throw Error(ErrorKind::settings, "the init image's shape makes a picture of " + std::to_string(width) +
                                         "x" + std::to_string(height) + ", more than " +
                                         std::to_string(kLargestSide) + " on a side");
  return {width, height};
}

/// The estimator of this kind that `setting` names or, when it names none, the first that is installed and,
/// where that is asked for, has gradients. `why` says who needs it.
template <typename Estimator>
Member<Estimator> estimator(const char* setting, const std::string& why, bool with_gradients,
                            const Settings& settings, const PluginRegistry& registry, HostServices& host) {
  const std::string name = settings.get<std::string>(setting);
  std::vector<const PluginFile*> all = registry.usable(Estimator::kKind);
  if (!name.empty()) all = {&registry.find(Estimator::kKind, name)};
  for (const PluginFile* plugin : all) {
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

/// The animation mode and what it needs.
void prepare_motion(Ensemble& ensemble, const Cast& cast, const Plan& plan, const PluginRegistry& registry) {
  if (!plan.animation) return;
  const Settings& settings = cast.settings;
  HostServices& host = *cast.host;
  const double frames_per_second = settings.get<double>("frames_per_second");
  ImageSize size;
  {
    const at::NoGradGuard no_grad;
    const at::Tensor picture = ensemble.model.instance->decode();
    size = {picture.size(3), picture.size(2)};
  }
  const std::string& mode = plan.animation->name;
  ensemble.animation = {title(*plan.animation),
                        create<AnimationMode>(*plan.animation, host, params_for(*plan.animation, settings),
                                              {size, frames_per_second})};
  const AnimationMode::Needs needs = ensemble.animation.instance->needs();
  const auto stabilises = [&](DirectPrompt::Measure measure) {
    return std::any_of(plan.script.direct.begin(), plan.script.direct.end(),
                       [&](const DirectPrompt& prompt) { return prompt.measure == measure; });
  };
  const std::string who = "the animation mode " + mode;
  const bool depth_loss = stabilises(DirectPrompt::Measure::depth);
  if (needs.depth || depth_loss)
    ensemble.depth = estimator<DepthEstimator>("depth_model", depth_loss ? "depth_stabilization_weight" : who,
                                               depth_loss, settings, registry, host);
  // A mode that works with flows tells what to expect; the flow of others has to be estimated.
  const bool flow_loss = stabilises(DirectPrompt::Measure::flow) && !needs.flow && needs.depth;
  if (needs.flow || flow_loss)
    ensemble.flow = estimator<FlowEstimator>("flow_model", flow_loss ? "flow_stabilization_weight" : who,
                                             flow_loss, settings, registry, host);
  if (needs.video) {
    const std::string path = settings.get<std::string>("video_path");
    if (path.empty())
      throw Error(ErrorKind::settings,
                  "the animation mode " + mode + " needs a video, and 'video_path' is empty");
    ensemble.video = cast.pictures->open(path, frames_per_second);
  }
}

/// The newest backup that is whole.
std::pair<std::int64_t, Backup> read_backup_of(const Backups& backups, HostServices& host,
                                               const OutputNames& output) {
  std::vector<std::string> notices;
  auto newest = backups.newest(notices);
  for (const std::string& notice : notices) host.log(LogLevel::warning, notice);
  if (!newest)
    throw Error(ErrorKind::file, "no backup of the run '" + output.base + "' can be read",
                "render it anew, without restore");
  host.log(LogLevel::info,
           "continuing '" + output.base + "' from its backup number " + std::to_string(newest->first));
  return std::move(*newest);
}

}  // namespace

int check_command(const Plan& plan, const PluginRegistry& registry) {
  choose_cast(plan, registry);
  std::cout << "no problems found\n";
  return 0;
}

int render_command(const Plan& plan, const PluginRegistry& registry, RunReport* report) {
  std::signal(SIGINT, on_interrupt);
  std::signal(SIGTERM, on_interrupt);
  Cast cast = choose_cast(plan, registry);
  const Settings& settings = cast.settings;
  HostServices& host = *cast.host;

  const std::string file_namespace = settings.get<std::string>("file_namespace");
  const bool overwrites = settings.get<bool>("allow_overwrite") && !plan.restored;
  std::optional<Reservation> reservation;
  if (!overwrites && !plan.restored) reservation.emplace(file_namespace);
  const OutputNames output = plan.restored ? *plan.restored
                             : reservation ? reservation->names()
                                           : choose_output(file_namespace, true);
  const auto kept = parse_backups_setting(settings.get<std::string>("backups"));
  Backups backups(file_namespace, output.base, kept);
  std::optional<std::pair<std::int64_t, Backup>> backup;
  if (plan.restored) backup = read_backup_of(backups, host, output);

  Ensemble ensemble;
  for (const auto& [plugin, setup] : cast.perceptors)
    ensemble.perceptors.push_back({title(*plugin) + " with " + setup.name,
                                   create<Perceptor>(*plugin, host, params_for(*plugin, settings), setup)});
  cast.perceptors.clear();  // the weights' files need not stay open
  at::Tensor init_image;
  if (const auto path = settings.get<std::string>("init_image"); !path.empty())
    init_image = host.load_image(path);
  ensemble.model = {title(*plan.image_model),
                    create<ImageModel>(*plan.image_model, host, params_for(*plan.image_model, settings),
                                       picture_size(settings, init_image))};
  prepare_motion(ensemble, cast, plan, registry);
  if (!backup) {
    if (!init_image.defined() && ensemble.animation.instance)
      if (const auto first = ensemble.animation.instance->first_image(tools_of(ensemble)))
        init_image = *first;
    ensemble.model.instance->randomise();
    if (init_image.defined()) ensemble.model.instance->encode(init_image);
  }
  init_image = at::Tensor();
  const double frames_per_second = settings.get<double>("frames_per_second");
  Render render(
      host, ensemble, settings, plan.script,
      [&](const std::string& path) { return Footage(cast.pictures->open(path, frames_per_second)); },
      kept == 0 ? nullptr : &backups, cast.sound.get());
  const std::int64_t saved = backup ? backup->first : 0;
  if (backup) {
    render.restore(backup->second);
    backup.reset();
  } else if (overwrites) {
    backups.remove_all();  // a name that was free had none
  }

  const std::string json = settings_json(settings);
  const std::int64_t early = Timeline(settings).early_pictures(settings.get<std::int64_t>("save_every"));
  for (const PluginFile* plugin : cast.sinks)
    ensemble.sinks.push_back({title(*plugin), create<OutputSink>(*plugin, host, params_for(*plugin, settings),
                                                                 {output.folder, output.base,
                                                                  frames_per_second, json, saved, early})});
  write_file(output.folder / (output.base + "_settings.txt"), json);

  RenderResult result;
  {
    Progress progress(
        settings.get<std::int64_t>("steps_per_scene") * static_cast<std::int64_t>(plan.script.scenes.size()),
        ::isatty(STDERR_FILENO) != 0, render.moment().steps);
    try {
      result = render.run(progress);
    } catch (...) {
      close_all(ensemble);
      throw;
    }
  }
  close_all(ensemble);
  const std::int64_t steps = result.moment.steps, frames = result.moment.frames;
  std::cout << (result.interrupted ? "interrupted after " : "done: ") << steps << " steps, " << frames
            << (frames == 1 ? " picture in " : " pictures in ") << output.folder.string() << "/\n";
  if (!result.last_frame.empty()) std::cout << result.last_frame.string() << "\n";
  if (report) *report = {frames, output.folder.string() + "/"};
  const auto next = result.interrupted && plan.alone ? newest_run(file_namespace) : std::nullopt;
  if (next && next->base == output.base)
    std::cerr << "reverie: the same command with --restore goes on from there\n";
  return result.interrupted ? 130 : 0;
}

}  // namespace reverie
