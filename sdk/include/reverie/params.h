#pragma once
// Parameters: a plugin declares its settings, the host checks a settings file against the declaration
// and hands over plain values. `reverie plugins describe` and the reference documentation come from the same
// declaration.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "reverie/error.h"

namespace reverie {

enum class ParamType : std::uint32_t {
  boolean,  ///< true or false
  integer,  ///< a whole number
  number,   ///< a real number
  text,     ///< any text
  choice,   ///< one of a fixed list of words, matched case-insensitively
  list,     ///< a list of texts; a single text counts as a list of one
};

/// What a text stands for, so that the host can say what is missing before anything is loaded.
enum class AssetKind : std::uint32_t {
  nothing,  ///< any text
  weights,  ///< a weights file, as Host::load_weights() takes it
  image,    ///< a picture, as Host::load_image() takes it; empty: none
};

/// One setting. A POD, built at compile time by boolean(), integer(), number(), text(), choice() or list()
/// below and refined by its chained functions:
///
///   constexpr ParamSpec kParams[] = {
///       integer("pixel_size", 1).range(1, 64).unit("pixels").help("output pixels per optimised pixel"),
///   };
struct ParamSpec {
  const char* name = nullptr;
  ParamType type = ParamType::text;
  bool required = false;    ///< there is no default
  bool animatable = false;  ///< number or list: may be an expression of t; see is_animatable()
  bool nullable = false;    ///< may be null: Params::has() is then false
  bool has_min = false, has_max = false;
  bool exclusive_min = false;  ///< the minimum itself is not allowed
  bool host_setting = false;   ///< see of_host()
  double min = 0, max = 0;
  double default_number = 0;      ///< boolean (0 or 1), integer, number
  const char* default_text = "";  ///< text, choice; list: items separated by ','
  const char* choices = "";       ///< choice: words separated by '|'
  const char* unit_name = "";
  const char* help_text = "";
  AssetKind asset = AssetKind::nothing;  ///< text only
  const char* fallback_text = "";        ///< weights: see names_weights(); a fixed number: see fixed()
  const char* variables = "";            ///< animatable only: see is_animatable()

