#include "settings/groups.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/nearest.h"
#include "log/printable.h"
#include "settings/config_folders.h"
#include "settings/defaults_list.h"
#include "settings/reader.h"

namespace reverie {

std::filesystem::path default_file(const std::vector<std::filesystem::path>& config_folders) {
  namespace fs = std::filesystem;
  std::vector<fs::path> folders = config_folders;
  folders.push_back("config");
  for (const fs::path& folder : folders) {
    std::error_code error;
    if (fs::is_regular_file(folder / "default.yaml", error)) return folder / "default.yaml";
  }
  return {};
}

namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;
using Kind = DefaultsItem::Kind;

constexpr int kMaxFiles = 1000;             // files that select each other twice grow as 2^n
constexpr const char* kNothing = "_empty";  // as the reference's files call the option that changes nothing

/// Settings that the reference does not have: artists may have groups of these names.
const std::set<std::string> kOwnSettings = {"depth_model", "flow_model", "outputs", "perceptors",
                                            "precision",   "prompts",    "viewers", "wildcards"};

/// Hydra's way to write that a setting must be given elsewhere.
bool is_left_open(const RawValue& value) {
  return value.kind == RawValue::Kind::scalar && !value.quoted && value.text == "???";
}

/// A file that is being read, and its way from the base file.
struct Open {
  fs::path file;      ///< the base may have none
  std::string group;  ///< the folder it lies in, below a config folder; "" for the base
  const Open* selected_by = nullptr;
};

/// What is selected for a group whatever stands at its place.
struct Choice {
  Words options;
  Location where;
  bool used = false;
};

struct Content {
  std::vector<RawEntry> entries;
  std::vector<Problem> problems;
};

/// Composes from the last entry to the first, so that a choice is known before the place that it replaces.
class Composer {
 public:
  /// `text`: what the base file holds, where it is no file; may be null.
  Composer(const ConfigFolders& folders, const SettingNames& names, const std::string* text)
      : folders_(folders), names_(names), text_(text) {}

  /// The group that an entry of the command line means; "" if it means a setting, or is a problem. There, a
  /// group below conf/ can be named without it.
  std::string group_of(const RawEntry& entry, std::vector<Problem>& troubles) const {
    if (is_setting(entry.name)) return names_own_group(entry) ? entry.name : "";
    const std::string group = group_of(entry.name, Open{});
    if (!group.empty()) return group;
    const Words below = folders_.groups_below(entry.name);
    if (below.size() < 2) return below.empty() ? "" : below[0];
    std::string all;
    for (const std::string& one : below) all += (all.empty() ? "" : ", ") + one;
    troubles.push_back({entry.location, "there are several config groups '" + entry.name +
                                            "'; write the one that is meant: " + all});
    return "";
  }

  bool is_setting(const std::string& name) const {
    return alias_of(lower(name)) || !names_.find(name).name.empty();
  }

  bool has_read(const fs::path& file) const { return contents_.count(file.lexically_normal().string()); }

  /// Entries of the base file, the groups in `behind` in their order, then `values`. Starts afresh each time.
  void compose(const fs::path& base, const Words& behind, const std::vector<RawEntry>& values) {
    reversed_.clear();
    problems.clear();
    notices.clear();
    told_.clear();
    files_ = 0;
    const Open open{base, "", nullptr};
    for (auto value = values.rbegin(); value != values.rend(); ++value) add(*value, open);
    for (auto group = behind.rbegin(); group != behind.rend(); ++group) select(*group, {}, false, {}, open);
    if (!base.empty()) read(open, {base.string(), 0});
  }

  std::vector<RawEntry> entries() const { return {reversed_.rbegin(), reversed_.rend()}; }

  std::map<std::string, Choice> chosen;  ///< by group
  std::vector<Problem> problems;
  std::vector<std::string> notices;

