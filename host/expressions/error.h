#pragma once
// What is wrong with an expression, and where.

#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>

namespace reverie {

/// Thrown for texts that are not an expression and for values that cannot be computed. what() is one sentence
/// without the place, which point_at() shows.
class ExpressionError : public std::runtime_error {
 public:
  ExpressionError(const std::string& message, std::size_t column, std::string unknown_name = {})
      : std::runtime_error(message), column_(column), unknown_name_(std::move(unknown_name)) {}

  /// Offset in the text in bytes, from 0 to its length: the operator, name or number that is to blame.
  std::size_t column() const noexcept { return column_; }
  /// The name that is not known, where that is what is wrong: who knows more about it can say so. Else empty.
  const std::string& unknown_name() const noexcept { return unknown_name_; }

 private:
  std::size_t column_;
  std::string unknown_name_;
};

}  // namespace reverie
