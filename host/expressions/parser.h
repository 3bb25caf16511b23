#pragma once
// Python's expression grammar.

#include "expressions/program.h"

namespace reverie::expressions {

/// `text` and nodes of the program, in which names are not resolved yet. Throws ExpressionError.
Program parse(std::string text);

}  // namespace reverie::expressions
