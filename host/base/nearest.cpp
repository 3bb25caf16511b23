#include "base/nearest.h"

#include <algorithm>
#include <numeric>

namespace reverie {
namespace {

/// Levenshtein distance.
std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t k = 0; k < b.size(); ++k) {
      const std::size_t changed = diagonal + (a[i] == b[k] ? 0 : 1);
      diagonal = row[k + 1];
      row[k + 1] = std::min({changed, row[k] + 1, row[k + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

std::string nearest(const std::string& word, const std::vector<std::string>& candidates) {
  if (word.size() > 64) return {};
  const std::string wanted = lower(word);
  std::size_t best = wanted.size() / 3 + 2;
  std::string result;
  for (const std::string& candidate : candidates) {
    // A word that was not finished is meant rather than one with other letters.
    const bool begins = wanted.size() > 2 && lower(candidate).rfind(wanted, 0) == 0;
    const std::size_t d = begins ? 0 : distance(wanted, lower(candidate));
    if (d < best) {
      best = d;
      result = candidate;
    }
  }
  return result;
}

}  // namespace reverie
