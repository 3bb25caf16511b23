#include "settings/resolve.h"

#include <algorithm>

#include "settings/interpolation.h"
#include "settings/nearest.h"

namespace reverie {
namespace {

std::string trimmed(const std::string& text) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

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
    collect(entries);
    Interpolation interpolation(
        entries_, [this](const std::string& name) { return canonical(name); },
        [this](const std::string& name) {
          const ParamSpec& spec = known_.at(name).spec;
          return spec.nullable ? RawValue{} : RawValue::scalar(default_text(spec), false);
        });
    for (const std::string& name : order_) {
      const Known& known = known_.at(name);
      SettingValue value = default_value(known.spec);
      const auto entry = entries_.find(name);
      if (entry != entries_.end()) {
        if (!check(entry->second, known, interpolation, value)) continue;
      } else if (known.spec.required) {
        result_.problems.push_back({{"", 0}, "'" + std::string(known.spec.name) + "' is missing: " + known.spec.help_text});
        continue;
      }
      if (known.used && !(known.setting && known.setting->status == Status::planned))
        result_.settings.set(known.spec.name, std::move(value));
    }
    if (result_.problems.empty()) check_combinations();
    return std::move(result_);
  }

 private:
  void add(const ParamSpec& spec, const Setting* setting, bool used) {
    const std::string name = lower(spec.name);
    if (!known_.count(name)) order_.push_back(name);
    known_[name] = {spec, setting, used};
  }

  std::string canonical(const std::string& written) const {
    const std::string name = lower(trimmed(written));
    if (const char* alias = alias_of(name)) return alias;
    return known_.count(name) ? name : "";
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
      const std::string near = nearest(entry.name, names);
      std::string message = "there is no setting '" + entry.name + "'";
      if (entry.name == "defaults" || entry.name == "conf" || entry.value.kind == RawValue::Kind::map)
        message += "; config groups cannot be read by this version yet";
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
    const std::string why = convert(known.spec, raw, value);
    std::string shown = raw.display();
    if (shown.size() > 60) shown = shown.substr(0, 57) + "...";
    if (!why.empty()) {
      // Lists of groups are a planned setting's own business until it works.
      if (known.setting && known.setting->status == Status::planned && raw.kind == RawValue::Kind::list) return refuse(problem, known, shown);
      return problem("'" + name + "' is " + shown + ", which " + why + "; allowed: " + allowed(known.spec));
    }
    value.location = entry.location;
    if (known.setting && known.setting->status == Status::planned) {
      SettingValue inert = default_value(known.spec);
      if (known.setting->inert) convert(known.spec, RawValue::scalar(known.setting->inert, false), inert);
      const bool off = lower(value.text) == "off" || lower(value.text) == "false";
      if (value.json() != inert.json() && !(off && lower(inert.text) == "off")) return refuse(problem, known, shown);
    }
    return true;
  }

  template <typename Report>
  bool refuse(const Report& problem, const Known& known, const std::string& shown) {
    const std::string inert = known.setting->inert ? known.setting->inert : default_text(known.spec);
    return problem("'" + std::string(known.spec.name) + "' is " + shown +
                   "; this setting is known, but not implemented yet: only " + inert + " is accepted");
  }

  void check_combinations() {
    const Settings& settings = result_.settings;
    const auto where = [&](const char* name) { return settings.find(name)->location; };
    if (trimmed(settings.get<std::string>("scenes")).empty())
      result_.problems.push_back({where("scenes"), "'scenes' is empty: it says what to make"});
    const auto cutouts = settings.get<std::int64_t>("cutouts");
    const auto batches = settings.get<std::int64_t>("gradient_accumulation_steps");
    if (cutouts % batches != 0)
      result_.problems.push_back({where("gradient_accumulation_steps"),
                                  "'gradient_accumulation_steps' is " + std::to_string(batches) +
                                      ", which does not divide the " + std::to_string(cutouts) + " cutouts"});
    const std::string name_space = settings.get<std::string>("file_namespace");
    if (name_space.empty() || name_space == "." || name_space == ".." ||
        name_space.find_first_of(std::string("/\\\0", 3)) != std::string::npos)
      result_.problems.push_back({where("file_namespace"), "'file_namespace' is '" + name_space + "', which is not a folder name"});
    if (settings.get<std::int64_t>("interpolation_steps") > settings.get<std::int64_t>("steps_per_scene"))
      result_.notices.push_back("interpolation_steps is larger than steps_per_scene: no scene will fade in whole");
  }

  std::map<std::string, Known> known_;
  std::vector<std::string> order_;
  std::map<std::string, RawEntry> entries_;
  Resolution result_;
};

}  // namespace

Resolution resolve(const std::vector<RawEntry>& entries, std::vector<Problem> problems,
                   const std::vector<PluginParams>& active, const std::vector<PluginParams>& others) {
  return Resolver(active, others).run(entries, std::move(problems));
}

std::string report(const std::vector<Problem>& problems) {
  std::string result;
  for (const Problem& problem : problems) {
    if (!result.empty()) result += '\n';
    const std::string where = problem.location.text();
    result += (where.empty() ? "" : where + ": ") + problem.message;
  }
  return result;
}

}  // namespace reverie
