#include "byte_pair_encoding.h"

#include <functional>
#include <queue>
#include <sstream>

#include "unicode.h"

namespace reverie::clip {
namespace {

constexpr const char* kWordEnd = "</w>";

struct ByteSymbol {
  unsigned char byte;
  std::string spelling;
};

/// Printable bytes stand for themselves, the others for U+0100 upward; this order gives the first ids.
std::vector<ByteSymbol> byte_symbols() {
  const auto printable = [](int b) {
    return (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || (b >= 174 && b <= 255);
  };
  std::vector<ByteSymbol> result;
  char32_t next = 256;
  for (const bool wanted : {true, false})
    for (int b = 0; b < 256; ++b)
      if (printable(b) == wanted)
        result.push_back(
            {static_cast<unsigned char>(b), encode_utf8(Text{wanted ? static_cast<char32_t>(b) : next++})});
  return result;
}

}  // namespace

BytePairEncoding::BytePairEncoding(const std::string& merges) {
  std::unordered_map<std::string, Symbol> symbols;
  const auto symbol = [&](const std::string& spelling) {
    const auto [found, isnew] = symbols.emplace(spelling, static_cast<Symbol>(symbols.size()));
    if (isnew) ids_.push_back(0);
    return found->second;
  };
  const auto add = [&](const std::string& spelling) {
    const Symbol added = symbol(spelling);
    ids_[static_cast<std::size_t>(added)] = size_++;
    return added;
  };
  const std::vector<ByteSymbol> bytes = byte_symbols();
  for (const ByteSymbol& b : bytes) inner_[b.byte] = add(b.spelling);
  for (const ByteSymbol& b : bytes) last_[b.byte] = add(b.spelling + kWordEnd);

  std::istringstream lines(merges);
  for (std::string line; std::getline(lines, line);) {
    const auto space = line.find(' ');
    if (space == std::string::npos) continue;
    const std::string left = line.substr(0, space), right = line.substr(space + 1);
    const std::int64_t rank = size_;
    const Symbol result = add(left + right);
    merges_[key(symbol(left), symbol(right))] = {rank, result};
  }
}

const BytePairEncoding::Merge* BytePairEncoding::find(Symbol left, Symbol right) const {
  const auto found = merges_.find(key(left, right));
  return found == merges_.end() ? nullptr : &found->second;
}

void BytePairEncoding::encode(std::string_view word, std::vector<std::int64_t>& ids) const {
  if (word.empty()) return;
  // The word's symbols as a linked list, and the places where two neighbours can be merged, best merge first.
  constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  struct Part {
    Symbol symbol;
    std::size_t previous, next;
    bool merged_away;
  };
  std::vector<Part> parts;
  for (std::size_t i = 0; i < word.size(); ++i)
    parts.push_back({inner_[static_cast<unsigned char>(word[i])], i == 0 ? kNone : i - 1, i + 1, false});
  parts.back().symbol = last_[static_cast<unsigned char>(word.back())];
  parts.back().next = kNone;

  using Place = std::pair<std::int64_t, std::size_t>;  // rank, left part
  std::priority_queue<Place, std::vector<Place>, std::greater<>> places;
  const auto merge_at = [&](std::size_t left) -> const Merge* {
    if (left == kNone || parts[left].merged_away || parts[left].next == kNone) return nullptr;
    return find(parts[left].symbol, parts[parts[left].next].symbol);
  };
  const auto consider = [&](std::size_t left) {
    if (const Merge* merge = merge_at(left)) places.emplace(merge->rank, left);
  };
  for (std::size_t i = 0; i < parts.size(); ++i) consider(i);

  std::vector<std::size_t> changed;
  while (!places.empty()) {
    // One merge at all of its places, from the left, before what that makes possible.
    const std::int64_t rank = places.top().first;
    changed.clear();
    for (; !places.empty() && places.top().first == rank; places.pop()) {
      const std::size_t left = places.top().second;
      const Merge* merge = merge_at(left);
      if (!merge || merge->rank != rank) continue;  // a neighbour has changed since
      Part& part = parts[left];
      Part& gone = parts[part.next];
      part.symbol = merge->result;
      part.next = gone.next;
      gone.merged_away = true;
      if (part.next != kNone) parts[part.next].previous = left;
      changed.push_back(left);
    }
    for (const std::size_t left : changed) {
      consider(parts[left].previous);
      consider(left);
    }
  }
  for (std::size_t i = 0; i != kNone; i = parts[i].next)
    ids.push_back(ids_[static_cast<std::size_t>(parts[i].symbol)]);
}

}  // namespace reverie::clip
