#include "settings/resolve.h"

#include <algorithm>
#include <bit>
#include <cctype>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <system_error>

#include "base/nearest.h"
#include "base/texts.h"
#include "log/printable.h"
#include "settings/interpolation.h"
#include "settings/limits.h"
#include "settings/perceptor_list.h"
#include "settings/reference_entries.h"
#include "settings/steady_settings.h"

namespace reverie {
namespace {

/// Whether a device could have this name; only a run finds out whether the machine has it.
bool is_device(const std::string& text) {
  const std::string word = lower(text);
  if (word == "auto" || word == "cpu" || word == "cuda") return true;
  const std::string index = word.rfind("cuda:", 0) == 0 ? word.substr(5) : word;
  return !index.empty() && index.size() <= 3 && index.find_first_not_of("0123456789") == std::string::npos;
}

/// As convert(), for a list of groups of values; a single group counts as a list of one.
std::string convert_groups(const Setting& setting, const RawValue& raw, SettingValue& out) {
  using Kind = RawValue::Kind;
  out = default_value(setting.spec);
  if (raw.kind == Kind::null || (raw.kind == Kind::scalar && raw.text.empty())) return {};
  if (raw.kind == Kind::scalar && !*setting.word) return "is not a group of values";
  out.groups = raw.kind == Kind::list ? raw.items : std::vector<RawValue>{raw};
  for (RawValue& group : out.groups) {
    if (group.kind == Kind::scalar && *setting.word) {
      RawValue word = group;
      group = {};
      group.kind = Kind::map;
      group.line = word.line;
      group.members.emplace_back(setting.word, std::move(word));
    }
    if (group.kind != Kind::map) return "holds something other than groups of values";
  }
  return {};
}

/// A declared default as a file would have it.
RawValue raw_default(const ParamSpec& spec) {
  const SettingValue value = default_value(spec);
  if (value.null) return {};
  const bool text = spec.type == ParamType::text || spec.type == ParamType::choice;
  if (spec.type != ParamType::list) return RawValue::scalar(text ? value.text : value.json(), false);
  RawValue list;
  list.kind = RawValue::Kind::list;
  for (const std::string& item : value.list) list.items.push_back(RawValue::scalar(item, false));
  return list;
}

bool names_a_file(const ParamSpec& spec) {
  const std::string name = spec.name;
  return spec.asset != AssetKind::nothing || name == "init_image" || name == "video_path" ||
         name == "input_audio" || name == "color_coherence" || name == "curves_file" ||
         name == "changes_file" || name == "models_parent_dir";
}

/// Settings for which there may be none; what they name is not a blank.
bool may_be_none(const ParamSpec& spec) {
  const std::string name = spec.name;
  return (names_a_file(spec) && !*spec.default_text) || name == "depth_model" || name == "flow_model" ||
         name == "animation_mode";
}
bool must_be_given(const ParamSpec& spec) {
  const std::string name = spec.name;
  return name == "models_parent_dir" || name == "image_model" || name == "optimiser" ||
         name == "cutout_method" || (spec.asset == AssetKind::weights && *spec.default_text);
}

/// Whether a text is written like the name of a file.
bool is_like_file(const std::string& text) {
  const std::size_t dot = text.rfind('.');
  const std::string ending = dot == std::string::npos ? "" : text.substr(dot + 1);
  return text.find_first_of("/\\") != std::string::npos ||
         (ending.size() > 1 && ending.size() < 6 &&
          std::all_of(ending.begin(), ending.end(), [](unsigned char c) { return std::isalnum(c) != 0; }));
}

/// Settings in which separators join what a list would hold.
bool is_list_in_a_text(const std::string& name) { return name == "scenes" || name == "direct_image_prompts"; }

/// Whether what YAML takes for a list, typed for such a setting, is a text: without brackets, as "- red", or
/// a picture in brackets. Its name may hold commas.
bool is_typed_text(const RawValue& typed) {
  const std::string text = trimmed(typed.text);
  if (text.size() < 2 || text.front() != '[') return true;
  const std::string inner = trimmed(text.substr(1, text.size() - 2));
  const bool single = typed.items.size() == 1 && typed.items[0].kind == RawValue::Kind::scalar;
  std::error_code error;
  return inner.find("://") != std::string::npos || (single && is_like_file(typed.items[0].text)) ||
         (!inner.empty() && std::filesystem::exists(inner, error));
}

/// How the items of a list are written in such a setting.
std::string as_one_text(const std::string& name, const RawValue& list) {
  std::string text;
  bool plain = !list.items.empty();
  for (const RawValue& item : list.items) {
    const bool picture = item.kind == RawValue::Kind::list && item.items.size() == 1;
    plain = plain && (picture || item.kind == RawValue::Kind::scalar);
    text += (text.empty()       ? ""
             : name == "scenes" ? " || "
                                : " | ") +
            (picture ? "[" + item.items[0].text + "]" : item.text);
  }
  constexpr std::size_t kLongest = 60;
  if (!plain || text.size() > kLongest || text.find_first_of("\"\n") != std::string::npos)
    text = name == "scenes" ? "a || b" : "a.png | b.png";
  return "; write one text" +
         std::string(name == "scenes" ? ", || between scenes and | between the prompts of one"
                                      : ", | between them") +
         ": \"" + text + "\"";
}

/// Whether a folder can have this name: on one line, and one folder.
bool is_folder_name(const std::string& name) {
  return !trimmed(name).empty() && name != "." && name != ".." &&
         name.find_first_of("/\\\t") == std::string::npos && log::printable_line(name) == name;
}

/// Room for the file's own part of a name, default(12)_settings.txt.part, in the 255 bytes of most systems.
constexpr std::size_t kLongestFolderName = 200;

/// The key of a plugin's parameter among all values. No short name has a '.'.
std::string key_of(const PluginParams& plugin, const ParamSpec& spec) {
  return plugin.plugin + "." + lower(spec.name);
}

}  // namespace

/// From entries to RunSettings.
class SettingsResolver {
 public:
  explicit SettingsResolver(const std::vector<PluginParams>& installed)
      : installed_(installed), table_(settings_with_plugins(installed)), names_(installed) {
    for (const Setting& setting : table_) specs_[lower(setting.spec.name)] = &setting.spec;
    for (const PluginParams& plugin : installed)
      for (const ParamSpec* spec : own_params(plugin)) specs_[key_of(plugin, *spec)] = spec;
  }

