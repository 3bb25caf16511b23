#include "settings/settings.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

#include "base/nearest.h"
#include "base/texts.h"
#include "settings/json_string.h"
#include "settings/keyframe_list.h"

namespace reverie {
namespace {

constexpr double kExact = 9007199254740992.0;  // 2^53: from there on, doubles leave out whole numbers
constexpr double kTwoTo63 = 9223372036854775808.0;
constexpr double kTwoTo64 = 18446744073709551616.0;

std::string shortest(double value) {
  char buffer[32];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  return std::string(buffer, error == std::errc() ? end : buffer);
}

bool parse_number(const std::string& text, double& out) {
  const char* begin = text.c_str() + (text.size() > 1 && text[0] == '+' && text[1] != '-' ? 1 : 0);
  const char* end = text.c_str() + text.size();
  const auto [rest, error] = std::from_chars(begin, end, out);
  return error == std::errc() && rest == end && std::isfinite(out);
}

/// A whole number of 64 bits with or without sign; those of 2^63 and above come out as negative ones of the
/// same bits, as random generators take them.
bool parse_whole(const std::string& text, std::int64_t& out) {
  const char* begin = text.c_str() + (text.size() > 1 && text[0] == '+' ? 1 : 0);
  const char* end = text.c_str() + text.size();
  if (const auto [rest, error] = std::from_chars(begin, end, out); error == std::errc()) return rest == end;
  std::uint64_t large = 0;
  const auto [rest, error] = std::from_chars(begin, end, large);
  out = static_cast<std::int64_t>(large);
  return error == std::errc() && rest == end;
}

bool is_out_of_range(const ParamSpec& spec, double number) {
  const bool low = spec.has_min && (spec.exclusive_min ? !(number > spec.min) : number < spec.min);
  return low || (spec.has_max && number > spec.max);
}

/// Of what may be an expression: what is a plain number goes into `number`, and is checked as others are.
std::string trouble_with_number(const ParamSpec& spec, const std::string& text, double& number) {
  double plain = 0;
  const std::vector<std::string> parts = split(text, ",");
  const auto is_number = [&](const std::string& part) { return parse_number(trimmed(part), plain); };
  if (parts.size() > 1 && std::all_of(parts.begin(), parts.end(), is_number))
    return spec.type == ParamType::integer ? "is not a whole number" : "is not a number";
  if (!parse_number(text, plain)) return {};
  number = plain;
  if (spec.type == ParamType::integer && number != std::floor(number)) return "is not a whole number";
  return is_out_of_range(spec, number) ? "is out of range" : "";
}

/// Lists, objects and numbers are put together here, because jsoncpp would sort the members, leave out the
/// blanks that YAML needs, and write 0.1 with 17 digits. What looks like a number is one, as in the file it
/// came from.
std::string json_of(const RawValue& value) {
  switch (value.kind) {
    case RawValue::Kind::null:
      return "null";
    case RawValue::Kind::scalar: {
      double number = 0;
      return !value.quoted && parse_number(value.text, number) ? shortest(number) : json_string(value.text);
    }
    case RawValue::Kind::list: {
      std::string result;
      for (const RawValue& item : value.items) result += (result.empty() ? "" : ", ") + json_of(item);
      return "[" + result + "]";
    }
    case RawValue::Kind::map: {
      std::string result;
      for (const auto& [name, member] : value.members)
        result += (result.empty() ? "" : ", ") + json_string(name) + ": " + json_of(member);
      return "{" + result + "}";
    }
  }
  return "null";
}

}  // namespace

std::string SettingValue::json() const {
  if (null) return "null";
  if (spec.animatable) {
    double constant;
    const bool plain = spec.type != ParamType::list && parse_number(trimmed(text), constant);
    return plain ? shortest(constant) : json_string(text);
  }
  switch (spec.type) {
    case ParamType::boolean:
      return number != 0 ? "true" : "false";
    case ParamType::integer:
      return number >= kTwoTo63 ? std::to_string(static_cast<std::uint64_t>(whole()))
                                : std::to_string(whole());
    case ParamType::number:
      return shortest(number);
    case ParamType::text:
    case ParamType::choice:
      return json_string(text);
    case ParamType::list: {
      std::string result;
      for (const RawValue& group : groups) result += (result.empty() ? "" : ", ") + json_of(group);
      for (const std::string& item : groups.empty() ? list : std::vector<std::string>())
        result += (result.empty() ? "" : ", ") + json_string(item);
      return "[" + result + "]";
    }
  }
  return "null";
}

bool SettingValue::is_expression() const {
  double constant;
  if (!spec.animatable || null) return false;
  return spec.type == ParamType::list || !parse_number(trimmed(text), constant);
}

std::int64_t SettingValue::whole() const {
  std::int64_t exact = 0;
  // `number` may have been set since to something else.
  if (spec.type == ParamType::integer && !text.empty() && parse_whole(text, exact)) {
    const double value = number >= kTwoTo63 ? static_cast<double>(static_cast<std::uint64_t>(exact))
                                            : static_cast<double>(exact);
    if (value == number) return exact;
  }
  return number >= kTwoTo63 ? static_cast<std::int64_t>(static_cast<std::uint64_t>(number))
                            : static_cast<std::int64_t>(number);
}

void Settings::set(const std::string& name, SettingValue value) {
  if (!values_.count(name)) order_.push_back(name);
  values_[name] = std::move(value);
}

const SettingValue* Settings::find(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? nullptr : &found->second;
}

const SettingValue& Settings::typed(std::string_view name, ParamType type) const {
  const SettingValue* value = find(name);
  if (!value)
    throw Error(ErrorKind::plugin, "the parameter '" + std::string(name) + "' was read but not declared");
  asked_.insert(std::string(name));
  const bool texts = type == ParamType::text && value->spec.type == ParamType::choice;
  const bool numbers = type == ParamType::number && value->spec.type == ParamType::integer;
  if (value->spec.type != type && !texts && !numbers)
    throw Error(ErrorKind::plugin,
                "the parameter '" + std::string(name) + "' was read as another type than declared");
  return *value;
}

bool Settings::has(std::string_view name) const {
  const SettingValue* value = find(name);
  if (value) asked_.insert(std::string(name));
  return value && !value->null;
}
bool Settings::get_boolean(std::string_view name) const {
  return typed(name, ParamType::boolean).number != 0;
}
std::int64_t Settings::get_integer(std::string_view name) const {
  return typed(name, ParamType::integer).whole();
}
double Settings::get_number(std::string_view name) const { return typed(name, ParamType::number).number; }
std::string Settings::get_text(std::string_view name) const { return typed(name, ParamType::text).text; }
std::vector<std::string> Settings::get_list(std::string_view name) const {
  return typed(name, ParamType::list).list;
}

SettingValue default_value(const ParamSpec& spec) {
  SettingValue value;
  value.spec = spec;
  value.null = spec.nullable;
  value.number = spec.default_number;
  if (spec.animatable)
    value.text = spec.type == ParamType::list ? "[" + std::string(spec.default_text) + "]"
                 : value.null                 ? ""
                                              : shortest(spec.default_number);
  else if (spec.type == ParamType::list)
    value.list = *spec.default_text ? split(spec.default_text, ",") : std::vector<std::string>();
  else
    value.text = spec.default_text;
  return value;
}

std::string convert(const ParamSpec& spec, const RawValue& raw, SettingValue& out) {
  out = default_value(spec);
  const bool is_text = spec.type == ParamType::text;
  if (raw.kind == RawValue::Kind::null) {
    out.null = spec.nullable;
    out.text.clear();
    out.list.clear();
    if (spec.nullable || is_text || spec.type == ParamType::list) return {};
    return "has no value";
  }
  if (spec.animatable && is_keyframe_list(raw)) {
    out.null = false;
    return keyframe_text(raw, out.text);
  }
  if (raw.kind == RawValue::Kind::map && !(is_text && !raw.text.empty())) return "is a group of values";
  if (spec.animatable) {
    // An expression; whoever compiles it knows its variables. A list of expressions is one of a list.
    std::string written = raw.text;
    if (raw.kind == RawValue::Kind::list && written.empty()) {
      for (const RawValue& item : raw.items) written += (written.empty() ? "[" : ", ") + item.text;
      written += written.empty() ? "" : "]";
    }
    if (trimmed(written).empty()) return "is blank";
    out.text = written;
    out.null = false;
    return spec.type == ParamType::list ? "" : trouble_with_number(spec, trimmed(written), out.number);
  }
  if (spec.type == ParamType::list) {
    out.list.clear();
    if (raw.kind == RawValue::Kind::scalar) {
      if (!trimmed(raw.text).empty()) out.list.push_back(raw.text);
      return {};
    }
    for (const RawValue& item : raw.items) {
      if (item.kind != RawValue::Kind::scalar) return "holds something other than texts";
      if (item.text.find('\0') != std::string::npos) return "holds a zero character";
      if (!trimmed(item.text).empty()) out.list.push_back(item.text);  // a blank names nothing
    }
    return {};
  }
  if (raw.kind == RawValue::Kind::list && !is_text) return "is a list";
  if (raw.text.find('\0') != std::string::npos) return "holds a zero character";
  out.null = false;
  switch (spec.type) {
    case ParamType::text:
      // [picture.png] without quotes is a list to YAML.
      if (raw.kind == RawValue::Kind::list && raw.text.empty()) {
        if (raw.items.size() != 1 || raw.items[0].kind != RawValue::Kind::scalar) return "is a list";
        out.text = "[" + raw.items[0].text + "]";
        return {};
      }
      out.text = raw.text;
      return {};
    case ParamType::choice: {
      const std::vector<std::string> words = split(spec.choices, "|");
      for (const std::string& word : words)
        if (lower(word) == lower(raw.text)) {
          out.text = word;
          return {};
        }
      const std::string near = nearest(raw.text, words);
      return "is not one of the choices" + (near.empty() ? "" : "; did you mean '" + near + "'?");
    }
    case ParamType::boolean: {
      const std::string word = lower(raw.text);
      const bool yes = word == "true" || word == "yes" || word == "on" || word == "1";
      if (!yes && word != "false" && word != "no" && word != "off" && word != "0")
        return "is not true or false";
      out.number = yes;
      return {};
    }
    default:
      break;
  }
  if (!parse_number(raw.text, out.number))
    return spec.type == ParamType::integer ? "is not a whole number" : "is not a number";
  if (spec.type == ParamType::integer) {
    if (out.number != std::floor(out.number)) return "is not a whole number";
    std::int64_t exact = 0;
    if (std::abs(out.number) >= kExact) {
      // Not every whole number beyond has a double of its own; only a setting that allows them keeps its
      // digits.
      if (!(spec.has_max && spec.max > kExact)) return "is out of range";
      if (!parse_whole(raw.text, exact))
        return raw.text.find_first_not_of("+-0123456789") == std::string::npos
                   ? "is out of range"
                   : "is too large; write it out in digits";
      out.text = raw.text;
    }
  }
  return is_out_of_range(spec, out.number) ? "is out of range" : "";
}

std::string allowed(const ParamSpec& spec) {
  std::string result;
  if (spec.animatable && spec.type == ParamType::list)
    return "list of " + std::to_string(split(spec.default_text, ",").size()) + " numbers or expressions of t";
  switch (spec.type) {
    case ParamType::boolean:
      result = "true or false";
      break;
    case ParamType::integer:
      result = spec.animatable ? "whole number or expression of t" : "whole number";
      break;
    case ParamType::number:
      result = spec.animatable ? "number or expression of t" : "number";
      break;
    case ParamType::text:
      result = "text";
      break;
    case ParamType::list:
      result = "list of texts";
      break;
    case ParamType::choice:
      for (const std::string& word : split(spec.choices, "|")) result += (result.empty() ? "" : ", ") + word;
      break;
  }
  if (spec.has_min && spec.has_max)
    result += std::string(spec.exclusive_min ? ", above " : ", ") + shortest(spec.min) + " to " +
              (spec.max == kTwoTo64 ? "18446744073709551615" : shortest(spec.max));
  else if (spec.has_min)
    result += std::string(spec.exclusive_min ? ", above " : ", at least ") + shortest(spec.min);
  else if (spec.has_max)
    result += ", at most " + shortest(spec.max);
  if (spec.nullable) result += ", or null";
  return result;
}

std::string default_text(const ParamSpec& spec) {
  if (spec.required) return "required";
  const SettingValue value = default_value(spec);
  if (value.null) return "null";
  if (spec.type == ParamType::text || spec.type == ParamType::choice || spec.animatable)
    return value.text.empty() ? "''" : value.text;
  return value.json();
}

}  // namespace reverie
