#pragma once
// NumPy's functions that make or summarise lists of one dimension.

#include "expressions/value.h"

namespace reverie::expressions::numpy {

Value array(Context& context, Arguments args);
Value linspace(Context& context, Arguments args);
Value arange(Context& context, Arguments args);
Value zeros(Context& context, Arguments args);
Value ones(Context& context, Arguments args);
/// Piecewise linear through the points (xp, fp), of which each xp is at least the one before.
Value interp(Context& context, Arguments args);

// These take a single number for a list of one. mean, average, median, max and min of nothing fail.
Value sum(Context& context, Arguments args);
Value prod(Context& context, Arguments args);
Value mean(Context& context, Arguments args);
Value average(Context& context, Arguments args);
Value median(Context& context, Arguments args);
Value var(Context& context, Arguments args);
Value deviation(Context& context, Arguments args);
Value max(Context& context, Arguments args);
Value min(Context& context, Arguments args);
Value cumsum(Context& context, Arguments args);
Value diff(Context& context, Arguments args);
Value dot(Context& context, Arguments args);
Value norm(Context& context, Arguments args);

}  // namespace reverie::expressions::numpy
