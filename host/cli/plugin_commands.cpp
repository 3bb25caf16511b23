#include <algorithm>
#include <iostream>
#include <set>
#include <span>
#include <sstream>

#include "cli/program.h"
#include "log/printable.h"
#include "settings/nearest.h"

namespace reverie {

int list_plugins(const PluginRegistry& registry) {
  std::ostringstream out;  // strangers name their plugins and files as they like
  std::size_t width = 0;
  for (const PluginFile& file : registry.files())
    width = std::max(width, (file.kind + "/" + file.name).size());
  for (const PluginFile& file : registry.files()) {
    std::string title = file.kind + "/" + file.name;
    title.resize(width + 2, ' ');
    out << title;
    if (file.state == PluginFile::State::usable)
      out << printable_line(file.descriptor->version) << "  " << printable_line(file.descriptor->summary)
          << "\n";
    else
      out << (file.state == PluginFile::State::shadowed ? "shadowed: " : "REJECTED: ")
          << printable_line(file.reason) << "\n";
    out << "    " << file.path.string() << "\n";
    for (const std::string& warning : file.warnings)
      out << "    warning: " << printable_line(warning) << "\n";
  }
  if (registry.files().empty()) out << "no plugins were found\n";
  std::cout << printable(out.str());
  return 0;
}

int describe_plugin(const PluginRegistry& registry, const std::string& name) {
  std::ostringstream out;
  // A plugin's own name counts more than what another calls itself besides.
  const bool own = std::any_of(registry.files().begin(), registry.files().end(),
                               [&](const PluginFile& file) { return file.is_called(name); });
  const auto is_meant = [&](const PluginFile& file) {
    return own ? file.is_called(name) : file.answers_to(name);
  };
  bool found = false;
  for (const PluginFile& file : registry.files()) {
    if (!file.descriptor || !is_meant(file)) continue;
    found = true;
    const PluginDescriptor& plugin = *file.descriptor;
    out << file.kind << "/" << plugin.name << " " << printable_line(plugin.version) << ": "
        << printable_line(plugin.summary) << "\n"
        << file.path.string() << "\n";
    const std::vector<std::string> aliases = registry.aliases_that_count(file);
    for (const std::string& alias : aliases)
      out << (&alias == &aliases[0] ? "also called: " : "|") << printable_line(alias);
    if (!aliases.empty()) out << "\n";
    if (*plugin.roles) out << "used by the settings: " << printable_line(plugin.roles) << "\n";
    for (std::uint32_t i = 0; i < plugin.param_count; ++i) {
      const ParamSpec& spec = plugin.params[i];
      const std::string unit = *spec.unit_name ? std::string(", ") + spec.unit_name : "";
      out << printable_line("  " + std::string(spec.name) + " = " + default_text(spec) + "  (" +
                            allowed(spec) + unit + ")  " + spec.help_text)
          << "\n";
    }
    if (plugin.param_count == 0) out << "  it has no parameters of its own\n";
  }
  std::cout << printable(out.str());
  if (found) return 0;
  for (const PluginFile& file : registry.files())
    if (is_meant(file))
      throw Error(ErrorKind::plugin,
                  "'" + file.path.string() + "' cannot be used: " + printable_line(file.reason));
  std::vector<std::string> names;
  for (const PluginFile& file : registry.files()) {
    names.push_back(file.name);
    if (!file.descriptor) continue;
    for (const std::string& alias : registry.aliases_that_count(file)) names.push_back(alias);
  }
  const std::string near = nearest(name, names);
  throw Error(ErrorKind::plugin, "there is no plugin '" + name + "'",
              (near.empty() ? "" : "did you mean '" + near + "'? ") + "reverie plugins list shows them all");
}

std::vector<std::string> setting_names(const PluginRegistry& registry) {
  std::vector<std::string> names;
  for (const Setting& setting : settings_table()) names.push_back(setting.spec.name);
  for (const PluginFile& file : registry.files()) {
    if (!file.descriptor || has_grouped_params(file.kind)) continue;
    for (const ParamSpec& spec : std::span(file.descriptor->params, file.descriptor->param_count))
      names.push_back(spec.name);
  }
  return names;
}

int list_settings(const std::vector<std::string>& chosen, bool markdown, const PluginRegistry& registry) {
  std::set<std::string> wanted;
  const std::vector<std::string> all = setting_names(registry);
  for (const std::string& written : chosen) {
    const char* alias = alias_of(lower(written));
    const std::string name = alias ? alias : lower(written);
    if (std::none_of(all.begin(), all.end(),
                     [&](const std::string& known) { return lower(known) == name; })) {
      const std::string near = likely_setting(written, all);
      const bool is_plugin =
          std::any_of(registry.files().begin(), registry.files().end(),
                      [&](const PluginFile& file) { return file.descriptor && file.answers_to(written); });
      throw Error(ErrorKind::usage, "there is no setting '" + written + "'",
                  is_plugin      ? "there is a plugin of that name: reverie plugins describe " + written
                  : near.empty() ? "reverie settings lists them all"
                                 : "did you mean '" + near + "'?");
    }
    wanted.insert(name);
  }
  const auto row = [&](const ParamSpec& spec, const std::string& plugin, const std::string& takes) {
    if (!wanted.empty() && !wanted.count(lower(spec.name))) return;
    const std::string note = plugin.empty() ? "" : plugin + ": ";
    const std::string unit = *spec.unit_name ? std::string(", ") + spec.unit_name : "";
    const std::string line = markdown ? "| `" + std::string(spec.name) + "` | " + default_text(spec) + " | " +
                                            takes + unit + " | " + note + spec.help_text + " |"
                                      : "  " + std::string(spec.name) + " = " + default_text(spec) + "  (" +
                                            takes + unit + ")  " + note + spec.help_text;
    std::cout << printable_line(line) << "\n";
  };
  const auto heading = [&](const std::string& title) {
    if (markdown)
      std::cout << "\n## " << title << "\n\n| setting | default | takes | meaning |\n|---|---|---|---|\n";
    else if (wanted.empty())
      std::cout << "\n" << title << "\n";
  };
  if (markdown)
    std::cout
        << "# Settings\n\nMade by `reverie settings --markdown` from the program's own table; do not edit.\n"
           "Those of plugins have no effect while another plugin, or none, is in use.\n";
  std::string group;
  for (const Setting& setting : settings_table()) {
    if (group != setting.group) heading(group = setting.group);
    row(setting.spec, "", allowed(setting));
  }
  const auto is_listed = [](const ParamSpec& spec) {
    return std::any_of(settings_table().begin(), settings_table().end(),
                       [&](const Setting& setting) { return std::string(setting.spec.name) == spec.name; });
  };
  // Plugins may share a setting: image models of one size have the same pixel_size.
  struct Declared {
    ParamSpec spec;
    std::string plugins;
  };
  std::vector<Declared> declared;
  for (const PluginFile& file : registry.files()) {
    // Those of others stand in groups of input_audio_filters and losses.
    if (!file.descriptor || has_grouped_params(file.kind)) continue;
    for (const ParamSpec& spec : std::span(file.descriptor->params, file.descriptor->param_count)) {
      if (is_listed(spec)) continue;
      const auto same = std::find_if(declared.begin(), declared.end(), [&](const Declared& other) {
        return std::string(other.spec.name) == spec.name &&
               std::string(other.spec.help_text) == spec.help_text;
      });
      if (same == declared.end())
        declared.push_back({spec, file.name});
      else
        same->plugins += ", " + file.name;
    }
  }
  if (!declared.empty()) heading("Of plugins");
  for (const auto& [spec, plugins] : declared) row(spec, plugins, allowed(spec));
  return 0;
}

}  // namespace reverie
