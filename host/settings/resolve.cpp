#include "settings/resolve.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <system_error>

#include "log/printable.h"
#include "settings/interpolation.h"
#include "settings/limits.h"
#include "settings/nearest.h"
#include "settings/reference_entries.h"
#include "settings/texts.h"

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
  if (raw.kind == Kind::scalar && !*setting.word) return "is no group of values";
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
  return spec.names != Names::nothing || name == "init_image" || name == "video_path" ||
         name == "input_audio" || name == "models_parent_dir";
}

/// Settings for which there may be none; what they name is no blank.
bool may_be_none(const ParamSpec& spec) {
  const std::string name = spec.name;
  return (names_a_file(spec) && !*spec.default_text) || name == "depth_model" || name == "flow_model" ||
         name == "animation_mode";
}
bool must_be_given(const ParamSpec& spec) {
  const std::string name = spec.name;
  return name == "models_parent_dir" || name == "image_model" ||
         (spec.names == Names::weights && *spec.default_text);
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
    text += (text.empty() ? "" : name == "scenes" ? " || " : " | ") +
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
         name.find_first_of("/\\\t") == std::string::npos && printable_line(name) == name;
}

/// Room for the file's own part of a name, default(12)_settings.txt.part, in the 255 bytes of most systems.
constexpr std::size_t kLongestFolderName = 200;

/// What is known about a name.
struct Known {
  ParamSpec spec;
  const Setting* setting = nullptr;  // of the table
  bool used = true;                  // false: belongs to a plugin that this run does not use
};

class Resolver {
 public:
  Resolver(const std::vector<PluginParams>& active, const std::vector<PluginParams>& others) {
    for (const Setting& setting : settings_table()) add(setting.spec, &setting, true);
    // A plugin's own declaration counts more than the table's, which may only reserve the name.
    for (const PluginParams& plugin : active)
      for (const ParamSpec& spec : plugin.specs) add(spec, nullptr, true);
    for (const PluginParams& plugin : others)
      for (const ParamSpec& spec : plugin.specs)
        if (!known_.count(lower(spec.name))) add(spec, nullptr, false);
  }

  Resolution run(const std::vector<RawEntry>& entries, std::vector<Problem> problems) {
    result_.problems = std::move(problems);
    // Of a file that could not be read to its end nobody knows what is missing in it.
    const bool complete = result_.problems.empty();
    collect(translate_reference_entries(entries, result_.problems, result_.notices));
    Interpolation interpolation(
        entries_, [this](const std::string& name) { return canonical(name); },
        [this](const std::string& name) { return raw_default(known_.at(name).spec); });
    for (const std::string& name : order_) {
      const Known& known = known_.at(name);
      SettingValue value = default_value(known.spec);
      const auto entry = entries_.find(name);
      if (entry != entries_.end()) {
        if (!check(entry->second, known, interpolation, value)) continue;
      } else if (known.spec.required && known.used) {
        if (complete)
          result_.problems.push_back(
              {{"", 0},
               "'" + name_of(known) + "' is missing: " + known.spec.help_text +
                   (name_of(known) == "scenes" ? ", such as scenes=\"a red heart\"" : "")});
        continue;
      }
      // What has no effect in this run is kept where it was written, so that a saved file says it again.
      const bool written = entry != entries_.end();
      if (known.used || written) result_.settings.set(known.spec.name, std::move(value));
    }
    check_combinations();
    return std::move(result_);
  }

 private:
  static std::string name_of(const Known& known) { return known.spec.name; }

  void add(const ParamSpec& spec, const Setting* setting, bool used) {
    const std::string name = lower(spec.name);
    if (!known_.count(name)) order_.push_back(name);
    known_[name] = {spec, setting, used};
  }

  std::string canonical(const std::string& written) const {
    const std::string name = lower(trimmed(written));
    const char* alias = alias_of(name);
    return known_.count(alias ? alias : name) ? (alias ? alias : name) : "";
  }

  void collect(const std::vector<RawEntry>& entries) {
    for (const RawEntry& entry : entries) {
      const std::string name = canonical(entry.name);
      if (!name.empty()) {
        entries_[name] = entry;
        continue;
      }
      std::vector<std::string> names;
      for (const auto& [key, known] : known_) names.push_back(known.spec.name);
      const std::string near = likely_setting(entry.name, names);
      std::string message = "there is no setting '" + entry.name + "'";
      // As Hydra's command line adds keys, and replaces those that are there.
      const std::size_t plus = entry.name.find_first_not_of('+');
      if (plus != 0 && plus != std::string::npos && !canonical(entry.name.substr(plus)).empty()) {
        result_.problems.push_back({entry.location, message + "; it is there without being added: write '" +
                                                        entry.name.substr(plus) + "'"});
        continue;
      }
      const std::size_t separator = entry.name.find_first_of(":=");
      const std::string before = entry.name.substr(0, separator);
      if (separator != std::string::npos && !canonical(before).empty()) {
        result_.problems.push_back({entry.location, message + "; write '" + trimmed(before) + ": " +
                                                        trimmed(entry.name.substr(separator + 1)) +
                                                        "', with a blank behind the ':'"});
        continue;
      }
      if (entry.name == "conf" || entry.value.kind == RawValue::Kind::map)
        message +=
            ", and no folder of that name with .yaml files beside the file, above it, in config/ or in a "
            "--config-dir";
      else
        message += near.empty() ? "; reverie settings lists them all" : "; did you mean '" + near + "'?";
      result_.problems.push_back({entry.location, message});
    }
  }

