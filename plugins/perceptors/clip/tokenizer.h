#pragma once
// CLIP's byte-level byte-pair encoding (Sennrich et al. 2016; Radford et al. 2021) with any list of merges.

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace reverie::clip {

class Tokenizer {
 public:
  /// `merges` holds one merge a line, "left right", most frequent first, in the byte-to-symbol spelling that
  /// GPT-2 introduced. Ids: 256 bytes, 256 bytes that end a word, the merges, start of text, end of text.
  explicit Tokenizer(const std::string& merges);

  std::int64_t vocabulary() const { return end_ + 1; }

  /// The ids of a text between the start and end tokens, without padding.
  std::vector<std::int64_t> encode(const std::string& text) const;

  /// Splits cleaned text into words: contractions, runs of letters, single digits, runs of anything else.
  static std::vector<std::string> split(const std::string& text);

  /// Lower case, runs of white space collapsed, none at the ends.
  static std::string clean(const std::string& text);

 private:
  std::vector<std::int64_t> encode_word(const std::string& word) const;

  std::unordered_map<std::string, std::int64_t> ids_;
  std::unordered_map<std::string, std::int64_t> ranks_;  // "left right" to the order of merging
  std::string symbols_[256];
  std::int64_t start_ = 0, end_ = 0;
};

}  // namespace reverie::clip
