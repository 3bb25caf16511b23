#include "settings/perceptor_list.h"

#include "base/texts.h"

namespace reverie {
namespace {

using Kind = RawValue::Kind;

struct Item {
  std::string name, weight;  // no weight: 1
};

/// Empty, or what is wrong.
std::string read_item(const RawValue& raw, Item& item) {
  if (raw.kind == Kind::scalar) {
    item.name = raw.text;
    return {};
  }
  if (raw.kind != Kind::map) return "holds something other than names and {name, weight}";
  for (const auto& [member, value] : raw.members) {
    if (member == "name" && value.kind == Kind::scalar) {
      item.name = value.text;
    } else if (member == "weight") {
      SettingValue weight;
      if (const std::string why = convert(perceptor_weight(), value, weight); !why.empty())
        return "holds the weight " + value.display() + ", which " + why +
               " (a weight is a number from 0, or an expression of t)";
      item.weight = weight.text;
    } else {
      return "holds '" + member + "', where it takes name and weight";
    }
  }
  return trimmed(item.name).empty() ? "holds a group without 'name'" : "";
}

}  // namespace

const ParamSpec& perceptor_weight() {
  static constexpr ParamSpec kSpec = number("weight", 1).at_least(0).is_animatable();
  return kSpec;
}

std::string convert_perceptors(const ParamSpec& spec, const RawValue& raw, SettingValue& out) {
  out = default_value(spec);
  out.list.clear();
  if (raw.kind == Kind::null) return {};
  const std::vector<RawValue> items = raw.kind == Kind::list ? raw.items : std::vector<RawValue>{raw};
  std::vector<RawValue> groups;
  bool weighted = false;
  for (const RawValue& each : items) {
    Item item;
    if (const std::string why = read_item(each, item); !why.empty()) return why;
    if ((item.name + item.weight).find('\0') != std::string::npos) return "holds a zero character";
    if (trimmed(item.name).empty()) continue;  // a blank names nothing
    out.list.push_back(item.name);
    RawValue& group = groups.emplace_back();
    group.kind = Kind::map;
    group.line = each.line;
    group.members.emplace_back("name", RawValue::scalar(item.name, true));
    if (!item.weight.empty()) group.members.emplace_back("weight", RawValue::scalar(item.weight, false));
    weighted = weighted || !item.weight.empty();
  }
  if (weighted) out.groups = std::move(groups);
  return {};
}

std::string perceptor_weight_text(const SettingValue& perceptors, std::size_t item) {
  if (item < perceptors.groups.size())
    for (const auto& [member, value] : perceptors.groups[item].members)
      if (member == "weight") return value.text;
  return "1";
}

}  // namespace reverie
