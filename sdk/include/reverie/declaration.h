#pragma once
// What a plugin declares is checked by its compiler: REVERIE_EXPORT_PLUGIN refuses the mistakes below.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "reverie/params.h"

namespace reverie {

/// What may be wrong with a declaration.
enum class DeclarationFault {
  none,
  plugin_name,      ///< not only letters, digits and '_'
  plugin_text,      ///< no version or no summary
  alias,            ///< empty, or the plugin's own name
  role,             ///< given twice, or not only letters, digits and '_'
  param_name,       ///< not only letters, digits and '_', or a digit first
  duplicate_param,  ///< two of one name
  range,            ///< the minimum lies above the maximum, or the type has no range
  default_range,    ///< the default lies outside the range
  choices,          ///< none, an empty one, or one twice
  default_choice,   ///< the default is none of the choices
  animatable,       ///< only numbers and lists are animatable
  names,            ///< only texts name weights or pictures
};

namespace detail {

constexpr char small(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

constexpr bool same_word(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (small(a[i]) != small(b[i])) return false;
  return true;
}

constexpr bool is_word(std::string_view text) {
  for (const char c : text)
    if (!((small(c) >= 'a' && small(c) <= 'z') || (c >= '0' && c <= '9') || c == '_')) return false;
  return !text.empty();
}

/// Calls `see` with each part of a text between '|'. Stops when it returns false, and returns that.
template <typename See>
constexpr bool each_part(std::string_view text, See see) {
  for (;;) {
    const std::size_t end = text.find('|');
    if (!see(text.substr(0, end))) return false;
    if (end == std::string_view::npos) return true;
    text.remove_prefix(end + 1);
  }
}

constexpr std::size_t count_of(std::string_view words, std::string_view wanted) {
  std::size_t count = 0;
  each_part(words, [&](std::string_view word) {
    count += same_word(word, wanted);
    return true;
  });
  return count;
}

constexpr DeclarationFault fault_of(const ParamSpec& spec) {
  using enum DeclarationFault;
  if (!spec.name || !is_word(spec.name) || (spec.name[0] >= '0' && spec.name[0] <= '9')) return param_name;
  const bool counts = spec.type == ParamType::integer || spec.type == ParamType::number;
  if ((spec.has_min || spec.has_max) && !counts) return range;
  if (spec.has_min && spec.has_max && spec.min > spec.max) return range;
  if (spec.animatable && spec.type != ParamType::number && spec.type != ParamType::list) return animatable;
  if (spec.asset != AssetKind::nothing && spec.type != ParamType::text) return names;
  if (spec.type == ParamType::choice && !each_part(spec.choices, [&](std::string_view word) {
        return !word.empty() && count_of(spec.choices, word) == 1;
      }))
    return choices;
  if (spec.required || spec.nullable) return none;  // the default counts for nothing
  if (counts && ((spec.has_min && (spec.default_number < spec.min ||
                                   (spec.exclusive_min && spec.default_number == spec.min))) ||
                 (spec.has_max && spec.default_number > spec.max)))
    return default_range;
  if (spec.type == ParamType::choice && count_of(spec.choices, spec.default_text) == 0) return default_choice;
  return none;
}

}  // namespace detail

/// The first fault of a declaration. The arguments are those of REVERIE_EXPORT_PLUGIN.
constexpr DeclarationFault declaration_fault(std::string_view name, std::string_view version,
                                             std::string_view summary, std::span<const ParamSpec> params,
                                             std::string_view aliases = "", std::string_view roles = "") {
  using enum DeclarationFault;
  if (!detail::is_word(name)) return plugin_name;
  if (version.empty() || summary.empty()) return plugin_text;
  if (!aliases.empty() && !detail::each_part(aliases, [&](std::string_view alias) {
        return !alias.empty() && alias.front() != ' ' && alias.back() != ' ' && alias != name &&
               detail::count_of(aliases, alias) == 1;
      }))
    return alias;
  if (!roles.empty() && !detail::each_part(roles, [&](std::string_view name_of_setting) {
        return detail::is_word(name_of_setting) && detail::count_of(roles, name_of_setting) == 1;
      }))
    return role;
  for (std::size_t i = 0; i < params.size(); ++i) {
    if (const DeclarationFault fault = detail::fault_of(params[i]); fault != none) return fault;
    for (std::size_t j = 0; j < i; ++j)
      if (detail::same_word(params[i].name, params[j].name)) return duplicate_param;
  }
  return none;
}

}  // namespace reverie