  Resolution run(const std::vector<RawEntry>& entries, std::vector<Problem> problems) {
    result_.problems = std::move(problems);
    // Of a file that could not be read to its end nobody knows what is missing in it.
    complete_ = result_.problems.empty();
    collect(translate_reference_entries(entries, result_.problems, result_.notices));
    Interpolation interpolation(
        entries_, [this](const std::string& name) { return referred(name); },
        [this](const std::string& key) { return raw_default(*specs_.at(key)); });
    for (const Setting& setting : table_) resolve_setting(setting, interpolation);
    for (std::size_t i = 0; i < installed_.size(); ++i) resolve_plugin(i, interpolation);
    check_combinations();
    return std::move(result_);
  }

 private:
  using Origin = PluginSettings::Origin;
  struct Written {
    Origin origin;
    const RawEntry* entry = nullptr;
  };

  /// Sorts entries by what they are for.
  void collect(const std::vector<RawEntry>& entries) {
    std::map<std::string, Written> plain, qualified;  // of plugins: by name, and by key
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const SettingName found = names_.find(entries[i].name);
      const Written written{{i, !found.qualified, entries[i].location}, &entries[i]};
      if (found.name.empty())
        report_unknown(entries[i]);
      else if (found.plugins.empty())
        entries_[found.name] = entries[i];
      else if (!found.qualified)
        plain[found.name] = written;
      else
        for (const std::size_t plugin : found.plugins)
          qualified[key_of(installed_[plugin], *names_.param(plugin, found.name))] = written;
    }
    for (const auto& [name, written] : plain) entries_[name] = *written.entry;  // for ${name}
    for (const PluginParams& plugin : installed_) {
      for (const ParamSpec* spec : own_params(plugin)) {
        const auto everyones = plain.find(lower(spec->name));
        const auto own = qualified.find(key_of(plugin, *spec));
        if (everyones == plain.end() && own == qualified.end()) continue;
        const Written& written = own == qualified.end()                     ? everyones->second
                                 : everyones == plain.end()                 ? own->second
                                 : replaces(everyones->second, own->second) ? everyones->second
                                                                            : own->second;
        entries_[key_of(plugin, *spec)] = *written.entry;
        written_[key_of(plugin, *spec)] = written.origin;
      }
    }
  }