 private:
  /// Whether a line of the name of one of our settings, or of a plugin's parameter, selects an option of the
  /// artist's group of that name. An installed plugin must not take the group away.
  bool names_own_group(const RawEntry& entry) const {
    return (kOwnSettings.count(entry.name) || is_parameter(entry.name)) && has_option(entry);
  }
  bool is_parameter(const std::string& name) const {
    const SettingName found = names_.find(name);
    return !found.plugins.empty() && !found.qualified;
  }
  bool has_option(const RawEntry& entry) const {
    return entry.value.kind == RawValue::Kind::scalar && !folders_.find(entry.name, entry.value.text).empty();
  }

  /// Below the config folders; "" if there is no such group. Relative to the file's own folder, or whole.
  std::string group_of(const std::string& name, const Open& by) const {
    if (!name.empty() && name[0] == '/') return group_of(name.substr(1), Open{});
    const std::string inner = by.group + "/" + name;
    if (!by.group.empty() && folders_.has_group(inner)) return inner;
    return folders_.has_group(name) ? name : "";
  }

  void add(const RawEntry& entry, const Open& by) {
    const bool own_group = names_own_group(entry);
    if (is_setting(entry.name) && !own_group) {
      if (has_option(entry))
        notices.push_back(entry.location.text() + ": '" + entry.name +
                          "' is the setting; the config group of that name can be selected in 'defaults'");
      return reversed_.push_back(entry);
    }
    if (own_group)
      notices.push_back(entry.location.text() + ": '" + entry.name + ": " + entry.value.text +
                        "' selects the config group, not the setting of that name; for the setting write " +
                        (is_parameter(entry.name)
                             ? names_.qualified(names_.find(entry.name).plugins[0], entry.name)
                             : "a list: [" + entry.value.text + "]"));
    if (entry.name == "hydra") return note_hydra(entry.location, entry.name);
    const std::string group = group_of(entry.name, by);
    if (group.empty()) return reversed_.push_back(entry);
    if (entry.value.kind == RawValue::Kind::map) {  // as Hydra nests values; here they are global
      const auto& members = entry.value.members;
      for (auto member = members.rbegin(); member != members.rend(); ++member) {
        add({member->first, member->second, entry.location.in_line(member->second.line)}, by);
      }
      return;
    }
    Words options;
    if (!read_options(entry.value, options))
      return problems.push_back({entry.location, "the config group '" + entry.name + "' is " +
                                                     entry.value.display() +
                                                     "; it takes the name of an option"});
    select(group, options, false, entry.location, by);
  }

  void select(const std::string& group, Words options, bool optional, Location where, const Open& by) {
    if (const auto choice = chosen.find(group); choice != chosen.end()) {
      options = choice->second.options;
      where = choice->second.where;
      choice->second.used = true;
      optional = false;
    }
    for (auto option = options.rbegin(); option != options.rend(); ++option) {
      const fs::path found = folders_.find(group, *option);
      if (!found.empty())
        read({found, (fs::path(group) / *option).parent_path().string(), &by}, where);
      else if (where.is(Location::Source::command_line) && option->find(',') != std::string::npos)
        problems.push_back({where, "'" + group + "' is '" + *option + "': several options are written " +
                                       group + "='[" + *option + "]'; with -m, each makes a run of its own"});
      else if (!optional && *option != kNothing)
        problems.push_back({where, folders_.missing(group, *option)});
    }
  }

  void read(const Open& open, const Location& where) {
    std::string way = open.file.string();
    for (const Open* outer = open.selected_by; outer; outer = outer->selected_by) {
      if (outer->file.empty()) continue;
      way.insert(0, outer->file.string() + " -> ");
      std::error_code error;
      if (fs::equivalent(outer->file, open.file, error))
        return problems.push_back({where, "config groups go in a circle: " + way});
    }
    if (++files_ > kMaxFiles) {
      if (files_ == kMaxFiles + 1) problems.push_back({where, "more than 1,000 files are selected"});
      return;
    }
    const Content& content = load(open);
    std::vector<DefaultsItem> items;
    for (const RawEntry& entry : content.entries)
      if (entry.name == "defaults") items = read_defaults(entry, problems);
    const auto is_self = [](const DefaultsItem& item) { return item.kind == Kind::self; };
    if (std::none_of(items.begin(), items.end(), is_self)) items.emplace_back();
    for (auto item = items.rbegin(); item != items.rend(); ++item)
      if (item->kind == Kind::override_group) choose(*item, open);
    for (auto item = items.rbegin(); item != items.rend(); ++item) {
      if (item->kind == Kind::group) select_default(*item, open);
      if (item->kind == Kind::file) include(*item, open);
      if (item->kind != Kind::self) continue;
      for (auto entry = content.entries.rbegin(); entry != content.entries.rend(); ++entry)
        if (entry->name != "defaults" && !is_left_open(entry->value)) add(*entry, open);
    }
  }

