#include "expressions/lexer.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/utf8.h"
#include "expressions/error.h"
#include "expressions/integers.h"
#include "expressions/reals.h"

namespace reverie::expressions {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
/// Bytes of the letter that begins at `at`; 0 if there is none.
std::size_t letter(std::string_view text, std::size_t at) {
  if (at >= text.size()) return 0;
  const auto [code, length] = character_at(text, at);
  const bool latin = (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z') || code == '_';
  return latin || is_foreign_letter(code) ? length : 0;
}
/// Where the letters and digits that begin at `at` end.
std::size_t word_end(std::string_view text, std::size_t at) {
  while (at < text.size() && (is_digit(text[at]) || letter(text, at) > 0))
    at += std::max<std::size_t>(letter(text, at), 1);
  return at;
}
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

constexpr std::array<std::string_view, 26> kSymbols = {"**", "//", "<<", ">>", "<=", ">=", "==", "!=", "+",
                                                       "-",  "*",  "/",  "%",  "&",  "|",  "^",  "~",  "<",
                                                       ">",  "(",  ")",  "[",  "]",  ",",  ":",  "."};

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  std::vector<Token> run() {
    std::vector<Token> tokens;
    while (skip_space(), at_ < text_.size()) tokens.push_back(next());
    tokens.push_back({TokenKind::end, {}, text_.size(), {}});
    return tokens;
  }

 private:
  [[noreturn]] static void fail(const std::string& message, std::size_t column) {
    throw ExpressionError(message, column);
  }

  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  void skip_space() {
    for (; is_space(peek()) || peek() == '#'; ++at_)
      if (peek() == '#')
        while (at_ + 1 < text_.size() && peek(1) != '\n') ++at_;
  }

  Token next() {
    const std::size_t start = at_;
    if (is_digit(peek()) || (peek() == '.' && is_digit(peek(1)))) {
      Value value = number();
      return {TokenKind::number, text_.substr(start, at_ - start), start, std::move(value)};
    }
    if (letter(text_, at_) > 0) {
      at_ = word_end(text_, at_);
      return {TokenKind::name, text_.substr(start, at_ - start), start, {}};
    }
    for (const std::string_view symbol : kSymbols)
      if (text_.substr(at_, symbol.size()) == symbol) {
        at_ += symbol.size();
        return {TokenKind::symbol, symbol, start, {}};
      }
    if (peek() == '\'' || peek() == '"') fail("an expression has no text in quotes", start);
    if (peek() == '=') return {TokenKind::symbol, text_.substr(at_++, 1), start, {}};
    const auto [code, length] = character_at(text_, at_);
    if (code == 0x2212 || code == 0x2013) fail("a minus sign is written -", start);
    if (code == 0xD7) fail("a product is written *", start);
    if (code < 0x20 || code == 0x7F || code == 0xFFFD) fail("a byte that is not text", start);
    fail("the character '" + std::string(text_.substr(start, length)) + "' has no meaning here", start);
  }

  Value number() {
    const std::size_t start = at_;
    Value value =
        peek() == '0' && std::string_view("xXoObB").find(peek(1)) != std::string_view::npos && peek(1) != '\0'
            ? based_number()
            : decimal_number();
    // As in Python, a keyword may follow directly: 1if x else 2
    if (letter(text_, at_) == 0) return value;
    const std::string_view word = text_.substr(at_, word_end(text_, at_) - at_);
    static constexpr std::array<std::string_view, 7> kFollowing = {"and", "else", "for", "if",
                                                                   "in",  "not",  "or"};
    if (std::find(kFollowing.begin(), kFollowing.end(), word) != kFollowing.end()) return value;
    if (is_unit(word)) return value;
    if (word == "j" || word == "J") fail("complex numbers are not supported", start);
    const std::string digits(text_.substr(start, at_ - start));
    if (peek() == '_') fail("the number " + digits + " has an underscore in the wrong place", start);
    fail("a '*' seems to be missing between " + digits + " and " + std::string(word), at_);
  }

  /// The unit of a keyframe's place: 2.5s: or 8b:
  bool is_unit(std::string_view word) const {
    if (word != "s" && word != "b") return false;
    std::size_t after = at_ + 1;
    while (after < text_.size() && is_space(text_[after])) ++after;
    return after < text_.size() && text_[after] == ':';
  }

  /// Digits of a base, single underscores between them; appended to `digits` without the underscores.
  void take_digits(std::string& digits, int base, bool after_prefix = false) {
    const auto fits = [&](char c) {
      const int value = is_digit(c)            ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : 99;
      return value < base;
    };
    bool underscore = after_prefix && peek() == '_' && fits(peek(1));
    while (fits(peek()) || underscore) {
      if (!underscore) digits += peek();
      ++at_;
      underscore = peek() == '_' && fits(peek(1));
    }
  }

  Value whole(const std::string& digits, int base, std::size_t start) const {
    std::int64_t value = 0;
    const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
    if (result.ec == std::errc::result_out_of_range) too_large(Context{.column = start});
    return value;
  }

  Value based_number() {
    const std::size_t start = at_;
    const char letter = static_cast<char>(text_[at_ + 1] | 0x20);
    const int base = letter == 'x' ? 16 : letter == 'o' ? 8 : 2;
    at_ += 2;
    std::string digits;
    take_digits(digits, base, true);
    if (digits.empty() || is_digit(peek()))
      fail("a digit is wrong in this number of base " + std::to_string(base), start);
    return whole(digits, base, start);
  }

  Value decimal_number() {
    const std::size_t start = at_;
    std::string digits;
    take_digits(digits, 10);
    bool floating = false;
    if (peek() == '.') {
      floating = true;
      digits += '.';
      ++at_;
      if (is_digit(peek())) take_digits(digits, 10);
    }
    const bool sign = peek(1) == '+' || peek(1) == '-';
    if ((peek() == 'e' || peek() == 'E') && is_digit(peek(sign ? 2 : 1))) {
      floating = true;
      digits.append(text_.substr(at_, sign ? 2 : 1));
      at_ += sign ? 2 : 1;
      take_digits(digits, 10);
    }
    if (floating) return parse_real(digits);
    if (digits.size() > 1 && digits[0] == '0' && digits.find_first_not_of('0') != std::string::npos)
      fail("a whole number does not begin with 0", start);
    return whole(digits, 10, start);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

constexpr std::array<std::string_view, 35> kKeywords = {
    "False", "None",     "True",  "and",    "as",   "assert", "async",  "await",    "break",
    "class", "continue", "def",   "del",    "elif", "else",   "except", "finally",  "for",
    "from",  "global",   "if",    "import", "in",   "is",     "lambda", "nonlocal", "not",
    "or",    "pass",     "raise", "return", "try",  "while",  "with",   "yield"};

}  // namespace

std::vector<Token> tokenize(std::string_view text) { return Lexer(text).run(); }

bool is_keyword(std::string_view name) {
  return std::find(kKeywords.begin(), kKeywords.end(), name) != kKeywords.end();
}

bool is_identifier(std::string_view text) { return letter(text, 0) > 0 && word_end(text, 0) == text.size(); }

}  // namespace reverie::expressions
