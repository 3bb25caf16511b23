#pragma once
// Finds what the names in an expression mean.

#include <set>
#include <string>

#include "expressions/program.h"

namespace reverie::expressions {

/// Replaces all names of a parsed program by slots, functions and constants, and checks calls of known
/// functions. `names` are the variables; where one of `measured` takes part, numbers follow NumPy. Throws
/// ExpressionError.
void resolve(Program& program, const std::set<std::string>& names,
             const std::set<std::string>& measured = {});

}  // namespace reverie::expressions
