#include "cli/chosen_plugins.h"

#include <algorithm>

#include "reverie/audio_filter.h"
#include "reverie/output_sink.h"
#include "reverie/viewer.h"

namespace reverie {

std::vector<PluginParams> installed_params(const PluginRegistry& registry) {
  std::vector<PluginParams> all;
  for (const PluginFile& plugin : registry.files()) {
    if (plugin.state == PluginFile::State::rejected) {
      const std::vector<const PluginFile*> others = registry.usable(plugin.kind);
      if (std::none_of(others.begin(), others.end(),
                       [&](const PluginFile* other) { return other->name == plugin.name; }))
        all.push_back({title(plugin), {}, "", "it cannot be used: " + plugin.reason});
    }
    if (plugin.state != PluginFile::State::usable) continue;
    PluginParams params{title(plugin),
                        {plugin.descriptor->params, plugin.descriptor->param_count},
                        plugin.descriptor->aliases,
                        ""};
    if (has_grouped_params(plugin.kind))
      params.unusable = plugin.kind == AudioFilter::kKind
                            ? "the parameters of audio filters stand in groups of input_audio_filters"
                            : "the parameters of losses stand in groups of losses";
    all.push_back(std::move(params));
  }
  return all;
}

std::string title(const PluginFile& plugin) { return plugin.kind + "/" + plugin.name; }

void collect(std::vector<Problem>& problems, const Settings& settings, const std::string& setting,
             const std::function<void()>& find) {
  try {
    find();
  } catch (const SettingsError& error) {
    problems.insert(problems.end(), error.problems().begin(), error.problems().end());
  } catch (const Error& error) {
    const SettingValue* value = settings.find(setting);
    const std::string what = error.what();
    problems.push_back({value ? value->location : Location{},
                        (what.find("'" + setting + "'") == std::string::npos ? "'" + setting + "': " : "") +
                            what + (error.advice().empty() ? "" : "; " + error.advice())});
  }
}

std::vector<const PluginFile*> chosen_sinks(const Settings& settings, const PluginRegistry& registry,
                                            std::vector<Problem>& problems) {
  std::vector<const PluginFile*> sinks;
  for (const std::string& name : settings.get<std::vector<std::string>>("outputs"))
    collect(problems, settings, "outputs", [&] { sinks.push_back(&registry.find(OutputSink::kKind, name)); });
  return sinks;
}

std::vector<const PluginFile*> chosen_viewers(const Settings& settings, const PluginRegistry& registry,
                                              bool on_terminal, std::vector<Problem>& problems) {
  std::vector<const PluginFile*> viewers;
  const auto add = [&](const std::string& name, const char* setting = "viewers") {
    collect(problems, settings, setting, [&] {
      const PluginFile& plugin = registry.find(Viewer::kKind, name);
      if (std::find(viewers.begin(), viewers.end(), &plugin) == viewers.end()) viewers.push_back(&plugin);
    });
  };
  const std::vector<const PluginFile*> installed = registry.usable(Viewer::kKind);
  const auto add_if_installed = [&](const std::string& name) {
    for (const PluginFile* plugin : installed)
      if (plugin->name == name) add(name);
  };
  for (const std::string& name : settings.get<std::vector<std::string>>("viewers")) add(name);
  if (settings.find("viewers")->is_default() && on_terminal &&
      settings.get<std::int64_t>("display_every") > 0)
    add_if_installed("terminal_preview");
  if (viewers.empty() && settings.get<bool>("show_graphs")) add("loss_graph", "show_graphs");
  if (settings.get<bool>("use_tensorboard")) add("tensorboard", "use_tensorboard");
  return viewers;
}

void choose(RunSettings& settings, const std::vector<const PluginFile*>& plugins,
            std::vector<Problem>& problems) {
  for (const PluginFile* plugin : plugins) settings.choose(title(*plugin));
  for (Problem& problem : settings.problems()) {
    const bool known = std::any_of(problems.begin(), problems.end(), [&](const Problem& other) {
      return other.message == problem.message && other.location.text() == problem.location.text();
    });
    if (!known) problems.push_back(std::move(problem));
  }
}

void choose(RunSettings& settings, const PluginFile& plugin, std::vector<Problem>& problems) {
  choose(settings, std::vector<const PluginFile*>{&plugin}, problems);
}

Settings params_for(const PluginFile& plugin, const RunSettings& settings) {
  Settings result;
  for (std::uint32_t i = 0; i < plugin.descriptor->param_count; ++i) {
    const ParamSpec& spec = plugin.descriptor->params[i];
    const SettingValue* value =
        spec.host_setting ? settings.find(spec.name) : settings.find_param(title(plugin), spec.name);
    if (value) result.set(spec.name, *value);
  }
  return result;
}

}  // namespace reverie
