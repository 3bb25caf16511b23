#pragma once
// Computes the value of a program.

#include <span>
#include <vector>

#include "expressions/program.h"

namespace reverie::expressions {

/// `variables` are the values of program.slots. Throws ExpressionError. A Lambda in the result must not be
/// called.
Value evaluate(const Program& program, std::span<const double> variables);

/// Where the keyframes stand that the root of the program is, in frames; empty where it is anything else.
/// Throws ExpressionError.
std::vector<double> root_places(const Program& program, std::span<const double> variables);

/// Whether a variable is a time; its value then follows from t, in seconds, `fps` and `bpm`.
bool tells_time(const std::string& name);

}  // namespace reverie::expressions
