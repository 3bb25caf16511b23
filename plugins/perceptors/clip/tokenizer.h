#pragma once
// CLIP's tokenizer (Radford et al. 2021): text repaired, evened out, split into words, and those into byte
// pairs.

#include "byte_pair_encoding.h"

namespace reverie::clip {

class Tokenizer {
 public:
  /// `merges` as BytePairEncoding takes them. Behind its ids come start of text and end of text.
  explicit Tokenizer(const std::string& merges) : words_(merges) {}

  std::int64_t vocabulary() const { return end() + 1; }

  /// The ids of a UTF-8 text between the start and end tokens, without padding. Throws Error(settings),
  /// quoting the text, when it is not UTF-8.
  std::vector<std::int64_t> encode(const std::string& text) const;

  /// Splits cleaned text into words: the names of the start and end tokens, contractions, runs of letters,
  /// single digits, runs of anything else.
  static std::vector<std::string> split(const std::string& text);

  /// Repaired (see fix_text.h), HTML's references resolved, runs of white space collapsed, none at the ends,
  /// lower case.
  static std::string clean(const std::string& text);

  /// encode(), for the model `name`. Throws Error(settings) when there are more than `context` ids.
  std::vector<std::int64_t> encode_within(std::int64_t context, const std::string& text,
                                          const std::string& name) const;

 private:
  std::int64_t start() const { return words_.size(); }
  std::int64_t end() const { return words_.size() + 1; }

  BytePairEncoding words_;
};

}  // namespace reverie::clip
