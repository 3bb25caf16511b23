#include <unistd.h>

#include <chrono>
#include <csignal>
#include <iostream>

#include "cli/program.h"
#include "engine/host_services.h"
#include "engine/outputs.h"
#include "engine/progress.h"
#include "engine/render.h"
#include "models/catalogue.h"

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
  Settings settings;  ///< with seed and perceptors filled in
  std::unique_ptr<HostServices> host;
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

/// The names of the models that judge: those of the list, those that are switched on, or the default.
std::vector<std::string> perceptor_names(const Settings& settings, HostServices& host) {
  std::vector<std::string> names = settings.get<std::vector<std::string>>("perceptors");
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
  const bool named = !settings.get<std::vector<std::string>>("perceptors").empty();
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
  for (const std::string& name : settings.get<std::vector<std::string>>("output_sinks"))
    cast.sinks.push_back(&registry.find(OutputSink::kKind, name));
  if (cast.sinks.empty())
    throw Error(ErrorKind::settings, "'output_sinks' is empty: the pictures would go nowhere");
  choose_perceptors(cast, registry);

  std::vector<const PluginFile*> plugins = cast.sinks;
  plugins.push_back(plan.image_model);
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

  Ensemble ensemble;
  for (const auto& [plugin, setup] : cast.perceptors)
    ensemble.perceptors.push_back({title(*plugin) + " with " + setup.name,
                                   create<Perceptor>(*plugin, host, params_for(*plugin, settings), setup)});
  cast.perceptors.clear();  // the weights' files need not stay open
  ensemble.model = {
      title(*plan.image_model),
      create<ImageModel>(*plan.image_model, host, params_for(*plan.image_model, settings),
                         {settings.get<std::int64_t>("width"), settings.get<std::int64_t>("height")})};
  ensemble.model.instance->randomise();
  Render render(host, ensemble, settings, plan.scenes);

  const OutputNames output =
      choose_output(settings.get<std::string>("file_namespace"), settings.get<bool>("allow_overwrite"));
  const std::string json = settings_json(settings);
  for (const PluginFile* plugin : cast.sinks)
    ensemble.sinks.push_back({title(*plugin), create<OutputSink>(*plugin, host, params_for(*plugin, settings),
                                                                 {output.folder, output.base, 12, json})});
  write_file(output.folder / (output.base + "_settings.txt"), json);

  RenderResult result;
  {
    Progress progress(
        settings.get<std::int64_t>("steps_per_scene") * static_cast<std::int64_t>(plan.scenes.size()),
        ::isatty(STDERR_FILENO) != 0);
    try {
      result = render.run(progress);
    } catch (...) {
      close_all(ensemble);
      throw;
    }
  }
  close_all(ensemble);
  std::cout << (result.interrupted ? "interrupted after " : "done: ") << result.steps << " steps, "
            << result.frames << (result.frames == 1 ? " picture in " : " pictures in ")
            << output.folder.string() << "/\n";
  if (!result.last_frame.empty()) std::cout << result.last_frame.string() << "\n";
  if (report) *report = {result.frames, output.folder.string() + "/"};
  return result.interrupted ? 130 : 0;
}

}  // namespace reverie
