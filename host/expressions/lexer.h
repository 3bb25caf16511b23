#pragma once
// Expressions as words.

#include <string>
#include <string_view>
#include <vector>

#include "expressions/value.h"

namespace reverie::expressions {

enum class TokenKind { number, name, symbol, end };

struct Token {
  TokenKind kind;
  std::string_view text;  ///< as it is written, also for keywords, which are names here; empty at the end
  std::size_t column;
  Value number;
};

/// The last token is of kind `end`. White space, line breaks and comments are left out. The tokens point into
/// `text`. Throws ExpressionError for characters and numbers that Python's expressions do not have.
std::vector<Token> tokenize(std::string_view text);

bool is_keyword(std::string_view name);
/// A Python identifier, which may be a keyword.
bool is_identifier(std::string_view text);

}  // namespace reverie::expressions
