#include <algorithm>
#include <iostream>
#include <set>
#include <span>
#include <sstream>
#include <utility>

#include "app/plan.h"
#include "base/nearest.h"
#include "cli/commands.h"
#include "log/printable.h"

namespace reverie::cli {

using app::installed_params;
using log::printable;
using log::printable_line;

namespace {

/// What a setting means and, of a number that takes no expression, why not.
std::string meaning(const ParamSpec& spec) {
  return spec.help_text + (spec.is_fixed() ? std::string("; fixed: ") + spec.why_fixed() : "");
}

/// What plugins of a kind are for; empty for what is no kind.
std::string purpose(const std::string& kind) {
  constexpr const char* kPurposes[][2] = {
      {"image_models", "what a picture is made of and what is optimised (image_model)"},
      {"perceptors", "networks that compare pictures with words (perceptors)"},
      {"animation", "how pictures move from frame to frame (animation_mode)"},
      {"depth_estimators", "how far things in a picture are (depth_model)"},
      {"flow_estimators", "where things move between two pictures (flow_model)"},
      {"audio", "what expressions can follow of a sound (input_audio_filters)"},
      {"sound_sources", "files of sound that can be read"},
      {"losses", "what else pictures should be like (losses)"},
      {"cutouts", "which parts of a picture the perceptors see (cutout_method)"},
      {"optimisers", "how a step changes the picture (optimiser)"},
      {"frame_sources", "pictures and videos that can be read"},
      {"io", "files that are written (outputs)"},
      {"viewers", "what shows a run while it goes (viewers)"}};
  for (const auto& [known, words] : kPurposes)
    if (kind == known) return words;
  return "";
}

}  // namespace

int list_plugins(const PluginRegistry& registry) {
  std::ostringstream out;  // strangers name their plugins and files as they like
  std::size_t width = 0;
  for (const PluginFile& file : registry.files())
    width = std::max(width, (file.kind + "/" + file.name).size());
  out << "Plugins by kind: name, version and what it is, then its file. In brackets: the setting that names "
         "them.\n"
         "reverie plugins describe NAME shows the settings of one.\n";
  std::vector<const PluginFile*> files;  // those of a kind together, from whatever folder
  for (const PluginFile& file : registry.files()) files.push_back(&file);
  const auto place = [](const PluginFile* file) {
    const std::vector<std::string>& kinds = plugin_kinds();
    return std::find(kinds.begin(), kinds.end(), file->kind) - kinds.begin();
  };
  std::stable_sort(files.begin(), files.end(),
                   [&](const PluginFile* a, const PluginFile* b) { return place(a) < place(b); });
  std::string kind;
  for (const PluginFile* each : files) {
    const PluginFile& file = *each;
    if (std::exchange(kind, file.kind) != file.kind) {
      const std::string what_for = purpose(file.kind);
      out << "\n" << file.kind << (what_for.empty() ? "" : ": ") << what_for << "\n";
    }
    std::string title = file.kind + "/" + file.name;
    title.resize(width + 2, ' ');
    out << "  " << title;
    if (file.state == PluginFile::State::usable)
      out << printable_line(file.descriptor->version) << "  " << printable_line(file.descriptor->summary)
          << "\n";
    else
      out << (file.state == PluginFile::State::shadowed ? "shadowed: " : "REJECTED: ")
          << printable_line(file.reason) << "\n";
    out << "      " << file.path.string() << "\n";
    for (const std::string& warning : file.warnings)
      out << "      warning: " << printable_line(warning) << "\n";
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
      const std::string name = spec.name;
      if (spec.host_setting) {
        out << printable_line("  " + name + "  (a setting of the program, which it reads)  " + spec.help_text)
            << "\n";
        continue;
      }
      const std::string unit = *spec.unit_name ? std::string(", ") + spec.unit_name : "";
      out << printable_line("  " + name + " = " + default_text(spec) + "  (" + allowed(spec) + unit + ")  " +
                            meaning(spec))
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
  for (const PluginParams& plugin : installed_params(registry))
    for (const ParamSpec* spec : own_params(plugin)) names.push_back(spec->name);
  return names;
}

namespace {

/// Plugins that declare a parameter alike, such as the pixel_size of image models of one size.
struct Declared {
  ParamSpec spec;
  std::string plugins;
};

bool same_declaration(const ParamSpec& a, const ParamSpec& b) {
  return lower(a.name) == lower(b.name) && allowed(a) == allowed(b) && default_text(a) == default_text(b) &&
         std::string(a.unit_name) == b.unit_name && meaning(a) == meaning(b);
}

/// Rows of the list of settings.
class SettingRows {
 public:
  explicit SettingRows(bool markdown) : markdown_(markdown) {}
  void heading(const std::string& title) const {
    if (markdown_)
      std::cout << "\n## " << title << "\n\n| setting | default | takes | meaning |\n|---|---|---|---|\n";
    else
      std::cout << "\n" << title << "\n";
  }
  void row(const ParamSpec& spec, const std::string& plugins, const std::string& takes) const {
    const std::string note = plugins.empty() ? "" : plugins + ": ";
    const std::string unit = *spec.unit_name ? std::string(", ") + spec.unit_name : "";
    const std::string line = markdown_ ? "| `" + std::string(spec.name) + "` | " + default_text(spec) +
                                             " | " + takes + unit + " | " + note + meaning(spec) + " |"
                                       : "  " + std::string(spec.name) + " = " + default_text(spec) + "  (" +
                                             takes + unit + ")  " + note + meaning(spec);
    std::cout << printable_line(line) << "\n";
  }

 private:
  bool markdown_;
};

}  // namespace

int list_settings(const std::vector<std::string>& chosen, bool markdown, const PluginRegistry& registry) {
  const std::vector<PluginParams> installed = installed_params(registry);
  const SettingNames names(installed);
  std::set<std::string> wanted;                                 // settings of the program
  std::set<std::pair<std::string, std::size_t>> wanted_params;  // name and plugin
  for (const std::string& written : chosen) {
    const SettingName found = names.find(written);
    if (found.name.empty()) {
      const bool is_plugin =
          std::any_of(registry.files().begin(), registry.files().end(),
                      [&](const PluginFile& file) { return file.descriptor && file.answers_to(written); });
      throw is_plugin ? Error(ErrorKind::usage, "there is no setting '" + written + "'",
                              "there is a plugin of that name: reverie plugins describe " + written)
                      : Error(ErrorKind::usage, names.missing(written));
    }
    if (found.plugins.empty()) wanted.insert(found.name);
    for (const std::size_t plugin : found.plugins) wanted_params.emplace(found.name, plugin);
  }
  const SettingRows rows(markdown);
  if (markdown)
    std::cout
        << "# Settings\n\nMade by `reverie settings --markdown` from the program's own table; do not edit.\n"
           "Those of plugins have no effect while another plugin, or none, is in use. They can be written\n"
           "`plugin.name`, too, which is needed where two plugins in use take different things by one "
           "name.\n\nWhat takes an expression may also have keyframes ([expressions.md](expressions.md),\n"
           "[keyframes.md](keyframes.md)). A number that takes none says after \"fixed\" why not.\n";
  std::string group;
  for (const Setting& setting : settings_with_plugins(installed)) {
    if (group != setting.section) {
      group = setting.section;
      if (markdown || chosen.empty()) rows.heading(group);
    }
    if (chosen.empty() || wanted.count(lower(setting.spec.name)))
      rows.row(setting.spec, "", allowed(setting));
  }
  std::vector<Declared> declared;
  for (std::size_t i = 0; i < installed.size(); ++i) {
    const std::string& title = installed[i].plugin;
    const std::string plugin = title.substr(title.find('/') + 1);
    for (const ParamSpec* spec : own_params(installed[i])) {
      if (!chosen.empty() && !wanted_params.count({lower(spec->name), i})) continue;
      const auto same = std::find_if(declared.begin(), declared.end(), [&](const Declared& other) {
        return same_declaration(other.spec, *spec);
      });
      if (same == declared.end())
        declared.push_back({*spec, plugin});
      else
        same->plugins += ", " + plugin;
    }
  }
  if (!declared.empty() && (markdown || chosen.empty())) rows.heading("Of plugins");
  for (const auto& [spec, plugins] : declared) rows.row(spec, plugins, allowed(spec));
  return 0;
}

}  // namespace reverie::cli
