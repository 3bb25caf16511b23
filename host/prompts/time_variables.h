#pragma once
// The variables of time, which every expression has.

#include <set>
#include <string>

#include "expressions/expression.h"

namespace reverie {

/// t, s, f, max_f, fps, beat, bar, bpm, scene and p; docs/expressions.md says what they are. Timeline gives
/// their values.
const std::set<std::string>& time_variables();

/// These and `measured` ones.
std::set<std::string> with_time(const std::set<std::string>& measured);

/// An expression with the variables of time and `measured` ones, which hide those.
Expression compile_over_time(std::string text, const std::set<std::string>& measured);

}  // namespace reverie
