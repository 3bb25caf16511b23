#include "expressions/token_stream.h"

#include <algorithm>

#include "expressions/error.h"

namespace reverie::expressions {

const Token& TokenStream::peek(std::size_t ahead) const {
  return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
}

const Token& TokenStream::take() {
  const Token& token = peek();
  if (token.kind != TokenKind::end) ++at_;
  return token;
}

bool TokenStream::at(std::string_view text) const {
  return peek().kind != TokenKind::number && peek().kind != TokenKind::end && peek().text == text;
}

bool TokenStream::accept(std::string_view text) {
  if (!at(text)) return false;
  ++at_;
  return true;
}

void TokenStream::expect(std::string_view bracket, std::size_t column) {
  if (accept(bracket)) return;
  if (peek().kind == TokenKind::end) fail("this bracket is never closed", column);
  unexpected();
}

std::string TokenStream::take_name() {
  if (peek().kind == TokenKind::end) unexpected();
  if (peek().kind != TokenKind::name || is_keyword(peek().text))
    fail("a name is expected here, not '" + std::string(peek().text) + "'", peek().column);
  return std::string(take().text);
}

void TokenStream::fail(const std::string& message, std::size_t column) {
  throw ExpressionError(message, column);
}

void TokenStream::unexpected() const {
  const Token& token = peek();
  if (token.kind == TokenKind::end) fail("the expression ends too early", token.column);
  const std::string what = "'" + std::string(token.text) + "'";
  if (token.text == "=") fail("'=' does not compare; write ==", token.column);
  if (token.text == "is") fail("'is' is not supported; a comparison is written ==", token.column);
  const bool value =
      token.kind == TokenKind::number || (token.kind == TokenKind::name && !is_keyword(token.text));
  fail(value ? "an operator is missing before " + what : what + " is not expected here", token.column);
}

}  // namespace reverie::expressions
