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
  std::array<Value, 3> arrays;  // as NumPy sees the lists: with numbers of one type
  std::size_t length = 1;
  bool lists = false;
  for (std::size_t k = 0; k < args.size(); ++k) {
    const Sequence* sequence = as_sequence(args[k]);
    if (!sequence) continue;
    lists = true;
    const std::size_t size = sequence->items.size();
    context.spend(size);
    arrays[k] = sequence->kind == SequenceKind::array ? args[k] : make_array(context, sequence->items);
    if (size == 1) continue;
    if (length != 1 && length != size)
      context.fail("the lists are of different lengths, " + std::to_string(length) + " and " +
                   std::to_string(size));
    length = size;
  }
  if (!lists) return element(args);
  context.make_list(length);
  Values results;
  results.reserve(length);
  std::array<Value, 3> row;
  for (std::size_t i = 0; i < length; ++i) {
    for (std::size_t k = 0; k < args.size(); ++k) {
      const Sequence* array = as_sequence(arrays[k]);
      row[k] = array ? array->items[array->items.size() == 1 ? 0 : i] : args[k];
    }
    results.push_back(element(Arguments(row.data(), args.size())));
  }
  return make_array(context, std::move(results));
}

}  // namespace reverie::expressions