  /// Whether `name` counts more than `plugin.name`: when it stands in a later file, or on the command line.
  static bool replaces(const Written& everyones, const Written& own) {
    return everyones.origin.entry > own.origin.entry &&
           !everyones.entry->location.same_source(own.entry->location);
  }

  void report_unknown(const RawEntry& entry) {
    std::string message = "there is no setting '" + entry.name + "'";
    // As Hydra's command line adds keys, and replaces those that are there.
    const std::size_t plus = entry.name.find_first_not_of('+');
    const std::size_t separator = entry.name.find_first_of(":=");
    const std::string before = entry.name.substr(0, separator);
    if (plus != 0 && plus != std::string::npos && !names_.find(entry.name.substr(plus)).name.empty())
      message += "; no '+' is needed: write '" + entry.name.substr(plus) + "'";
    else if (separator != std::string::npos && !names_.find(before).name.empty())
      message += "; write '" + trimmed(before) + ": " + trimmed(entry.name.substr(separator + 1)) +
                 "', with a blank behind the ':'";
    else if (entry.name == "conf" || entry.value.kind == RawValue::Kind::map)
      message +=
          ", and no folder of that name with .yaml files beside the file, above it, in config/ or in a "
          "--config-dir";
    else
      message = names_.missing(entry.name);
    result_.problems.push_back({entry.location, message});
  }

  /// What ${...} refers to: a key of entries_ and specs_. Throws std::runtime_error if it is none.
  std::string referred(const std::string& written) const {
    const SettingName found = names_.find(written);
    if (found.name.empty()) throw std::runtime_error("${" + written + "}: " + names_.missing(written));
    if (found.plugins.empty()) return found.name;
    for (const std::size_t plugin : found.plugins)
      if (plugin == plugin_) return key_of(installed_[plugin], *names_.param(plugin, found.name));
    if (!found.qualified && entries_.count(found.name)) return found.name;
    std::string result, shown;
    for (const std::size_t plugin : found.plugins) {
      const ParamSpec& spec = *names_.param(plugin, found.name);
      const std::string key = key_of(installed_[plugin], spec);
      const auto entry = entries_.find(key);
      const std::string value = (entry == entries_.end() ? raw_default(spec) : entry->second.value).display();
      if (!result.empty() && value != shown)
        throw std::runtime_error("${" + written + "} is not the same in all plugins that have it; write ${" +
                                 names_.qualified(found.plugins[0], spec.name) + "}");
      if (result.empty()) result = key;
      shown = value;
    }
    return result;
  }

  void resolve_setting(const Setting& setting, Interpolation& interpolation) {
    const std::string name = setting.spec.name;
    SettingValue value = default_value(setting.spec);
    const auto entry = entries_.find(lower(name));
    if (entry != entries_.end()) {
      const std::string why = read(entry->second, lower(name), name, setting.spec,
                                   setting.takes_groups ? &setting : nullptr, interpolation, value);
      if (!why.empty()) return result_.problems.push_back({entry->second.location, why});
    } else if (setting.spec.required && !(name == "scenes" && entries_.count("prompts"))) {
      if (complete_)
        result_.problems.push_back({{"", 0},
                                    "'" + name + "' is missing: " + setting.spec.help_text +
                                        (name == "scenes" ? ", such as scenes=\"a red heart\"" : "")});
      return;
    }
    result_.settings.set(name, std::move(value));
  }

  void resolve_plugin(std::size_t index, Interpolation& interpolation) {
    const PluginParams& plugin = installed_[index];
    if (!plugin.unusable.empty()) return;
    plugin_ = index;
    PluginSettings settings;
    settings.plugin = plugin.plugin;
    for (const ParamSpec* spec : own_params(plugin)) {
      const std::string name = lower(spec->name), key = key_of(plugin, *spec);
      SettingValue value = default_value(*spec);
      const auto entry = entries_.find(key);
      if (entry != entries_.end()) {
        const Origin origin = settings.written[name] = written_.at(key);
        const std::string shown = origin.shared ? spec->name : names_.qualified(index, spec->name);
        std::string why = read(entry->second, key, shown, *spec, nullptr, interpolation, value);
        if (!why.empty()) {
          if (origin.shared && is_declared_otherwise(name, *spec))
            why += "; so " + plugin.plugin + " declares it";
          settings.problems[name] = {entry->second.location, why};
          value = default_value(*spec);
        }
      } else if (spec->required && complete_) {
        settings.missing.push_back(
            {{"", 0}, "'" + std::string(spec->name) + "' is missing: " + spec->help_text});
      }
      settings.values.set(spec->name, std::move(value));
    }
    result_.settings.plugins_.push_back(std::move(settings));
    plugin_.reset();
  }

