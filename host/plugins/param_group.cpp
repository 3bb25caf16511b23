#include "plugins/param_group.h"

#include <algorithm>
#include <set>

#include "base/nearest.h"

namespace reverie {

const RawValue* ParamGroup::find(const std::string& name) const {
  for (const auto& [key, value] : group_.members)
    if (lower(key) == name) return &value;
  return nullptr;
}

std::string ParamGroup::text(const std::string& name) const {
  const RawValue* value = find(name);
  return value && value->kind == RawValue::Kind::scalar ? value->text : "";
}

Location ParamGroup::place(const std::string& name) const {
  const RawValue* value = find(name);
  return value ? location_.in_line(value->line) : location_;
}

void ParamGroup::problem(const std::string& message, const Location& place) const {
  problems_.push_back({place, "'" + setting_ + "': " + who_ + ": " + message});
}

Settings ParamGroup::params(std::span<const ParamSpec> specs, std::vector<std::string> others,
                            const std::string& plugin, const std::string& name) const {
  Settings result;
  for (const ParamSpec& spec : specs) {
    others.push_back(spec.name);
    SettingValue value = default_value(spec);
    if (const RawValue* raw = find(spec.name)) {
      const std::string why = convert(spec, *raw, value);
      if (!why.empty())
        problem("'" + std::string(spec.name) + "' is " + raw->display() + ", which " + why +
                    "; allowed: " + allowed(spec),
                place(spec.name));
      value.location = place(spec.name);
    } else if (spec.required) {
      problem("its '" + std::string(spec.name) + "' is missing: " + spec.help_text);
    }
    result.set(spec.name, std::move(value));
  }
  std::set<std::string> seen;
  for (const auto& [key, value] : group_.members) {
    const std::string word = lower(key);
    if (!seen.insert(word).second) problem("'" + key + "' is given twice", place(word));
    if (std::find(others.begin(), others.end(), word) != others.end()) continue;
    const std::string near = nearest(key, others);
    problem(plugin + " has no parameter '" + key + "'" +
                (near.empty() ? "; reverie plugins describe " + name + " lists them"
                              : "; did you mean '" + near + "'?"),
            location_.in_line(value.line));
  }
  return result;
}

}  // namespace reverie