  const Content& load(const Open& open) {
    const auto [found, inserted] = contents_.try_emplace(open.file.lexically_normal().string());
    Content& content = found->second;
    // An option may be there to change nothing; the base file must say something.
    if (inserted && text_ && !open.selected_by)
      content.entries = read_settings_text(*text_, open.file.string(), content.problems);
    else if (inserted)
      content.entries = read_settings_file(open.file, content.problems, open.selected_by != nullptr);
    if (told_.insert(open.file.string()).second)
      problems.insert(problems.end(), content.problems.begin(), content.problems.end());
    return content;
  }

  /// Groups such as hydra/job_logging configure Hydra.
  bool is_of_hydra(const DefaultsItem& item) {
    const bool result = item.name.rfind("hydra/", 0) == 0 || item.name.rfind("/hydra/", 0) == 0;
    if (result) note_hydra(item.where, item.name);
    return result;
  }

  void note_hydra(const Location& where, const std::string& name) {
    notices.push_back(where.text() + ": '" + name + "' is about Hydra itself and has no effect here");
  }

  void choose(const DefaultsItem& item, const Open& by) {
    if (is_of_hydra(item)) return;
    const std::string group = group_of(item.name, by);
    if (group.empty())
      problems.push_back({item.where, folders_.missing(item.name, "")});
    else
      chosen.emplace(group, Choice{item.options, item.where});
  }

  void select_default(const DefaultsItem& item, const Open& by) {
    if (is_of_hydra(item)) return;
    const std::string group = group_of(item.name, by);
    if (!group.empty())
      select(group, item.options, item.optional, item.where, by);
    else if (!item.optional && !item.options.empty() && item.options != Words{kNothing})
      problems.push_back({item.where, folders_.missing(item.name, "")});
  }

  void include(const DefaultsItem& item, const Open& by) {
    const bool whole = !item.name.empty() && item.name[0] == '/';
    const std::string name = whole ? item.name.substr(1) : item.name;
    std::string group = whole ? "" : by.group;
    fs::path found = folders_.find(group, name);
    if (found.empty()) found = folders_.find(group = "", name);
    if (found.empty()) return problems.push_back({item.where, folders_.missing("", name)});
    read({found, (fs::path(group) / name).parent_path().string(), &by}, item.where);
  }

  const ConfigFolders& folders_;
  const SettingNames& names_;
  const std::string* text_;
  std::map<std::string, Content> contents_;  // of files read; a pipe can be read but once
  std::set<std::string> told_;               // files whose mistakes are among the problems
  std::vector<RawEntry> reversed_;           // the last entry first
  int files_ = 0;
};

/// The default.yaml that Hydra would have started from although another file is named, and how to start from
/// it; empty if there is none.
std::string unused_default(const SettingsSources& sources, const Composer& composer) {
  const fs::path& file = sources.file;
  if (file.empty() || sources.text || (file.extension() != ".yaml" && file.extension() != ".yml")) return "";
  const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  std::vector<fs::path> folders = sources.config_folders;
  folders.insert(folders.end(), {folder, folder / ".."});
  const fs::path base = default_file(folders);
  std::error_code error;
  if (base.empty() || fs::equivalent(base, file, error) || composer.has_read(base)) return "";
  const fs::path option = fs::relative(file, base.parent_path(), error);
  const bool below = !error && !option.empty() && option.has_parent_path() && *option.begin() != "..";
  const std::string place = base.parent_path().lexically_normal().string();
  const bool found = default_file(sources.config_folders) == base;
  return base.lexically_normal().string() + " is not used, since a file is named; to start from it, write " +
         (found ? "" : "--config-dir " + place + " ") +
         (below ? option.parent_path().string() + "=" + option.stem().string() + " in place of the file"
                : "no file");
}

bool is_of_hydra(const std::string& name) {
  return name == "hydra" || name.rfind("hydra.", 0) == 0 || name.rfind("hydra/", 0) == 0;
}

}  // namespace

