#pragma once
// JSON to values, within the limits of limits.h.

#include <string>
#include <vector>

#include "settings/value.h"

namespace reverie {

/// The entries of the object that a text begins with; what stands behind it, as in the reference's saved
/// settings, is for people and not read. What is wrong is added to `problems`, as "not valid `language`".
std::vector<RawEntry> read_json(const std::string& text, const std::string& file,
                                std::vector<Problem>& problems, const std::string& language = "JSON");

}  // namespace reverie
