#include "tokenizer.h"

#include <algorithm>
#include <iterator>

#include "fix_text.h"
#include "html_entities.h"
#include "reverie/error.h"

namespace reverie::clip {
namespace {

/// For messages: a text's beginning, cut between characters of UTF-8.
std::string shortened(const std::string& text) {
  std::size_t end = 200;
  if (text.size() <= end) return text;
  while ((static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + " ...";
}

// OpenAI's names, and open_clip's for the same tokens.
constexpr std::string_view kStartNames[] = {"<|startoftext|>", "<start_of_text>"};
constexpr std::string_view kEndNames[] = {"<|endoftext|>", "<end_of_text>"};
constexpr std::string_view kContractions[] = {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"};

/// A combining iota, which CLIP's case-insensitive pattern counts neither among the letters nor among what is
/// no letter: it is dropped.
constexpr char32_t kCombiningIota = 0x345;

bool belongs_nowhere(char32_t c) { return is_space(c) || c == kCombiningIota; }
bool is_other(char32_t c) { return !is_letter(c) && !is_number(c) && !belongs_nowhere(c); }

/// Whether `word`, in lower case, stands at `i`. CLIP's pattern ignores case, so a long s is an s too.
bool stands_at(const Text& text, std::size_t i, std::string_view word) {
  if (text.size() - i < word.size()) return false;
  return std::equal(word.begin(), word.end(), text.begin() + static_cast<std::ptrdiff_t>(i),
                    [](char expected, char32_t c) {
                      return c == static_cast<char32_t>(expected) || (expected == 's' && c == 0x17F);
                    });
}

/// Length of the special name or contraction at `i`, or 0.
std::size_t fixed_word(const Text& text, std::size_t i) {
  if (text[i] == '<') {
    for (const auto& names : {kStartNames, kEndNames})
      for (std::size_t n = 0; n < 2; ++n)
        if (stands_at(text, i, names[n])) return names[n].size();
  }
  if (text[i] == '\'') {
    for (const std::string_view contraction : kContractions)
      if (stands_at(text, i, contraction)) return contraction.size();
  }
  return 0;
}

}  // namespace

std::string Tokenizer::clean(const std::string& text) {
  const Text fixed = unescape_html(unescape_html(fix_text(decode_utf8(text))));
  Text result;
  for (const char32_t c : fixed) {
    if (!is_space(c))
      result += c;
    else if (!result.empty() && result.back() != ' ')
      result += U' ';
  }
  if (!result.empty() && result.back() == ' ') result.pop_back();
  return encode_utf8(lower_case(result));
}

std::vector<std::string> Tokenizer::split(const std::string& cleaned) {
  const Text text = decode_utf8(cleaned);
  std::vector<std::string> words;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t length = fixed_word(text, i);
    if (length == 0) {
      if (belongs_nowhere(text[i])) {
        ++i;
        continue;
      }
      length = 1;
      if (!is_number(text[i])) {
        const auto belongs = is_letter(text[i]) ? is_letter : is_other;
        while (i + length < text.size() && belongs(text[i + length])) ++length;
      }
    }
    words.push_back(encode_utf8(std::u32string_view(text).substr(i, length)));
    i += length;
  }
  return words;
}

std::vector<std::int64_t> Tokenizer::encode(const std::string& text) const {
  std::vector<std::int64_t> ids = {start()};
  for (const std::string& word : split(clean(text))) {
    if (std::find(std::begin(kStartNames), std::end(kStartNames), word) != std::end(kStartNames))
      ids.push_back(start());
    else if (std::find(std::begin(kEndNames), std::end(kEndNames), word) != std::end(kEndNames))
      ids.push_back(end());
    else
      words_.encode(word, ids);
  }
  ids.push_back(end());
  return ids;
}

std::vector<std::int64_t> Tokenizer::encode_within(std::int64_t context, const std::string& text,
                                                   const std::string& name) const {
  std::vector<std::int64_t> ids = encode(text);
  if (static_cast<std::int64_t>(ids.size()) > context)
    throw Error(ErrorKind::settings,
                "the prompt '" + shortened(text) + "' is too long for '" + name + "': " +
                    std::to_string(ids.size() - 2) + " tokens, at most " + std::to_string(context - 2),
                "shorten it or split it at '|'");
  return ids;
}

}  // namespace reverie::clip
