#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "cli/ensemble_setup.h"
#include "engine/backup.h"
#include "engine/outputs.h"
#include "engine/progress.h"
#include "engine/render.h"
#include "engine/timeline.h"
#include "media/footage.h"
#include "models/catalogue.h"

namespace reverie {
namespace {

/// The settings that switch on OpenAI's models; each is an alias in the catalogue.
constexpr const char* kPerceptorFlags[] = {"ViTB32", "ViTB16", "ViTL14",  "ViTL14_336px", "RN50",
                                           "RN101",  "RN50x4", "RN50x16", "RN50x64"};

/// What a run will be made of: every plugin and weights file found, nothing of them created yet.
struct Cast : Basis {  // its settings with perceptors and weights filled in, too
  std::unique_ptr<Soundtrack> sound;
  std::vector<const PluginFile*> sinks;
  std::vector<std::pair<const PluginFile*, Perceptor::Setup>> perceptors;
};

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
    // A file that is there, but cannot be used, is not silently replaced.
    if (cast.host->find_weights(value.text) || !value.is_default() || !*spec.fallback_text) {
      cast.host->load_weights(value.text);
      continue;
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
  PictureCheck check(cast);
  const auto need = [&](const std::string& path, const std::string& setting) { check.need(path, setting); };
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
  check.finish();
}

Cast choose_cast(const Plan& plan, const PluginRegistry& registry) {
  Cast cast;
  static_cast<Basis&>(cast) = make_basis(plan, registry);
  const Settings& settings = cast.settings;
  // Every plugin is found before any weights are opened.
  for (const std::string& name : settings.get<std::vector<std::string>>("outputs"))
    cast.sinks.push_back(&registry.find(OutputSink::kKind, name));
  if (cast.sinks.empty())
    throw Error(ErrorKind::settings, "'outputs' is empty: the pictures would go nowhere");
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
  end_on_signals();
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
                                       picture_size(cast, init_image))};
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