  /// Whether another plugin has a parameter of this name that takes something else.
  bool is_declared_otherwise(const std::string& name, const ParamSpec& spec) const {
    for (const std::size_t other : names_.find(name).plugins)
      if (allowed(*names_.param(other, name)) != allowed(spec)) return true;
    return false;
  }

  /// Empty, or what is wrong. `name` is what messages call it; `groups` is set where it takes groups of
  /// values.
  std::string read(const RawEntry& entry, const std::string& key, const std::string& name,
                   const ParamSpec& spec, const Setting* groups, Interpolation& interpolation,
                   SettingValue& value) const {
    RawValue raw;
    try {
      raw = interpolation.resolve(key);
    } catch (const std::runtime_error& error) {
      return "'" + name + "': " + error.what();
    }
    const bool perceptors = name == kPerceptors;
    std::string why = perceptors ? convert_perceptors(spec, raw, value)
                      : groups   ? convert_groups(*groups, raw, value)
                                 : convert(spec, raw, value);
    const bool list_in_text = raw.kind == RawValue::Kind::list && is_list_in_a_text(name);
    // In brackets stands a picture. What is called like none is a list, as it is in a file.
    if (list_in_text && why.empty() &&
        !(raw.text.empty() ? is_like_file(raw.items[0].text) : is_typed_text(raw)))
      why = "is a list";
    std::string shown = log::printable_line(raw.display());
    if (shown.size() > 60) {
      std::size_t end = 57;
      while ((static_cast<unsigned char>(shown[end]) & 0xC0) == 0x80) --end;  // no half characters
      shown = shown.substr(0, end) + "...";
    }
    const bool several = entry.location.is(Location::Source::command_line) &&
                         raw.kind == RawValue::Kind::scalar && raw.text.find(',') != std::string::npos;
    const std::string steady = groups ? "" : why_steady(spec, raw);
    if (!why.empty())
      return "'" + name + "' is " + shown + ", which " + why + "; allowed: " +
             (perceptors ? kPerceptorsAllowed
              : groups   ? allowed(*groups)
                         : allowed(spec)) +
             (list_in_text ? as_one_text(name, raw) : "") + (steady.empty() ? "" : "; " + steady) +
             (several ? "; with -m, commas separate the values of several runs" : "");
    if (names_a_file(spec)) value.text = unquoted(value.text);
    if (trimmed(value.text).empty()) {
      if (must_be_given(spec)) return "'" + name + "' is blank; its default is " + spec.default_text;
      if (may_be_none(spec)) value.text.clear();
    }
    value.location = entry.location;
    return {};
  }

