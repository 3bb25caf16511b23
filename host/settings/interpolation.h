#pragma once
// OmegaConf's interpolation as the reference's files use it: ${key}, ${now:FORMAT}, ${user_cache:}.

#include <functional>
#include <map>
#include <set>

#include "settings/value.h"

namespace reverie {

class Interpolation {
 public:
  /// `entries` by canonical name; `canonical` turns a written name into one, or throws std::runtime_error;
  /// `fallback` gives the default of a setting that no entry sets.
  Interpolation(const std::map<std::string, RawEntry>& entries,
                std::function<std::string(const std::string&)> canonical,
                std::function<RawValue(const std::string&)> fallback)
      : entries_(entries), canonical_(std::move(canonical)), fallback_(std::move(fallback)) {}

  /// The entry's value with every reference replaced. Throws std::runtime_error saying what is wrong.
  RawValue resolve(const std::string& name);

 private:
  RawValue expand(const RawValue& value);
  RawValue expand_text(const std::string& text, bool quoted);
  RawValue reference(const std::string& inside);

  const std::map<std::string, RawEntry>& entries_;
  std::function<std::string(const std::string&)> canonical_;
  std::function<RawValue(const std::string&)> fallback_;
  std::vector<std::string> open_;  // names being resolved, to find cycles
  // Of the setting being resolved:
  int references_ = 0;      // followed
  std::size_t values_ = 0;  // made
  std::size_t depth_ = 0;   // of lists in lists, around the value being made
};

}  // namespace reverie
