#pragma once
// {red|green|blue} and __colours__ in prompts: one of several, drawn by chance.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace reverie {

class Wildcards {
 public:
  /// `read` gives the text of the list of this name ("colours", "animals/birds"), or throws Error. `scene`:
  /// the same seed and scene draw the same again, whatever other scenes there are.
  Wildcards(std::uint64_t seed, std::uint64_t scene, std::function<std::string(const std::string&)> read);

  /// The text with one of each. A list has one entry in a line; empty lines and those that begin with # are
  /// none. Entries may hold wildcards. What stands in [ ] is left as it is. Throws Error(settings).
  std::string drawn(const std::string& text) { return expand(text, 0); }

 private:
  std::string expand(const std::string& text, int depth);
  const std::vector<std::string>& list(const std::string& name);
  std::size_t chance(std::size_t count);

  std::function<std::string(const std::string&)> read_;
  std::map<std::string, std::vector<std::string>> lists_;
  std::mt19937_64 engine_;
};

/// Whether Wildcards would draw anything in this text.
bool has_wildcards(const std::string& text);

/// Where `||` separates scenes: not within braces.
std::vector<std::string> split_scenes(const std::string& scenes);

}  // namespace reverie
