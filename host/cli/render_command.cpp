#include <unistd.h>

#include <chrono>
#include <csignal>
#include <iostream>

#include "cli/program.h"
#include "engine/host_services.h"
#include "engine/outputs.h"
#include "engine/progress.h"
#include "engine/render.h"

namespace reverie {
namespace {

constexpr const char* kSink = "png_sequence";

extern "C" void on_interrupt(int signal) {
  interrupted = true;
  std::signal(signal, SIG_DFL);  // a second Ctrl-C ends the program at once
}

void set_integer(Settings& settings, const char* name, std::int64_t number) {
  SettingValue value = *settings.find(name);
  value.null = false;
  value.number = static_cast<double>(number);
  settings.set(name, value);
}

/// The perceptor plugin that understands a file.
const PluginFile& plugin_for(const PluginRegistry& registry, const Weights& weights) {
  for (const PluginFile* plugin : registry.usable(Perceptor::kKind))
    if (plugin->descriptor->accepts && plugin->descriptor->accepts(&weights)) return *plugin;
  throw Error(ErrorKind::model, "no installed perceptor understands the weights '" + weights.origin() + "'",
              "reverie plugins list shows the perceptors");
}

std::vector<std::shared_ptr<Perceptor>> make_perceptors(HostServices& host, const PluginRegistry& registry, Settings& settings) {
  std::vector<std::string> names = settings.get<std::vector<std::string>>("perceptors");
  if (names.empty()) {
    names = host.shipped_models();
    if (names.empty())
      throw Error(ErrorKind::file, "no perceptor is chosen and no models came with the program",
                  "name a weights file in the setting 'perceptors'");
    std::string list;
    for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
    host.log(LogLevel::info, "no perceptor is chosen; using the shipped ones: " + list);
    SettingValue chosen = *settings.find("perceptors");
    chosen.list = names;
    settings.set("perceptors", chosen);
  }
  std::vector<std::pair<const PluginFile*, Perceptor::Setup>> found;
  for (const std::string& name : names) {
    const auto weights = host.load_weights(name);
    found.emplace_back(&plugin_for(registry, *weights), Perceptor::Setup{name, weights});
  }
  std::vector<std::shared_ptr<Perceptor>> perceptors;
  for (const auto& [plugin, setup] : found) perceptors.push_back(create<Perceptor>(*plugin, host, settings, setup));
  return perceptors;
}

}  // namespace

int render_command(const Plan& plan, const PluginRegistry& registry) {
  std::signal(SIGINT, on_interrupt);
  std::signal(SIGTERM, on_interrupt);
  Settings settings = plan.settings;
  if (!settings.has("seed")) {
    const auto now = std::chrono::system_clock::now().time_since_epoch().count();
    set_integer(settings, "seed", static_cast<std::int64_t>(static_cast<std::uint64_t>(now) % 4'294'967'296));
  }
  HostServices host({settings.get<std::string>("device"), static_cast<std::uint64_t>(settings.get<std::int64_t>("seed")),
                     installation_prefix() / "share/reverie/models", settings.get<std::string>("models_parent_dir")});
  for (const std::string& notice : plan.notices) host.log(LogLevel::warning, notice);
  const PluginFile& sink = registry.find(OutputSink::kKind, kSink);
  for (const PluginFile* plugin : {plan.image_model, &sink})
    for (const std::string& warning : plugin->warnings) host.log(LogLevel::warning, plugin->path.string() + ": " + warning);

  Ensemble ensemble;
  ensemble.perceptors = make_perceptors(host, registry, settings);
  ensemble.model = create<ImageModel>(*plan.image_model, host, settings,
                                      {settings.get<std::int64_t>("width"), settings.get<std::int64_t>("height")});
  ensemble.model->randomise();
  Render render(host, ensemble, settings, plan.scenes);

  const OutputNames output = choose_output(settings.get<std::string>("file_namespace"), settings.get<bool>("allow_overwrite"));
  const std::string json = settings_json(settings);
  ensemble.sink = create<OutputSink>(sink, host, settings, {output.folder, output.base, 12, json});
  write_file(output.folder / (output.base + "_settings.txt"), json);

  RenderResult result;
  {
    Progress progress(settings.get<std::int64_t>("steps_per_scene") * static_cast<std::int64_t>(plan.scenes.size()),
                      ::isatty(STDERR_FILENO) != 0);
    try {
      result = render.run(progress);
    } catch (...) {
      ensemble.sink->close();
      throw;
    }
  }
  ensemble.sink->close();
  std::cout << (result.interrupted ? "interrupted after " : "done: ") << result.steps << " steps, " << result.frames
            << (result.frames == 1 ? " picture in " : " pictures in ") << output.folder.string() << "/\n"
            << result.last_frame.string() << std::endl;
  return result.interrupted ? 130 : 0;
}

}  // namespace reverie