  bool check(const RawEntry& entry, const Known& known, Interpolation& interpolation, SettingValue& value) {
    const auto problem = [&](const std::string& message) {
      result_.problems.push_back({entry.location, message});
      return false;
    };
    const std::string name = known.spec.name;
    RawValue raw;
    try {
      raw = interpolation.resolve(lower(name));
    } catch (const std::runtime_error& error) {
      return problem("'" + name + "': " + error.what());
    }
    const bool groups = known.setting && known.setting->groups;
    std::string why = groups ? convert_groups(*known.setting, raw, value) : convert(known.spec, raw, value);
    const bool list_in_text = raw.kind == RawValue::Kind::list && is_list_in_a_text(name);
    // In brackets stands a picture. What is called like none is a list, as it is in a file.
    if (list_in_text && why.empty() &&
        !(raw.text.empty() ? is_like_file(raw.items[0].text) : is_typed_text(raw)))
      why = "is a list";
    std::string shown = printable_line(raw.display());
    if (shown.size() > 60) {
      std::size_t end = 57;
      while ((static_cast<unsigned char>(shown[end]) & 0xC0) == 0x80) --end;  // no half characters
      shown = shown.substr(0, end) + "...";
    }
    const bool several = entry.location.file == "command line" && raw.kind == RawValue::Kind::scalar &&
                         raw.text.find(',') != std::string::npos;
    if (!why.empty())
      return problem("'" + name + "' is " + shown + ", which " + why +
                     "; allowed: " + (groups ? allowed(*known.setting) : allowed(known.spec)) +
                     (list_in_text ? as_one_text(name, raw) : "") +
                     (several ? "; with -m, commas separate the values of several runs" : ""));
    if (names_a_file(known.spec)) value.text = unquoted(value.text);
    if (trimmed(value.text).empty()) {
      if (must_be_given(known.spec))
        return problem("'" + name + "' is blank; its default is " + known.spec.default_text);
      if (may_be_none(known.spec)) value.text.clear();
    }
    value.location = entry.location;
    return true;
  }

  /// What no single declaration can say. Settings that already are a problem are absent here.
  void check_combinations() {
    const Settings& settings = result_.settings;
    const auto problem = [&](const char* name, const std::string& message) {
      result_.problems.push_back({settings.find(name)->location, message});
    };
    if (settings.find("scenes") && trimmed(settings.get<std::string>("scenes")).empty())
      problem("scenes", "'scenes' is empty: it says what to make");
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
      if (cutouts % batches != 0)
        problem("gradient_accumulation_steps", "'gradient_accumulation_steps' is " + std::to_string(batches) +
                                                   ", which does not divide the " + std::to_string(cutouts) +
                                                   " cutouts");
    }
    if (settings.find("file_namespace")) {
      const std::string folder = settings.get<std::string>("file_namespace");
      if (!is_folder_name(folder))
        problem("file_namespace",
                "'file_namespace' is '" + printable_line(folder) + "', which is not a folder name");
      else if (folder.size() > kLongestFolderName)
        problem("file_namespace", "'file_namespace' has " + std::to_string(folder.size()) +
                                      " bytes; allowed: at most " + std::to_string(kLongestFolderName));
    }
    if (settings.find("device") && !is_device(settings.get<std::string>("device")))
      problem("device", "'device' is '" + settings.get<std::string>("device") +
                            "'; allowed: auto, cpu, cuda, cuda:N or N");
    if (settings.find("interpolation_steps") && settings.find("steps_per_scene") &&
        settings.get<std::int64_t>("interpolation_steps") > settings.get<std::int64_t>("steps_per_scene"))
      result_.notices.push_back(
          "interpolation_steps is larger than steps_per_scene: no scene will fade in whole");
  }

  std::map<std::string, Known> known_;
  std::vector<std::string> order_;
  std::map<std::string, RawEntry> entries_;
  Resolution result_;
};

}  // namespace

std::string allowed(const Setting& setting) {
  if (!setting.groups) return allowed(setting.spec);
  return std::string("list of ") + (*setting.word ? "names and " : "") + "groups of values";
}

Resolution resolve(const std::vector<RawEntry>& entries, std::vector<Problem> problems,
                   const std::vector<PluginParams>& active, const std::vector<PluginParams>& others) {
  return Resolver(active, others).run(entries, std::move(problems));
}

std::string report(const std::vector<Problem>& problems) {
  std::string result;
  for (const Problem& problem : problems) {
    if (!result.empty()) result += '\n';
    const std::string where = problem.location.text();
    // Of an exception, what() ends at a NUL: texts are escaped before they are put into one.
    result += printable((where.empty() ? "" : where + ": ") + problem.message);
  }
  return result;
}

}  // namespace reverie
