#pragma once
// NumPy's functions that make or summarise lists of one dimension.

#include "expressions/value.h"

namespace reverie::expressions::numpy {

/// The elements, in the type of an array; a single number is one element.
Values elements(Context& context, const Value& value);
std::vector<double> reals(Context& context, const Value& value);

Value array(Context& context, Arguments args);
Value linspace(Context& context, Arguments args);
Value logspace(Context& context, Arguments args);
Value geomspace(Context& context, Arguments args);
Value arange(Context& context, Arguments args);
Value zeros(Context& context, Arguments args);
Value ones(Context& context, Arguments args);
Value full(Context& context, Arguments args);
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
Value cumprod(Context& context, Arguments args);
Value diff(Context& context, Arguments args);
Value dot(Context& context, Arguments args);
Value cross(Context& context, Arguments args);
Value polyval(Context& context, Arguments args);
Value norm(Context& context, Arguments args);

Value percentile(Context& context, Arguments args);
Value quantile(Context& context, Arguments args);
Value ptp(Context& context, Arguments args);
Value argmax(Context& context, Arguments args);
Value argmin(Context& context, Arguments args);
Value any(Context& context, Arguments args);
Value all(Context& context, Arguments args);
Value count_nonzero(Context& context, Arguments args);

// The same elements in another order or number.
Value sort(Context& context, Arguments args);
Value flip(Context& context, Arguments args);
Value roll(Context& context, Arguments args);
Value repeat(Context& context, Arguments args);
Value tile(Context& context, Arguments args);
Value concatenate(Context& context, Arguments args);

}  // namespace reverie::expressions::numpy