  /// What no single declaration can say. Settings that already are a problem are absent here.
  void check_combinations() {
    const Settings& settings = result_.settings;
    const auto problem = [&](const char* name, const std::string& message) {
      result_.problems.push_back({settings.find(name)->location, message});
    };
    const bool at_frames = settings.find("prompts") && !settings.find("prompts")->groups.empty();
    const bool in_scenes = settings.find("scenes") && !trimmed(settings.get<std::string>("scenes")).empty();
    if (at_frames && in_scenes)
      problem("prompts",
              "'prompts' and 'scenes' are both set; they say the same in two ways, so leave one out");
    if (settings.find("scenes") && settings.find("prompts") && !at_frames && !in_scenes)
      problem(
          "scenes",
          "'scenes' is empty: write what to make; after a blank, '#' begins a comment, so put a text with "
          "it in quotes");
    for (const char* name : {"width", "height"})
      if (settings.find(name) && settings.get<std::int64_t>(name) == 0)
        problem(name, "'" + std::string(name) + "' is 0; allowed: 1 to " + std::to_string(kLargestSide) +
                          ", or -1");
    if (settings.find("width") && settings.find("height") && settings.get<std::int64_t>("width") == -1) {
      if (settings.get<std::int64_t>("height") == -1)
        problem("width", "'width' and 'height' are both -1: one of them must be given");
    }
    for (const char* name : {"width", "height"})
      if (settings.find(name) && settings.get<std::int64_t>(name) == -1 && settings.find("init_image") &&
          trimmed(settings.get<std::string>("init_image")).empty() && settings.find("video_path") &&
          trimmed(settings.get<std::string>("video_path")).empty())
        problem(name, "'" + std::string(name) +
                          "' is -1, but there is no init_image, nor a video, to take the shape from");
    if (settings.find("cutouts") && settings.find("gradient_accumulation_steps")) {
      const auto cutouts = settings.get<std::int64_t>("cutouts");
      const auto batches = settings.get<std::int64_t>("gradient_accumulation_steps");
      if (!settings.find("cutouts")->is_expression() && cutouts % batches != 0)
        problem("gradient_accumulation_steps", "'gradient_accumulation_steps' is " + std::to_string(batches) +
                                                   ", which does not divide the " + std::to_string(cutouts) +
                                                   " cutouts");
    }
    if (settings.find("cutout_groups")) {
      const auto groups = static_cast<std::uint64_t>(settings.get<std::int64_t>("cutout_groups"));
      if (groups > 0 && !std::has_single_bit(groups))
        problem("cutout_groups",
                "'cutout_groups' is " + std::to_string(groups) + ", not 0, 1, 2, 4, 8 or 16");
    }
    if (settings.find("file_namespace")) {
      const std::string folder = settings.get<std::string>("file_namespace");
      if (!is_folder_name(folder))
        problem("file_namespace",
                "'file_namespace' is '" + log::printable_line(folder) + "', which is not a folder name");
      else if (folder.size() > kLongestFolderName)
        problem("file_namespace", "'file_namespace' has " + std::to_string(folder.size()) +
                                      " bytes; allowed: at most " + std::to_string(kLongestFolderName));
    }
    for (const char* name : {"output_dir", "backup_dir"})
      if (settings.find(name) && trimmed(settings.get<std::string>(name)).empty())
        problem(name, "'" + std::string(name) + "' is empty; '.' is the working directory");
    if (settings.find("device") && !is_device(settings.get<std::string>("device")))
      problem("device", "'device' is '" + settings.get<std::string>("device") +
                            "'; allowed: auto, cpu, cuda, cuda:N or N");
    if (settings.find("interpolation_steps") && settings.find("steps_per_scene") &&
        settings.get<std::int64_t>("interpolation_steps") > settings.get<std::int64_t>("steps_per_scene"))
      result_.notices.push_back(settings.find("interpolation_steps")
                                    ->location.before("interpolation_steps is larger than steps_per_scene: "
                                                      "no scene will fade in whole"));
  }

  const std::vector<PluginParams>& installed_;
  const std::vector<Setting> table_;
  SettingNames names_;
  std::map<std::string, const ParamSpec*> specs_;  // by name in lower case, or key
  std::map<std::string, RawEntry> entries_;        // those that win
  std::map<std::string, Origin> written_;          // of plugins' parameters, by key
  std::optional<std::size_t> plugin_;              // whose parameters are being resolved
  bool complete_ = true;
  Resolution result_;
};

std::string allowed(const Setting& setting) {
  if (std::string(setting.spec.name) == kPerceptors) return kPerceptorsAllowed;
  if (!setting.takes_groups) return allowed(setting.spec);
  return std::string("list of ") + (*setting.word ? "names and " : "") + "groups of values";
}

Resolution resolve(const std::vector<RawEntry>& entries, std::vector<Problem> problems,
                   const std::vector<PluginParams>& installed) {
  return SettingsResolver(installed).run(entries, std::move(problems));
}

std::string report(const std::vector<Problem>& problems) {
  std::string result;
  for (const Problem& problem : problems) {
    if (!result.empty()) result += '\n';
    const std::string where = problem.location.text();
    // Of an exception, what() ends at a NUL: texts are escaped before they are put into one.
    result += log::printable((where.empty() ? "" : where + ": ") + problem.message);
  }
  return result;
}

}  // namespace reverie
