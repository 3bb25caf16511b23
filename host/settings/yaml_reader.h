#pragma once
// YAML to values, within the limits of limits.h.

#include <string>
#include <vector>

#include "settings/value.h"

namespace reverie {

/// The entries of a YAML document in their order. What is wrong is added to `problems`.
std::vector<RawEntry> read_yaml(const std::string& text, const std::string& file,
                                std::vector<Problem>& problems);

/// A single value as YAML writes it, without lines. Throws YAML::Exception.
RawValue read_yaml_value(const std::string& text);

/// Whether YAML reads this plain word as null.
bool is_null_word(const std::string& text);

}  // namespace reverie
