#pragma once
// Where keyframes stand in the text of an expression.

#include <map>
#include <string>
#include <vector>

namespace reverie::expressions {

/// The places of the keyframes of an expression that is nothing but keyframes, in frames; empty for any
/// other. `values` are the variables at any moment: places do not vary. Throws ExpressionError, also where a
/// place looks up another setting's curve.
std::vector<double> keyframe_places(const std::string& text, const std::map<std::string, double>& values);

}  // namespace reverie::expressions
