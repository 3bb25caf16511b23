#pragma once
// The settings that the reference's notebook prints: a line "SETTINGS:", then a Python dict such as
// {'scenes': "a painter's hill", 'restore': False, 'learning_rate': None}.

#include <string>

namespace reverie {

/// Where the dict begins that a text holds; npos if it is something else, JSON for instance.
std::size_t find_python_dict(const std::string& text);

/// The same values as JSON, in the same lines. What is not Python comes out as invalid JSON.
std::string python_to_json(const std::string& text, std::size_t begin);

}  // namespace reverie
