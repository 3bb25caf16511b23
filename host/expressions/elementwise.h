#pragma once
// NumPy's broadcasting, for one dimension.

#include <algorithm>
#include <array>

#include "expressions/value.h"

namespace reverie::expressions {

/// Calls `element(Arguments)` with the numbers that stand at the same place in up to three lists, and gives
/// an array of the results. A single number, or a list of one, goes with each. If no argument is a list, so
/// is not the result.
template <typename Element>
Value elementwise(Context& context, Arguments args, Element element) {
  std::size_t length = 1;
  bool lists = false;
  for (const Value& arg : args) {
    const Sequence* sequence = as_sequence(arg);
    lists |= sequence != nullptr;
    if (!sequence || sequence->items.size() == 1) continue;
    if (length != 1 && length != sequence->items.size())
      context.fail("the lists are of different lengths, " + std::to_string(length) + " and " +
                   std::to_string(sequence->items.size()));
    length = sequence->items.size();
  }
  if (!lists) return element(args);
  context.make_list(length);
  Values results;
  results.reserve(length);
  std::array<Value, 3> row;
  for (std::size_t i = 0; i < length; ++i) {
    for (std::size_t k = 0; k < args.size(); ++k) {
      const Sequence* sequence = as_sequence(args[k]);
      row[k] = sequence ? sequence->items[sequence->items.size() == 1 ? 0 : i] : args[k];
      if (as_sequence(row[k])) context.fail("arrays have one dimension only here");
    }
    results.push_back(element(Arguments(row.data(), args.size())));
  }
  return make_array(context, std::move(results));
}

}  // namespace reverie::expressions
