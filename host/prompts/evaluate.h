#pragma once
// Evaluates an expression of a prompt at the start of a frame.

#include <map>
#include <string>

#include "expressions/expression.h"

namespace reverie {

/// Its value, which may be infinite but is a number. Throws Error(settings), saying whose expression it is
/// (`whose`: "prompt 'a cat:1/t'"), what it is for ("weight"), and at which t it went wrong.
double evaluate(const Expression& expression, const std::map<std::string, double>& values,
                const std::string& whose, const std::string& what);

}  // namespace reverie
