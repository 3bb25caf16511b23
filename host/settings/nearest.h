#pragma once
// Finds what somebody probably meant.

#include <string>
#include <vector>

namespace reverie {

std::string lower(std::string text);

/// The candidate with the fewest edits, if it is near enough to be a typing mistake; else empty.
std::string nearest(const std::string& word, const std::vector<std::string>& candidates);

/// The setting that is probably meant: what other programs call so, or the nearest name; empty if there is
/// none.
std::string likely_setting(const std::string& word, const std::vector<std::string>& candidates);

}  // namespace reverie
