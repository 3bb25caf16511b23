#pragma once
// The setting `perceptors`: a list of names and of {name, weight}.

#include "settings/settings.h"

namespace reverie {

inline constexpr const char* kPerceptors = "perceptors";
inline constexpr const char* kPerceptorsAllowed = "list of names and {name, weight}";

/// How a perceptor's weight is declared: a number from 0, 1 by default, which may be an expression.
const ParamSpec& perceptor_weight();

/// As convert(). `list` gets the names. Where a weight is given, `groups` gets {name, weight} for each of
/// them; else it stays empty.
std::string convert_perceptors(const ParamSpec& spec, const RawValue& raw, SettingValue& out);

/// The weight of an item of the list, as written; "1" where none is given.
std::string perceptor_weight_text(const SettingValue& perceptors, std::size_t item);

}  // namespace reverie
