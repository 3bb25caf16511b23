#include "settings/run_settings.h"

#include <algorithm>
#include <set>

#include "base/nearest.h"
#include "settings/json_string.h"

namespace reverie {
namespace {

const char* words_for(ParamType type) {
  constexpr const char* kWords[] = {"true or false", "a whole number", "a number",
                                    "a text",        "a choice",       "a list"};
  return kWords[static_cast<std::size_t>(type)];
}

/// Names of parameters may differ in their case alone.
const SettingValue* find_any_case(const Settings& settings, const std::string& lower_case_name) {
  for (const std::string& name : settings.names())
    if (lower(name) == lower_case_name) return settings.find(name);
  return nullptr;
}

using Origin = PluginSettings::Origin;

/// Where a value was written; null if it was not.
const Origin* origin_of(const PluginSettings& plugin, const std::string& name) {
  const auto found = plugin.written.find(name);
  return found == plugin.written.end() ? nullptr : &found->second;
}

std::string name_of(const std::string& plugin) { return plugin.substr(plugin.find('/') + 1); }

/// Whether a picture can be made again without it: where files go says nothing about what is in them.
bool is_place(const std::string& name) { return name == "output_dir" || name == "backup_dir"; }

/// ViTB32's default holds only while nobody writes it down.
bool is_saved(const std::string& name, const SettingValue& value) {
  return name != "ViTB32" || !value.is_default();
}

}  // namespace

const PluginSettings* RunSettings::of(const std::string& plugin) const {
  for (const PluginSettings& one : plugins_)
    if (one.plugin == plugin) return &one;
  return nullptr;
}

const SettingValue* RunSettings::find_param(const std::string& plugin, std::string_view name) const {
  const PluginSettings* found = of(plugin);
  return found ? found->values.find(name) : nullptr;
}

void RunSettings::set_param(const std::string& plugin, const std::string& name, SettingValue value) {
  for (PluginSettings& one : plugins_)
    if (one.plugin == plugin) one.values.set(name, std::move(value));
}

void RunSettings::choose(const std::string& plugin) {
  for (PluginSettings& one : plugins_)
    if (one.plugin == plugin) one.chosen = true;
}

std::map<std::string, Problem> RunSettings::ambiguous_names() const {
  std::map<std::string, Problem> problems;
  for (std::size_t i = 0; i < plugins_.size(); ++i) {
    const PluginSettings& second = plugins_[i];
    if (!second.chosen) continue;
    for (const std::string& declared : second.values.names()) {
      const std::string name = lower(declared);
      const ParamType type = second.values.find(declared)->spec.type;
      for (std::size_t k = 0; k < i; ++k) {
        const PluginSettings& first = plugins_[k];
        const SettingValue* other = first.chosen ? find_any_case(first.values, name) : nullptr;
        if (!other || other->spec.type == type) continue;
        const Origin *one = origin_of(first, name), *two = origin_of(second, name);
        const Origin* both = one && two && one->entry == two->entry ? one
                             : one && one->shared                   ? one
                             : two && two->shared                   ? two
                                                                    : nullptr;
        if (!both) continue;
        const bool same_name = name_of(first.plugin) == name_of(second.plugin);
        const auto whole_name = [&](const std::string& of) {
          return "'" + (same_name ? of : name_of(of)) + "." + name + "'";
        };
        problems.insert({name,
                         {both->location, "'" + name + "' is " + words_for(other->spec.type) + " in " +
                                              first.plugin + " and " + words_for(type) + " in " +
                                              second.plugin + "; write " + whole_name(first.plugin) +
                                              " and " + whole_name(second.plugin) + " in its place"}});
      }
    }
  }
  return problems;
}

std::vector<Problem> RunSettings::problems() const {
  const std::map<std::string, Problem> ambiguous = ambiguous_names();
  std::vector<Problem> result;
  for (const auto& [name, problem] : ambiguous) result.push_back(problem);
  for (const PluginSettings& plugin : plugins_) {
    if (!plugin.chosen) continue;
    for (const auto& [name, problem] : plugin.problems)
      if (!ambiguous.count(name)) result.push_back(problem);
    result.insert(result.end(), plugin.missing.begin(), plugin.missing.end());
  }
  for (Problem& problem : misfits()) result.push_back(std::move(problem));
  return result;
}

std::map<std::string, std::vector<std::string>> RunSettings::unread() const {
  std::map<std::string, std::vector<std::string>> result;
  for (const PluginSettings& plugin : plugins_) {
    if (plugin.chosen) continue;
    for (const auto& [name, origin] : plugin.written) {
      const SettingValue* value = find_any_case(plugin.values, name);
      if (!value || (origin.shared && is_taken(name)) || is_left_out(*value)) continue;
      // PyTTI's files name every setting.
      if (value->json() == default_value(value->spec).json()) continue;
      result[origin.shared ? value->spec.name : name_of(plugin.plugin) + "." + value->spec.name].push_back(
          name_of(plugin.plugin));
    }
  }
  return result;
}

/// Whether a value that was written without a plugin's name is for a chosen plugin.
bool RunSettings::is_taken(const std::string& name) const {
  return std::any_of(plugins_.begin(), plugins_.end(), [&](const PluginSettings& plugin) {
    return plugin.chosen && find_any_case(plugin.values, name);
  });
}

/// Of values that have no effect, those that have to be slips.
std::vector<Problem> RunSettings::misfits() const {
  std::map<std::size_t, const Problem*> wrong;  // by entry
  std::set<std::size_t> fine;
  for (const PluginSettings& plugin : plugins_) {
    for (const auto& [name, origin] : plugin.written) {
      const auto problem = plugin.problems.find(name);
      // One that is for a chosen plugin is none, even where that has a value of its own.
      if (plugin.chosen || problem == plugin.problems.end() || (origin.shared && is_taken(name)))
        fine.insert(origin.entry);
      else
        wrong.emplace(origin.entry, &problem->second);
    }
  }
  std::vector<Problem> problems;
  for (const auto& [entry, problem] : wrong)
    if (!fine.count(entry)) problems.push_back(*problem);
  return problems;
}

std::vector<RunSettings::Line> RunSettings::lines() const {
  std::vector<Line> result;
  for (const std::string& name : names())
    if (is_saved(name, *find(name)) && !is_left_out(*find(name))) result.push_back({name, find(name)});

  struct Member {
    const PluginSettings* plugin;
    const SettingValue* value;
    bool anyones;  // written without a plugin's name, and for no chosen one
  };
  std::vector<std::string> order;
  std::map<std::string, std::vector<Member>> members;
  for (const PluginSettings& plugin : plugins_) {
    for (const std::string& declared : plugin.values.names()) {
      const std::string name = lower(declared);
      if (is_left_out(*plugin.values.find(declared))) continue;
      const Origin* origin = origin_of(plugin, name);
      const bool shared = origin && origin->shared;
      if (!plugin.chosen) {
        // What has no effect in this run is kept where it was written, so that a saved file says it again.
        if (!origin || plugin.problems.count(name) || (shared && is_taken(name))) continue;
        if (shared && members.count(name) && members[name].back().anyones) continue;
      }
      if (!members.count(name)) order.push_back(name);
      members[name].push_back({&plugin, plugin.values.find(declared), !plugin.chosen && shared});
    }
  }
  for (const std::string& name : order) {
    const std::vector<Member>& all = members[name];
    const bool same = std::all_of(all.begin(), all.end(), [&](const Member& one) {
      return one.value->spec.type == all[0].value->spec.type && one.value->json() == all[0].value->json();
    });
    const bool for_anyone = std::any_of(all.begin(), all.end(),
                                        [](const Member& one) { return one.plugin->chosen || one.anyones; });
    if (same && for_anyone) {
      result.push_back({all[0].value->spec.name, all[0].value});
      continue;
    }
    for (const Member& one : all) {
      const bool shared_name = std::any_of(all.begin(), all.end(), [&](const Member& other) {
        return &other != &one && name_of(other.plugin->plugin) == name_of(one.plugin->plugin);
      });
      const std::string& title = one.plugin->plugin;
      result.push_back(
          {(one.anyones ? "" : (shared_name ? title : name_of(title)) + ".") + one.value->spec.name,
           one.value});
    }
  }
  return result;
}

std::string settings_yaml(const RunSettings& settings) {
  std::string result;
  for (const auto& [name, value] : settings.lines()) result += name + ": " + value->json() + "\n";
  return result;
}

std::string settings_json(const RunSettings& settings) {
  std::string result;
  for (const auto& [name, value] : settings.lines())
    if (!is_place(name))
      result += (result.empty() ? "{\n  " : ",\n  ") + json_string(name) + ": " + value->json();
  return result + "\n}\n";
}

}  // namespace reverie
