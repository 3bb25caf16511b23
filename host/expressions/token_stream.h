#pragma once
// What a parser asks of the words.

#include <string>
#include <string_view>
#include <vector>

#include "expressions/lexer.h"

namespace reverie::expressions {

class TokenStream {
 public:
  /// `text` must outlive this.
  explicit TokenStream(std::string_view text) : tokens_(tokenize(text)) {}

  /// The next token, or one further on; at the end always the last, of kind `end`.
  const Token& peek(std::size_t ahead = 0) const;
  const Token& take();
  /// Is the next token this symbol or word?
  bool at(std::string_view text) const;
  /// Takes the next token if it is this.
  bool accept(std::string_view text);
  /// Takes a closing bracket. `column` is where it was opened.
  void expect(std::string_view bracket, std::size_t column);
  /// Takes a name that is not a keyword.
  std::string take_name();

  [[noreturn]] static void fail(const std::string& message, std::size_t column);
  /// Says why the next token cannot stand where it does.
  [[noreturn]] void unexpected() const;

 private:
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
};

}  // namespace reverie::expressions