  constexpr ParamSpec range(double low, double high) const { return at_least(low).at_most(high); }
  constexpr ParamSpec at_least(double low) const {
    ParamSpec p = *this;
    p.has_min = true;
    p.min = low;
    return p;
  }
  constexpr ParamSpec above(double low) const {
    ParamSpec p = at_least(low);
    p.exclusive_min = true;
    return p;
  }
  constexpr ParamSpec at_most(double high) const {
    ParamSpec p = *this;
    p.has_max = true;
    p.max = high;
    return p;
  }
  constexpr ParamSpec is_required() const {
    ParamSpec p = *this;
    p.required = true;
    return p;
  }
  constexpr ParamSpec may_be_null() const {
    ParamSpec p = *this;
    p.nullable = true;
    return p;
  }
  /// The value may be an expression of t and of the sound, evaluated at each frame: FrameContext::parameter()
  /// has a number's present value. A list holds numbers then, always as many as its default, and
  /// FrameContext::numbers() has them. `own_variables` are names, separated by '|', that the expression may
  /// use as well, whose values come from AnimationMode::variables().
  constexpr ParamSpec is_animatable(const char* own_variables = "") const {
    ParamSpec p = *this;
    p.animatable = true;
    p.variables = own_variables;
    return p;
  }
  /// Of a number that is not animatable: why it stays the same in a run, as the end of "it stays the same,
  /// since ...". `reverie settings` shows it, and so does the message about keyframes or an expression that
  /// somebody gives to it.
  constexpr ParamSpec fixed(const char* reason) const {
    ParamSpec p = *this;
    p.fallback_text = reason;  // which no number needs: so the layout has not changed
    return p;
  }
  /// Whether it is a number that cannot vary.
  constexpr bool is_fixed() const {
    return (type == ParamType::integer || type == ParamType::number) && !animatable;
  }
  /// What fixed() was given, or what holds for any plugin's. Only where is_fixed().
  constexpr const char* why_fixed() const {
    return *fallback_text ? fallback_text : "its plugin reads it when the run begins";
  }
  /// The text names weights. When nobody gave a value and the default's weights are not installed, the host
  /// takes `shipped` instead, and says so.
  constexpr ParamSpec names_weights(const char* shipped = "") const {
    ParamSpec p = *this;
    p.asset = AssetKind::weights;
    p.fallback_text = shipped;
    return p;
  }
  constexpr ParamSpec names_image() const {
    ParamSpec p = *this;
    p.asset = AssetKind::image;
    return p;
  }
  /// No parameter of the plugin's own: it reads the program's setting of this name, which must be of this
  /// type. Range, choices and default are the program's; the default here is what a plugin gets that is
  /// created without a run's settings. Without this, no parameter may have the name of a setting of the
  /// program.
  constexpr ParamSpec of_host() const {
    ParamSpec p = *this;
    p.host_setting = true;
    return p;
  }
  constexpr ParamSpec unit(const char* name_of_unit) const {
    ParamSpec p = *this;
    p.unit_name = name_of_unit;
    return p;
  }
  constexpr ParamSpec help(const char* sentence) const {
    ParamSpec p = *this;
    p.help_text = sentence;
    return p;
  }
};

namespace detail {
constexpr ParamSpec param(const char* name, ParamType type, double number, const char* text) {
  ParamSpec p;
  p.name = name;
  p.type = type;
  p.default_number = number;
  p.default_text = text;
  return p;
}
}  // namespace detail

constexpr ParamSpec boolean(const char* name, bool value) {
  return detail::param(name, ParamType::boolean, value ? 1 : 0, "");
}
constexpr ParamSpec integer(const char* name, std::int64_t value) {
  return detail::param(name, ParamType::integer, static_cast<double>(value), "");
}
constexpr ParamSpec number(const char* name, double value) {
  return detail::param(name, ParamType::number, value, "");
}
constexpr ParamSpec text(const char* name, const char* value) {
  return detail::param(name, ParamType::text, 0, value);
}
/// `words` are separated by '|'.
constexpr ParamSpec choice(const char* name, const char* value, const char* words) {
  ParamSpec p = detail::param(name, ParamType::choice, 0, value);
  p.choices = words;
  return p;
}
/// `items` are separated by ','.
constexpr ParamSpec list(const char* name, const char* items) {
  return detail::param(name, ParamType::list, 0, items);
}

/// The checked values of one plugin instance: exactly the declared parameters, each with the settings file's
/// value or its default. Lives as long as the constructor runs, which must read all of them but the
/// animatable ones: a parameter that is not read has no effect, and is a warning.
class REVERIE_PUBLIC Params {
 public:
  virtual ~Params() = default;

  /// T is bool, std::int64_t, double, std::string or std::vector<std::string>, as declared (a choice is
  /// text). Throws Error(plugin) when the parameter was not declared, or as another type: a mistake in the
  /// plugin.
  template <typename T>
  T get(std::string_view name) const;

  /// False when a nullable parameter is null.
  virtual bool has(std::string_view name) const = 0;

 protected:
  virtual bool get_boolean(std::string_view name) const = 0;
  virtual std::int64_t get_integer(std::string_view name) const = 0;
  virtual double get_number(std::string_view name) const = 0;
  virtual std::string get_text(std::string_view name) const = 0;
  virtual std::vector<std::string> get_list(std::string_view name) const = 0;
};

template <>
inline bool Params::get<bool>(std::string_view name) const {
  return get_boolean(name);
}
template <>
inline std::int64_t Params::get<std::int64_t>(std::string_view name) const {
  return get_integer(name);
}
template <>
inline double Params::get<double>(std::string_view name) const {
  return get_number(name);
}
template <>
inline std::string Params::get<std::string>(std::string_view name) const {
  return get_text(name);
}
template <>
inline std::vector<std::string> Params::get<std::vector<std::string>>(std::string_view name) const {
  return get_list(name);
}

}  // namespace reverie
