#pragma once
// The settings of a run: checked, typed, complete.

#include <functional>
#include <map>
#include <set>
#include <span>

#include "settings/table.h"
#include "settings/value.h"

namespace reverie {

/// One typed value and where it came from.
struct SettingValue {
  ParamSpec spec;
  bool null = false;
  double number = 0;  // boolean, integer, number; of an expression, see Script
  std::string text;   // text, choice; integer: its digits, where `number` is not exact
  std::vector<std::string> list;
  std::vector<RawValue> groups;  // of a list of groups of values, which no ParamSpec declares
  Location location;             // empty: the default

  bool is_default() const { return location.is(Location::Source::none); }
  /// Of what may be an expression: whether it is more than a plain number.
  bool is_expression() const;
  /// Of an integer, exactly; above 2^63 - 1 the negative number with the same bits.
  std::int64_t whole() const;
  /// As JSON, which is also valid YAML.
  std::string json() const;
};

/// Values by name, in the order of the table. Also the view that a plugin gets of its own parameters.
class Settings : public Params {
 public:
  void set(const std::string& name, SettingValue value);
  const SettingValue* find(std::string_view name) const;
  const std::vector<std::string>& names() const { return order_; }

  bool has(std::string_view name) const override;

  /// Names that were asked for since construction: a test holds plugins to reading what they declare.
  const std::set<std::string>& asked() const { return asked_; }

 protected:
  bool get_boolean(std::string_view name) const override;
  std::int64_t get_integer(std::string_view name) const override;
  double get_number(std::string_view name) const override;
  std::string get_text(std::string_view name) const override;
  std::vector<std::string> get_list(std::string_view name) const override;

 private:
  const SettingValue& typed(std::string_view name, ParamType type) const;
  std::map<std::string, SettingValue, std::less<>> values_;
  std::vector<std::string> order_;
  mutable std::set<std::string> asked_;
};

SettingValue default_value(const ParamSpec& spec);

/// Empty, or why the raw value does not fit the declaration and what would.
std::string convert(const ParamSpec& spec, const RawValue& raw, SettingValue& out);

/// A one-line description of what a setting takes, e.g. "whole number, 1 to 64".
std::string allowed(const ParamSpec& spec);

/// A declared default as people write it; empty text is shown as ''.
std::string default_text(const ParamSpec& spec);

}  // namespace reverie
