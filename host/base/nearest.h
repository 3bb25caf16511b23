#pragma once
// Finds what somebody probably meant.

#include <string>
#include <vector>

namespace reverie {

std::string lower(std::string text);

/// The candidate that begins with the word, or the one with the fewest edits, if it is near enough to be a
/// typing mistake; else empty.
std::string nearest(const std::string& word, const std::vector<std::string>& candidates);

}  // namespace reverie