GatheredSettings gather_settings(const SettingsSources& sources, const std::vector<PluginParams>& plugins) {
  GatheredSettings result;
  const Location command_line = Location::command_line();
  for (const fs::path& folder : sources.config_folders) {
    std::error_code error;
    if (!fs::is_directory(folder, error))
      result.problems.push_back({command_line, "there is no config folder '" + folder.string() + "'"});
  }
  result.file = sources.file.empty() && !sources.text ? default_file(sources.config_folders) : sources.file;
  log::require_printable_name(result.file.string(), ErrorKind::usage);
  const ConfigFolders folders(sources.text ? fs::path() : result.file, sources.config_folders);
  const SettingNames names(plugins);
  Composer composer(folders, names, sources.text ? &*sources.text : nullptr);

  std::vector<RawEntry> values;
  std::map<std::string, Choice> chosen;
  Words order, behind;
  std::set<std::string> removed;  // identities of settings that files may not set
  for (const std::string& text : sources.overrides) {
    for (RawEntry& entry : read_override(text, result.problems)) {
      const bool removes = entry.name[0] == '~';
      if (removes) entry.name.erase(0, 1);
      if (is_of_hydra(entry.name)) {
        result.notices.push_back("'" + entry.name + "' is about Hydra itself and has no effect here");
        continue;
      }
      const std::size_t problems = result.problems.size();
      const std::string group = composer.group_of(entry, result.problems);
      if (result.problems.size() > problems) continue;
      if (removes && group.empty() && composer.is_setting(entry.name)) {
        removed.insert(names.identity(entry.name));
        continue;
      }
      Choice choice{{}, command_line};
      if (group.empty() || !read_options(entry.value, choice.options)) {
        values.push_back(std::move(entry));
        continue;
      }
      if (composer.is_setting(entry.name))
        result.notices.push_back(
            "'" + entry.name + "=" + entry.value.text +
            "' selects the config group, not the setting of that name; for the setting write " + entry.name +
            "='[" + entry.value.text + "]'");
      chosen[group] = choice;
      order.push_back(group);
    }
  }
  // Whether a file selects a group only shows when all are read. One that none selects comes behind them;
  // then its own files may select the next.
  for (;;) {
    composer.chosen = chosen;
    composer.compose(result.file, behind, values);
    const auto next = std::find_if(order.begin(), order.end(),
                                   [&](const std::string& group) { return !composer.chosen.at(group).used; });
    if (next == order.end()) break;
    behind.push_back(*next);
  }
  for (const auto& [group, choice] : composer.chosen)
    if (!choice.used)
      composer.problems.push_back(
          {choice.where, "the config group '" + group + "' is overridden, but was not selected before"});
  result.entries = composer.entries();
  std::erase_if(result.entries, [&](const RawEntry& entry) {
    return !entry.location.is(Location::Source::command_line) && removed.count(names.identity(entry.name));
  });
  for (const auto& [name, why] : sources.left_out)
    if (std::erase_if(result.entries, [&, identity = names.identity(name)](const RawEntry& entry) {
          return names.identity(entry.name) == identity;
        }))
      result.notices.push_back(name + ": left out, since " + why);
  result.problems.insert(result.problems.end(), composer.problems.begin(), composer.problems.end());
  result.notices.insert(result.notices.end(), composer.notices.begin(), composer.notices.end());
  if (std::string unused = unused_default(sources, composer); !unused.empty())
    result.notices.push_back(std::move(unused));
  if (sources.file.empty() && !result.file.empty())
    result.notices.push_back("no settings file is named: starting from " + result.file.string());
  return result;
}

}  // namespace reverie
