#pragma once
// Byte-level byte-pair encoding (Sennrich et al. 2016; Radford et al. 2019) with any list of merges.

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace reverie::clip {

class BytePairEncoding {
 public:
  /// `merges` holds one merge a line, "left right", most frequent first, in the byte-to-symbol spelling that
  /// GPT-2 introduced. Ids: 256 bytes, 256 bytes that end a word, the merges.
  explicit BytePairEncoding(const std::string& merges);

  /// How many ids there are.
  std::int64_t size() const { return size_; }

  /// Appends a word's ids. Time is about linear in the word's length.
  void encode(std::string_view word, std::vector<std::int64_t>& ids) const;

 private:
  /// Symbols are numbered in the order they first occur in; an id can differ, since two merges may make the
  /// same symbol, whose id is then the later one's.
  using Symbol = std::int32_t;
  struct Merge {
    std::int64_t rank;
    Symbol result;
  };
  static std::uint64_t key(Symbol left, Symbol right) {
    return static_cast<std::uint64_t>(left) << 32 | static_cast<std::uint32_t>(right);
  }
  const Merge* find(Symbol left, Symbol right) const;

  Symbol inner_[256] = {}, last_[256] = {};  // of a byte inside of a word and at its end
  std::unordered_map<std::uint64_t, Merge> merges_;
  std::vector<std::int64_t> ids_;  // by symbol
  std::int64_t size_ = 0;
};

}  // namespace reverie::clip
