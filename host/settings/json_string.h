#pragma once

#include <string>

namespace reverie {

/// A text as JSON's, which is YAML's too. Characters outside ASCII stay as they are: YAML knows no pairs of
/// \u escapes, and people read this.
std::string json_string(const std::string& text);

}  // namespace reverie
