#include "cli/presets_command.h"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <set>
#include <sstream>

#include "app/plan.h"
#include "base/nearest.h"
#include "base/texts.h"
#include "cli/words.h"
#include "log/printable.h"
#include "reverie/atomic_file.h"
#include "settings/presets.h"

namespace reverie::cli {

using app::installed_params;
using app::make_plan;
using log::printable;
using log::shown_line;
namespace {

/// Settings of one run, not of a look.
const std::set<std::string> kOfOneRun = {"scenes",     "prompts",    "wildcards",        "seed",
                                         "restore",    "backups",    "file_namespace",   "allow_overwrite",
                                         "output_dir", "backup_dir", "models_parent_dir"};

int list(bool markdown) {
  const std::vector<Preset> presets = installed_presets();
  std::size_t width = 0;
  for (const Preset& preset : presets) width = std::max(width, preset.name.size());
  if (markdown) std::cout << "| preset | |\n|---|---|\n";
  for (const Preset& preset : presets) {
    const std::string about = (preset.own ? "(yours) " : "") + shown_line(preset.about);
    if (markdown)
      std::cout << "| `" << shown_line(preset.name) << "` | " << about << " |\n";
    else
      std::cout << shown_line(preset.name) << std::string(width + 2 - preset.name.size(), ' ') << about
                << "\n";
  }
  return 0;
}

int show(const std::string& name) {
  const std::vector<Preset> presets = installed_presets();
  const auto found =
      std::find_if(presets.begin(), presets.end(), [&](const Preset& one) { return one.name == name; });
  if (found == presets.end()) {
    std::vector<std::string> names;
    for (const Preset& preset : presets) names.push_back(preset.name);
    const std::string near = nearest(name, names);
    throw Error(ErrorKind::usage, "there is no preset '" + name + "'",
                (near.empty() ? "" : "did you mean '" + near + "'? ") +
                    std::string("reverie presets list shows all"));
  }
  std::ostringstream text;
  text << std::ifstream(found->file).rdbuf();
  std::cout << "# " << shown_line(found->file.string()) << "\n" << printable(text.str());
  return 0;
}

void require_name(const std::string& name) {
  const bool good = !name.empty() && name.size() <= 100 &&
                    std::all_of(name.begin(), name.end(),
                                [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '-'; });
  if (!good)
    throw Error(ErrorKind::usage, "'" + name + "' cannot be the name of a preset",
                "names have letters, digits, '_' and '-'");
}

/// What a plan has beyond defaults, without what is of one run.
std::string look_of(const RunSettings& settings) {
  std::string result;
  for (const auto& [name, value] : settings.lines())
    if (!kOfOneRun.contains(name) && !value->is_default() &&
        value->json() != default_value(value->spec).json())
      result += name + ": " + value->json() + "\n";
  return result;
}

int save(const std::string& name, const std::vector<std::string>& words,
         const std::vector<std::filesystem::path>& config_folders, const PluginRegistry& registry) {
  require_name(name);
  refuse_blanks(words);
  SettingsSources sources{{}, {}, config_folders};
  for (const std::string& word : words)
    if (word.find('=') != std::string::npos)
      sources.overrides.push_back(word);
    else if (sources.file.empty())
      sources.file = word;
    else
      throw Error(ErrorKind::usage, "reverie presets save takes one settings file, not also '" + word + "'");
  for (const Preset& preset : installed_presets())
    if (preset.name == name && !preset.own)
      throw Error(ErrorKind::usage,
                  "the preset '" + name + "' comes with the program, and would no longer be found",
                  "choose another name");
  const std::filesystem::path folder = own_config_folder();
  if (folder.empty())
    throw Error(ErrorKind::file,
                "there is no folder for presets of your own: neither XDG_CONFIG_HOME nor HOME is set");
  const std::filesystem::path file = folder / kPresetGroup / (name + ".yaml");
  std::error_code error;
  if (std::filesystem::exists(file, error))
    throw Error(ErrorKind::file, "there is a preset '" + file.string() + "' already",
                "choose another name, or delete it");
  // A look needs no words, but a plan does.
  const GatheredSettings given = gather_settings(sources, installed_params(registry));
  if (std::none_of(given.entries.begin(), given.entries.end(), [](const RawEntry& entry) {
        return lower(entry.name) == "scenes" || lower(entry.name) == "prompts";
      }))
    sources.overrides.push_back("scenes=a picture");
  const std::string look = look_of(make_plan(sources, registry).settings);
  if (look.empty())
    throw Error(ErrorKind::usage, "there is nothing to save: all settings have their defaults");
  std::filesystem::create_directories(file.parent_path(), error);
  if (error)
    throw Error(ErrorKind::file,
                "cannot make the folder '" + file.parent_path().string() + "': " + error.message());
  const std::string about =
      "# Saved from " + (sources.file.empty() ? "settings" : sources.file.filename().string()) + ".\n";
  write_atomically(file, {about, look});
  std::cout << shown_line(file.string()) << "\nto use it: reverie paint WORDS preset=" << name << "\n";
  return 0;
}

}  // namespace

int presets_command(const std::vector<std::string>& words, bool markdown,
                    const std::vector<std::filesystem::path>& config_folders,
                    const PluginRegistry& registry) {
  if (words.size() == 1 && words[0] == "list") return list(markdown);
  if (words.size() == 2 && words[0] == "show") return show(words[1]);
  if (words.size() >= 3 && words[0] == "save")
    return save(words[1], {words.begin() + 2, words.end()}, config_folders, registry);
  throw Error(ErrorKind::usage,
              "reverie presets takes 'list', 'show NAME' or 'save NAME FILE [name=value ...]'",
              "to use one: reverie paint WORDS preset=NAME");
}

}  // namespace reverie::cli
