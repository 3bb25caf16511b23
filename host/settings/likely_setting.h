#pragma once
// What a misspelt setting was probably meant to be.

#include <string>
#include <vector>

namespace reverie {

/// The setting that is probably meant: what other programs call so, or the nearest name; empty if there is
/// none.
std::string likely_setting(const std::string& word, const std::vector<std::string>& candidates);

}  // namespace reverie
