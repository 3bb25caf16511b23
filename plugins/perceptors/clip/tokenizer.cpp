#include "tokenizer.h"

#include <array>
#include <limits>
#include <sstream>

namespace reverie::clip {
namespace {

constexpr const char* kWordEnd = "</w>";

std::string utf8(unsigned code) {
  if (code < 0x80) return {static_cast<char>(code)};
  return {static_cast<char>(0xC0 | code >> 6), static_cast<char>(0x80 | (code & 0x3F))};
}

bool is_space(unsigned char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_digit(unsigned char c) { return c >= '0' && c <= '9'; }
// Bytes of a character outside ASCII count as letters: nearly all that occur in prompts are.
bool is_letter(unsigned char c) { return c >= 0x80 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_other(unsigned char c) { return !is_space(c) && !is_digit(c) && !is_letter(c); }

constexpr std::array<const char*, 7> kContractions = {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"};

}  // namespace

Tokenizer::Tokenizer(const std::string& merges) {
  // Printable bytes stand for themselves, the others for U+0100 upward; this order gives the first ids.
  std::vector<int> order;
  for (int b = 33; b <= 126; ++b) order.push_back(b);
  for (int b = 161; b <= 172; ++b) order.push_back(b);
  for (int b = 174; b <= 255; ++b) order.push_back(b);
  for (const int b : order) symbols_[b] = utf8(static_cast<unsigned>(b));
  for (int b = 0, next = 256; b < 256; ++b) {
    if (!symbols_[b].empty()) continue;
    symbols_[b] = utf8(static_cast<unsigned>(next++));
    order.push_back(b);
  }
  for (const char* ending : {"", kWordEnd})
    for (const int b : order) {
      const auto id = static_cast<std::int64_t>(ids_.size());
      ids_.emplace(symbols_[b] + ending, id);
    }

  std::istringstream lines(merges);
  for (std::string line; std::getline(lines, line);) {
    const auto space = line.find(' ');
    if (space == std::string::npos) continue;
    const auto rank = static_cast<std::int64_t>(ranks_.size());
    ranks_.emplace(line, rank);
    ids_[line.substr(0, space) + line.substr(space + 1)] = 512 + rank;
  }
  start_ = 512 + static_cast<std::int64_t>(ranks_.size());
  end_ = start_ + 1;
}

std::string Tokenizer::clean(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (is_space(static_cast<unsigned char>(c))) {
      if (!result.empty() && result.back() != ' ') result += ' ';
    } else {
      result += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
  }
  if (!result.empty() && result.back() == ' ') result.pop_back();
  return result;
}

std::vector<std::string> Tokenizer::split(const std::string& text) {
  std::vector<std::string> words;
  std::size_t i = 0;
  const auto run = [&](bool (*belongs)(unsigned char)) {
    const std::size_t begin = i;
    while (i < text.size() && belongs(static_cast<unsigned char>(text[i]))) ++i;
    words.push_back(text.substr(begin, i - begin));
  };
  while (i < text.size()) {
    const auto c = static_cast<unsigned char>(text[i]);
    const char* contraction = nullptr;
    for (const char* candidate : kContractions)
      if (!contraction && text.compare(i, std::char_traits<char>::length(candidate), candidate) == 0)
        contraction = candidate;
    if (contraction) {
      words.emplace_back(contraction);
      i += words.back().size();
    } else if (is_space(c)) {
      ++i;
    } else if (is_digit(c)) {
      words.push_back(text.substr(i++, 1));
    } else {
      run(is_letter(c) ? is_letter : is_other);
    }
  }
  return words;
}

std::vector<std::int64_t> Tokenizer::encode_word(const std::string& word) const {
  std::vector<std::string> parts;
  for (const char c : word) parts.push_back(symbols_[static_cast<unsigned char>(c)]);
  if (parts.empty()) return {};
  parts.back() += kWordEnd;
  while (parts.size() > 1) {
    std::int64_t best = std::numeric_limits<std::int64_t>::max();
    for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
      const auto rank = ranks_.find(parts[i] + ' ' + parts[i + 1]);
      if (rank != ranks_.end() && rank->second < best) best = rank->second;
    }
    if (best == std::numeric_limits<std::int64_t>::max()) break;
    std::vector<std::string> merged;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (i + 1 < parts.size()) {
        const auto rank = ranks_.find(parts[i] + ' ' + parts[i + 1]);
        if (rank != ranks_.end() && rank->second == best) {
          merged.push_back(parts[i] + parts[i + 1]);
          ++i;
          continue;
        }
      }
      merged.push_back(parts[i]);
    }
    parts = std::move(merged);
  }
  std::vector<std::int64_t> result;
  for (const std::string& part : parts) result.push_back(ids_.at(part));
  return result;
}

std::vector<std::int64_t> Tokenizer::encode(const std::string& text) const {
  std::vector<std::int64_t> result = {start_};
  for (const std::string& word : split(clean(text)))
    for (const std::int64_t id : encode_word(word)) result.push_back(id);
  result.push_back(end_);
  return result;
}

}  // namespace reverie::clip
