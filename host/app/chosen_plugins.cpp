#include "app/chosen_plugins.h"

#include <algorithm>

#include "reverie/audio_filter.h"
#include "reverie/output_sink.h"
#include "reverie/viewer.h"

namespace reverie::app {

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
                        "",
                        plugin.descriptor->roles};
    if (has_grouped_params(plugin.kind))
      params.unusable = plugin.kind == AudioFilter::kKind
                            ? "the parameters of audio filters belong in groups of input_audio_filters"
                            : "the parameters of losses belong in groups of losses";
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
  const auto add = [&](const PluginFile& plugin) {
    if (std::find(viewers.begin(), viewers.end(), &plugin) == viewers.end()) viewers.push_back(&plugin);
  };
  const auto add_with_role = [&](const char* setting) {
    collect(problems, settings, setting, [&] { add(registry.with_role(Viewer::kKind, setting)); });
  };
  for (const std::string& name : settings.get<std::vector<std::string>>("viewers"))
    collect(problems, settings, "viewers", [&] { add(registry.find(Viewer::kKind, name)); });
  // Nobody has asked for it: no fault if there is none.
  const std::vector<const PluginFile*> of_terminals = registry.all_with_role(Viewer::kKind, "viewers");
  if (settings.find("viewers")->is_default() && on_terminal && !of_terminals.empty() &&
      settings.get<std::int64_t>("display_every") > 0)
    add(*of_terminals[0]);
  if (viewers.empty() && settings.get<bool>("show_graphs")) add_with_role("show_graphs");
  if (settings.get<bool>("use_tensorboard")) add_with_role("use_tensorboard");
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

}  // namespace reverie::app
